import Bytes
import InventoryModel
import InventoryTestSupport
import NIOEmbedded

@testable import InventoryClient

/// The real subscription feed; every event is recorded, to be checked against the whole history at the end.
final class SimulatedSubscriber: FeedListener, @unchecked Sendable {
    let topics: SubscriptionTopics
    let filter: SubscriptionFilter
    let isConflated: Bool
    private let feed: SubscriptionFeed
    private var random: SplitMix64
    /// The LSN that is durable on the disk now.
    private let durable: () -> LSN

    /// The delivered events, from each start on.
    private(set) var incarnations: [Incarnation] = [Incarnation()]
    private(set) var failures: [String] = []
    private(set) var resets = 0
    private(set) var reconnects = 0
    /// The number of successful verifications of its replica.
    private(set) var verified = 0
    private var lastVerified: LSN = 0
    private var isInSnapshot = false

    init(
        _ number: Int,
        _ subscription: Subscription,
        _ network: SimulatedNetwork,
        _ loop: EmbeddedEventLoop,
        seed: UInt64,
        durable: @escaping () -> LSN
    ) {
        self.topics = subscription.topics
        self.filter = subscription.filter
        self.isConflated = subscription.updatesPerSecond != nil
        self.random = SplitMix64(seed: seed)
        self.durable = durable
        self.feed = SubscriptionFeed(
            subscription,
            ClientConfiguration(actor: "subscriber \(number)"),
            by: network,
            on: loop
        )
        self.feed.start(self)
    }

    /// Everything up to here has arrived, according to the events.
    var complete: LSN { self.incarnations.last?.complete ?? 0 }
    var entryCount: Int { self.incarnations.reduce(0) { $0 + $1.entryCount } }

    /// Whether its replica was verified as of `lsn`; true if it does not verify.
    func hasVerified(_ lsn: LSN) -> Bool {
        !self.topics.contains(.proof) || self.lastVerified >= lsn
    }

    /// Requests more events, as a slow listener.
    func resume() { self.feed.produceMore() }

    /// Unsubscribes permanently.
    func stop() { self.feed.didTerminate() }

    func checkInvariants() { self.feed.checkInvariants() }

    func take(_ events: [SubscriptionEvent]) -> FeedDemand {
        for event in events { self.take(event) }
        return Int.random(in: 0..<8, using: &self.random) == 0 ? .enough : .more
    }

    func ended(_ error: ClientError?) {
        self.failures.append("it ended: \(String(describing: error))")
    }

    private func take(_ event: SubscriptionEvent) {
        switch event {
        case .began(let lsn, let hasSnapshot):
            if hasSnapshot { self.restart() } else { self.note(.began(lsn)) }
        case .reset:
            self.resets += 1
            self.restart()
        case .snapshot(let changes):
            if !self.isInSnapshot { self.failures.append("rows outside a snapshot") }
            for case .level(let level) in changes {
                self.incarnations[self.incarnations.count - 1].levels?.append(level)
            }
        case .caughtUp(let lsn):
            if !self.isInSnapshot { self.failures.append("caught up outside a snapshot") }
            self.isInSnapshot = false
            self.note(.caughtUp(lsn))
        case .entry(let entry):
            if self.isInSnapshot { self.failures.append("LSN \(entry.lsn) within a snapshot") }
            self.note(.entry(entry))
        case .progress(let lsn):
            self.note(.progress(lsn))
        case .verified(let lsn):
            self.verified += 1
            self.lastVerified = lsn
        case .mismatched(let lsn):
            self.failures.append("its replica at \(lsn) differs from the server")
        case .disconnected:
            self.reconnects += 1
        }
    }

    private func note(_ event: Delivery.Event) {
        self.incarnations[self.incarnations.count - 1]
            .append(Delivery(event: event, durable: self.durable()))
    }

    /// Starts a snapshot: earlier events are superseded, but must have been correct.
    private func restart() {
        self.isInSnapshot = true
        var incarnation = Incarnation()
        incarnation.levels = []
        self.incarnations.append(incarnation)
    }
}
