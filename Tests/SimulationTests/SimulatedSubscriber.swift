import Inventory
import InventoryTestSupport
import NIOEmbedded

@testable import InventoryClient

/// What goes wrong with a subscriber's events, to see that it is noticed.
enum Sabotage: CaseIterable {
    case drop, duplicate, swap, alter
}

/// The real subscription feed; what it brings is checked as it comes, and against the whole history
/// at the end.
final class SimulatedSubscriber: SubscriptionListener, @unchecked Sendable {
    let topics: SubscriptionTopics
    let filter: SubscriptionFilter
    private let feed: SubscriptionFeed
    private var random: SplitMix64

    /// Where it was when, and what came: since the last snapshot, or from the beginning.
    private(set) var start: UInt64?
    /// What the snapshot said of levels.
    private(set) var snapshot: [Level]?
    private(set) var snapshotLSN: UInt64 = 0
    private(set) var entries: [Entry] = []
    /// Everything up to here has come, if what was said is true.
    private(set) var complete: UInt64 = 0
    private(set) var failures: [String] = []
    private(set) var resets = 0
    private(set) var reconnects = 0
    /// How often its copy was found to be the server's.
    private(set) var proven = 0
    private var lastProven: UInt64 = 0
    private var isInSnapshot = false
    private var hasBegun = false

    init(
        _ number: Int,
        _ subscription: Subscription,
        _ network: SimulatedNetwork,
        _ loop: EmbeddedEventLoop,
        seed: UInt64
    ) {
        self.topics = subscription.topics
        self.filter = subscription.filter
        self.random = SplitMix64(seed: seed)
        self.feed = SubscriptionFeed(
            subscription,
            ClientConfiguration(actor: "subscriber \(number)"),
            by: network,
            on: loop
        )
        self.feed.start(self)
    }

    /// What a broken server would have made of the entries that came.
    func entries(_ sabotage: Sabotage?) -> [Entry] {
        var entries = self.entries
        guard let sabotage, entries.count > 1 else { return entries }
        let middle = entries.count / 2
        switch sabotage {
        case .drop: entries.remove(at: middle)
        case .duplicate: entries.insert(entries[middle], at: middle)
        case .swap: entries.swapAt(middle - 1, middle)
        case .alter: entries[middle].time = Instant(microseconds: 1)
        }
        return entries
    }

    /// Whether it knows that its copy is the server's, as of `lsn`; true if it does not ask.
    func hasProven(_ lsn: UInt64) -> Bool {
        !self.topics.contains(.proof) || self.lastProven >= lsn
    }

    /// A slow listener asks for more.
    func resume() { self.feed.produceMore() }

    /// It wants no more, for good.
    func stop() { self.feed.didTerminate() }

    func take(_ events: [SubscriptionEvent]) -> SubscriptionDemand {
        for event in events { self.take(event) }
        return Int.random(in: 0..<8, using: &self.random) == 0 ? .enough : .more
    }

    func ended(_ error: ClientError) { self.failures.append("it ended: \(error)") }

    private func take(_ event: SubscriptionEvent) {
        switch event {
        case .began(let lsn, let hasSnapshot):
            if hasSnapshot {
                self.beginAnew()
            } else if !self.hasBegun {
                self.start = lsn
                self.complete = lsn
            } else if lsn != self.complete {
                self.failures.append("it resumed after \(lsn), having all up to \(self.complete)")
            }
            self.hasBegun = true
        case .reset:
            self.resets += 1
            self.beginAnew()
        case .snapshot(let changes):
            if !self.isInSnapshot { self.failures.append("rows outside a snapshot") }
            for case .level(let level) in changes { self.snapshot?.append(level) }
        case .caughtUp(let lsn):
            if !self.isInSnapshot { self.failures.append("caught up outside a snapshot") }
            self.isInSnapshot = false
            self.start = lsn
            self.snapshotLSN = lsn
            self.complete = lsn
        case .entry(let entry):
            if self.isInSnapshot { self.failures.append("LSN \(entry.lsn) within a snapshot") }
            if entry.lsn <= self.complete {
                self.failures.append("LSN \(entry.lsn) after \(self.complete)")
            }
            self.entries.append(entry)
            self.complete = entry.lsn
        case .progress(let lsn):
            if lsn < self.complete {
                self.failures.append("progress \(lsn) after \(self.complete)")
            }
            self.complete = max(self.complete, lsn)
        case .proven(let lsn):
            self.proven += 1
            self.lastProven = lsn
        case .differs(let lsn):
            self.failures.append("its copy at \(lsn) is not the server's")
        case .disconnected:
            self.reconnects += 1
        }
    }

    private func beginAnew() {
        self.isInSnapshot = true
        self.snapshot = []
        self.entries = []
        self.start = nil
    }
}
