import Bytes
import InventoryModel
import InventoryWire
import Testing

@testable import InventoryClient

/// A network that tampers with the server's messages: the client library detects it from the order of
/// the events and from the state checksum of its replica.
@Suite struct TamperTests {
    enum Tampering: CaseIterable, Sendable {
        case drop, duplicate, swap, alter
    }

    /// Records what a subscriber detected.
    private final class Listener: FeedListener, @unchecked Sendable {
        var entries = 0
        var verified: LSN = 0
        var noticed: String?

        func take(_ events: [SubscriptionEvent]) -> FeedDemand {
            for event in events {
                switch event {
                case .entry: self.entries += 1
                case .verified(let lsn): self.verified = lsn
                case .mismatched(let lsn): self.noticed = "its replica at \(lsn) differs"
                default: break
                }
            }
            return .more
        }

        func ended(_ error: ClientError?) { self.noticed = String(describing: error) }
    }

    /// Tampers once with the next event that has an entry, and the following one.
    private final class Tamperer: @unchecked Sendable {
        var tampering: Tampering?
        private var held: Entry?

        func passing(_ message: ServerMessage) -> [ServerMessage]? {
            guard case .entries(let entries) = message else { return nil }
            if let first = self.held {
                self.held = nil
                return [.entries(entries), .entries([first])]
            }
            guard let tampering else { return nil }
            self.tampering = nil
            switch tampering {
            case .drop:
                return []
            case .duplicate:
                return [message, message]
            case .swap:
                self.held = entries[0]
                return []
            case .alter:
                var altered = entries
                for index in altered[0].changes.indices {
                    guard case .moved(let movement, var level) = altered[0].changes[index] else {
                        continue
                    }
                    level.onHand += 1
                    altered[0].changes[index] = .moved(movement, level)
                }
                return [.entries(altered)]
            }
        }
    }

    @Test(arguments: Tampering.allCases)
    func `a tampered event is detected within a second`(tampering: Tampering) throws {
        let world = try SmallWorld()
        let client = world.client()
        world.stock(3, by: client)
        let tamperer = Tamperer()
        world.network.makeTap = { WireTap { tamperer.passing($0) } }
        for round in 0..<5 {
            let listener = Listener()
            let feed = SubscriptionFeed(
                Subscription(topics: [.stock, .proof], start: .snapshot),
                ClientConfiguration(actor: "listener"),
                by: world.network,
                on: world.loop
            )
            feed.start(listener)
            world.pass(100 + Int64(round) * 170)
            for number in 0..<3 { world.done(.sale(UInt32(number + 1)), by: client) }
            // So far the replica is verified.
            #expect(world.pass(2_000) { listener.verified > 0 } != nil)
            #expect(listener.noticed == nil && listener.entries >= 3)
            tamperer.tampering = tampering
            world.done(.sale(1), by: client)
            // A swap needs two.
            world.done(.sale(2), by: client)
            let took = world.pass(3_000) { listener.noticed != nil }
            #expect((took ?? 3_000) <= 1_000, "\(tampering), round \(round)")
            feed.didTerminate()
            world.pass(50)
        }
    }
}
