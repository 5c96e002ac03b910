import Foundation
import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryClient

/// Retries over lost connections and restarts: each command is executed once, and every answer to it equals
/// the first one.
@Suite struct RetryTests {
    /// Retries of a run; `make long-retries` repeats it any number of times.
    private static let repeatsMin = 20_000

    @Test(arguments: Campaign.seeds(suite: 6...6))
    func `a retried command is executed once, with identical answers`(
        seed: UInt64
    ) throws {
        let world = try SmallWorld()
        let setup = world.client("setup", session: 77)
        world.stock(4, by: setup)
        var random = SplitMix64(seed: seed)
        // Two use sequence numbers, two use keys.
        let clients = (1...4).map {
            RepeatingClient(
                $0,
                products: 4,
                isKeyed: $0 % 2 == 0,
                world.network,
                world.loop
            )
        }
        var repeats: Int { clients.reduce(0) { $0 + $1.repeats } }
        var restarts = 0
        var cuts = 0
        while repeats < Self.repeatsMin {
            for client in clients {
                for _ in 0..<200 { client.act(&random) }
            }
            switch Int.random(in: 0..<12, using: &random) {
            case 0:
                try world.restart(keeping: .pageCache)
                restarts += 1
            case 1:
                try world.restart(keeping: .random(seed: random.next()))
                restarts += 1
            case 2, 3:
                // With requests and answers in transit.
                for link in world.network.links {
                    link.deliver(toServer: true, Int.random(in: 0...20_000, using: &random))
                    link.cut()
                }
                cuts += 1
            default:
                break
            }
            // Unanswered commands are sent again.
            world.pass(20)
            #expect(clients.allSatisfy { $0.failures.isEmpty })
        }
        for _ in 0..<50 where !clients.allSatisfy({ $0.isSettled }) {
            for client in clients { client.settle() }
            world.pass(50)
        }
        #expect(clients.allSatisfy { $0.isSettled && $0.failures.isEmpty })
        let history = try History(ArchivingStorage(world.storage))
        #expect(history.violations.isEmpty)
        var commands = 0
        for client in clients {
            for (sequence, outcome) in client.answers {
                commands += 1
                let steps = history.steps[client.tag(sequence)] ?? []
                switch outcome {
                case .done(let done): #expect(steps == [done.lsn])
                default: #expect(steps.isEmpty)
                }
            }
        }
        #expect(restarts > 0 && cuts > 0)
        Campaign.report(
            "seed \(seed): \(repeats) retries of \(commands) commands, \(restarts) restarts,"
                + " \(cuts) times all connections cut"
        )
    }
}
