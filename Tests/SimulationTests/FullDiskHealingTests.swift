import Bytes
import Durability
import InventoryModel
import InventoryTestSupport
import InventoryWire
import Testing

@testable import InventoryClient
@testable import InventoryServer

/// A full disk, in virtual time: writes are refused with an error, reads and subscriptions continue, and
/// writes are accepted again within a second of free space.
@Suite struct FullDiskHealingTests {
    private final class Listener: FeedListener, @unchecked Sendable {
        var complete: LSN = 0
        var progressCount = 0

        func take(_ events: [SubscriptionEvent]) -> FeedDemand {
            for event in events {
                switch event {
                case .entry(let entry): self.complete = entry.lsn
                case .caughtUp(let lsn): self.complete = lsn
                case .progress(let lsn):
                    self.complete = lsn
                    self.progressCount += 1
                default: break
                }
            }
            return .more
        }

        func ended(_ error: ClientError?) { Issue.record("\(String(describing: error))") }
    }

    /// Files of few pages: one is full before the next was requested.
    @Test(arguments: [4, 16])
    func `writes are accepted within a second of free space`(pages: Int) throws {
        let world = try SmallWorld(log: LogConfiguration(fileByteCount: pages * 4_096))
        let patient = world.client("patient", session: 1)
        let hasty = world.client("hasty", session: 2, timeoutMilliseconds: 400)
        world.stock(1, by: patient)
        let listener = Listener()
        let feed = SubscriptionFeed(
            Subscription(topics: .stock, start: .snapshot),
            ClientConfiguration(actor: "listener"),
            by: world.network,
            on: world.loop
        )
        feed.start(listener)
        world.pass(2_000)
        var longest: Int64 = 0
        for round in 0..<40 {
            world.storage.setCapacity(world.storage.usedByteCount)
            var refused = false
            for _ in 0..<60 where !refused {
                let result = world.send(.sale(1), by: hasty)
                world.pass(300)
                if case .failure(let error)? = result, error.code != .unknown {
                    #expect(error.refusal?.code == .storageFull)
                    refused = true
                }
            }
            #expect(refused, "round \(round)")
            // Reads and progress continue meanwhile.
            let answer = Box<UInt64>()
            patient.request(.getProduct(.id(ProductID(1)))) { result in
                if case .success(.product(let product)) = result {
                    answer.value = product.lsn.value
                }
                return true
            }
            #expect(world.pass(1_500) { answer.value != nil } != nil, "round \(round)")
            let before = listener.progressCount
            #expect(world.pass(1_500) { listener.progressCount > before } != nil, "round \(round)")
            let done = Box<Result<Outcome, ClientError>>()
            patient.submit(.sale(1)) { done.value = $0 }
            world.pass(Int64(round * 17))
            #expect(done.value == nil)
            world.storage.setCapacity(.max)
            let took = world.pass(5_000) { done.value != nil }
            longest = max(longest, took ?? 5_000)
            guard case .success(.done) = done.value else {
                Issue.record("round \(round): \(String(describing: done.value))")
                return
            }
        }
        #expect(longest <= 1_000, "\(longest) ms")
        #expect(world.pass(2_000) { listener.complete == world.server?.driver.host.lsn } != nil)
        print(
            "\(pages) pages: writes are accepted at most \(longest) virtual ms after there is space"
        )
        feed.didTerminate()
    }
}
