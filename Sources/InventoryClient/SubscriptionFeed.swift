internal import Bytes
internal import InventoryModel
internal import InventoryWire
internal import NIOCore

/// Keeps one subscription going over its own connection.
///
/// `@unchecked Sendable`: everything belongs to the loop of its link, and every entry hops there first.
final class SubscriptionFeed: Feed, @unchecked Sendable {
    let link: Link
    var listener: (any FeedListener<SubscriptionEvent>)?
    private var subscription: Subscription
    /// Whether the rows of a snapshot are coming in.
    private var isInSnapshot = false
    /// The last step that was told of; nothing before the subscription's first beginning.
    private var position: LSN?
    /// What has come of a window whose end has not, if it is conflated: its levels are of one step only
    /// together, so it is handed over whole, and dropped where the connection ends before.
    private var window: [Entry] = []
    /// What the levels come to, where the subscriber wants that proven.
    private var proof: ReplicaVerification?

    private static let requestID: UInt64 = 1

    init(
        _ subscription: Subscription,
        _ configuration: ClientConfiguration,
        by connector: any Connector,
        on loop: any EventLoop
    ) {
        self.subscription = subscription
        let policy = LinkMachine.Policy(pauses: configuration.backoffMilliseconds)
        self.link = Link(configuration, policy, by: connector, on: loop)
    }

    // MARK: - The connection

    func linkAccepted(_ hello: HelloAccepted) {
        self.link.send(.subscribe(self.subscription), id: Self.requestID)
    }

    func linkUnreachable(_ reason: String) {
        self.yield([.disconnected(ClientError(.unreachable, reason))])
    }

    func linkLost(_ error: ClientError) {
        self.window = []
        if self.isInSnapshot {
            // Half a snapshot is none: it begins again.
            self.subscription.start = .snapshot
            self.yield([.reset])
        }
        self.yield([.disconnected(error)])
    }

    // MARK: - Events

    func linkReceived(_ requestID: UInt64, _ message: ServerMessage) {
        if let lsn = self.outOfPlace(message) {
            self.distrust(lsn)
            return
        }
        switch message {
        case .subscribed(let subscribed):
            self.isInSnapshot = subscribed.hasSnapshot
            self.position = subscribed.hasSnapshot ? nil : subscribed.lsn
            if subscribed.hasSnapshot { self.beginVerification() }
            if !subscribed.hasSnapshot { self.subscription.start = .after(subscribed.lsn) }
            self.yield([.began(lsn: subscribed.lsn, hasSnapshot: subscribed.hasSnapshot)])
        case .snapshotRows(let changes):
            for change in changes { self.proof?.apply(change) }
            self.yield([.snapshot(changes)])
        case .caughtUp(let lsn):
            self.isInSnapshot = false
            self.position = lsn
            self.subscription.start = .after(lsn)
            self.proof?.remember(lsn)
            self.yield([.caughtUp(lsn: lsn)])
        case .entries(let entries) where self.subscription.updatesPerSecond != nil:
            self.window += entries
        case .entries(let entries):
            self.told(entries)
        case .progress(let lsn, _):
            self.told(self.window)
            self.window = []
            self.position = lsn
            self.subscription.start = .after(lsn)
            self.yield([.progress(lsn: lsn)])
        case .digest(let lsn, let value):
            self.compare(lsn, value)
        case .reset:
            self.isInSnapshot = true
            self.position = nil
            self.window = []
            self.beginVerification()
            self.yield([.reset])
        case .refused(let refusal):
            self.turnedAway(refusal)
        case .closed(let refusal, let lsn):
            if !self.isInSnapshot {
                self.position = lsn
                self.subscription.start = .after(lsn)
            }
            self.turnedAway(refusal)
        case .goodbye:
            // The connection closes next, and says why.
            break
        default:
            self.end(ClientError(.protocolViolation, "\(message.opcode) in a subscription"))
        }
    }

    private func told(_ entries: [Entry]) {
        guard let last = entries.last else { return }
        self.position = last.lsn
        self.subscription.start = .after(last.lsn)
        self.follow(entries)
        self.yield(entries.map { .entry($0) })
    }

    /// The LSN of a message that cannot come here: of a step that was told of before, or of one that
    /// was passed over; nothing if it may.
    private func outOfPlace(_ message: ServerMessage) -> LSN? {
        guard var position = self.window.last?.lsn ?? self.position else { return nil }
        switch message {
        case .subscribed(let subscribed) where !subscribed.hasSnapshot:
            return subscribed.lsn == position ? nil : subscribed.lsn
        case .entries(let entries):
            for entry in entries {
                if entry.lsn <= position { return entry.lsn }
                position = entry.lsn
            }
            return nil
        case .progress(let lsn, _):
            return lsn < position ? lsn : nil
        default:
            return nil
        }
    }

    /// What has come cannot be trusted, so it begins with the state again.
    private func distrust(_ lsn: LSN) {
        self.position = nil
        self.subscription.start = .snapshot
        self.yield([.differs(lsn: lsn)])
        self.link.leave()
    }

    // MARK: - The proof

    private func beginVerification() {
        self.proof = self.subscription.topics.contains(.proof) ? ReplicaVerification() : nil
    }

    private func follow(_ entries: [Entry]) {
        guard self.proof != nil else { return }
        for entry in entries {
            for change in entry.changes { self.proof?.apply(change) }
            self.proof?.remember(entry.lsn)
        }
    }

    private func compare(_ lsn: LSN, _ value: UInt64) {
        switch self.proof?.check(lsn, value) {
        case .proven:
            self.yield([.proven(lsn: lsn)])
        case .differs:
            self.distrust(lsn)
        case .unknown, nil:
            break
        }
    }

    // MARK: - Invariants

    /// - Complexity: O(levels) where the subscriber wants its copy proven.
    func checkInvariants() {
        self.link.machine.checkInvariants()
        self.proof?.checkInvariants()
        let isConflated = self.subscription.updatesPerSecond != nil
        precondition(isConflated || self.window.isEmpty, "a window without conflation")
        if let last = self.window.last, let position = self.position {
            precondition(last.lsn > position, "step \(last.lsn) in the window after \(position)")
        }
        precondition((self.listener == nil) || !self.link.isClosed, "closed, and listened to")
    }
}
