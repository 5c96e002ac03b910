internal import Bytes
internal import InventoryModel
internal import InventoryWire
internal import NIOCore

/// Maintains one subscription over its own connection.
///
/// `@unchecked Sendable`: everything is confined to the event loop of its link, and every entry point
/// switches to it first.
final class SubscriptionFeed: Feed, @unchecked Sendable {
    let link: Link
    var listener: (any FeedListener<SubscriptionEvent>)?
    private var subscription: Subscription
    /// Whether the rows of a snapshot are being received.
    private var isInSnapshot = false
    /// The last step that was delivered; `nil` before the subscription first began.
    private var position: LSN?
    /// The entries of an incomplete window of a conflated subscription.
    ///
    /// Its levels are consistent only together, so a window is delivered whole, and dropped if the connection
    /// ends before it is complete.
    private var window: [Entry] = []
    /// The replica to verify, if the subscriber requested the state checksum.
    private var verification: ReplicaVerification?

    /// The id of the database that the position belongs to.
    private var database: [UInt64]?

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
        let database = [hello.databaseHigh, hello.databaseLow]
        if let known = self.database, known != database {
            // The server has another database, such as one restored from a backup: its LSNs are other steps.
            self.position = nil
            self.subscription.start = .snapshot
            self.yield([.reset])
        }
        self.database = database
        self.link.send(.subscribe(self.subscription), id: Self.requestID)
    }

    func linkUnreachable(_ reason: String) {
        self.yield([.disconnected(ClientError(.unreachable, reason))])
    }

    func linkLost(_ error: ClientError) {
        self.window = []
        if self.isInSnapshot {
            // A partial snapshot is useless: it starts again.
            self.subscription.start = .snapshot
            self.yield([.reset])
        }
        self.yield([.disconnected(error)])
    }

    // MARK: - Events

    func linkReceived(_ requestID: UInt64, _ message: ServerMessage) {
        if let lsn = self.outOfOrderLSN(message) {
            self.restartFromSnapshot(lsn)
            return
        }
        switch message {
        case .subscribed(let subscribed): self.began(subscribed)
        case .snapshotRows(let changes): self.received(changes)
        case .caughtUp(let lsn): self.caughtUp(lsn)
        case .entries(let entries): self.received(entries)
        case .progress(let lsn, _): self.progressed(to: lsn)
        case .digest(let lsn, let value): self.compare(lsn, value)
        case .reset: self.reset()
        case .refused(let refusal): self.refused(refusal)
        case .closed(let refusal, let lsn): self.closed(refusal, at: lsn)
        case .goodbye:
            // The connection closes next, with the reason.
            break
        case .sessionOpened, .outcome, .replayedOutcome, .resultHeader, .resultRows, .resultEnd,
            .pong, .snapshotTaken, .backupPiece, .backupEnd, .product, .insightHeader,
            .insightChanged:
            self.end(ClientError(.protocolViolation, "\(message.opcode) in a subscription"))
        }
    }

    private func began(_ subscribed: Subscribed) {
        self.isInSnapshot = subscribed.hasSnapshot
        if subscribed.hasSnapshot {
            self.position = nil
            self.beginVerification()
        } else {
            self.resume(from: subscribed.lsn)
        }
        self.yield([.began(lsn: subscribed.lsn, hasSnapshot: subscribed.hasSnapshot)])
    }

    private func received(_ changes: [Change]) {
        for change in changes { self.verification?.apply(change) }
        self.yield([.snapshot(changes)])
    }

    private func caughtUp(_ lsn: LSN) {
        self.isInSnapshot = false
        self.resume(from: lsn)
        self.verification?.remember(lsn)
        self.yield([.caughtUp(lsn: lsn)])
    }

    private func received(_ entries: [Entry]) {
        if self.subscription.updatesPerSecond != nil {
            self.window += entries
        } else {
            self.deliver(entries)
        }
    }

    /// The window is complete, if there is one.
    private func progressed(to lsn: LSN) {
        self.deliver(self.window)
        self.window = []
        self.resume(from: lsn)
        self.yield([.progress(lsn: lsn)])
    }

    private func reset() {
        self.isInSnapshot = true
        self.position = nil
        self.window = []
        self.beginVerification()
        self.yield([.reset])
    }

    private func closed(_ refusal: Refusal, at lsn: LSN) {
        if !self.isInSnapshot { self.resume(from: lsn) }
        self.refused(refusal)
    }

    /// Everything up to `lsn` was delivered: a new connection continues there.
    private func resume(from lsn: LSN) {
        self.position = lsn
        self.subscription.start = .after(lsn)
    }

    private func deliver(_ entries: [Entry]) {
        guard let last = entries.last else { return }
        self.resume(from: last.lsn)
        self.follow(entries)
        self.yield(entries.map { .entry($0) })
    }

    /// Returns the LSN of a message that is out of order: of a step that was already delivered or was
    /// skipped; `nil` if it is in order.
    private func outOfOrderLSN(_ message: ServerMessage) -> LSN? {
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
        case .sessionOpened, .outcome, .replayedOutcome, .resultHeader, .resultRows, .resultEnd,
            .refused, .pong, .subscribed, .snapshotRows, .caughtUp, .digest, .reset, .closed,
            .goodbye, .snapshotTaken, .backupPiece, .backupEnd, .product, .insightHeader,
            .insightChanged:
            return nil
        }
    }

    /// Restarts with a snapshot: the received events cannot be trusted.
    private func restartFromSnapshot(_ lsn: LSN) {
        self.position = nil
        self.subscription.start = .snapshot
        self.yield([.mismatched(lsn: lsn)])
        self.link.leave()
    }

    // MARK: - Verification

    private func beginVerification() {
        self.verification = self.subscription.topics.contains(.proof) ? ReplicaVerification() : nil
    }

    private func follow(_ entries: [Entry]) {
        guard self.verification != nil else { return }
        for entry in entries {
            for change in entry.changes { self.verification?.apply(change) }
            self.verification?.remember(entry.lsn)
        }
    }

    private func compare(_ lsn: LSN, _ value: UInt64) {
        switch self.verification?.check(lsn, value) {
        case .verified:
            self.yield([.verified(lsn: lsn)])
        case .mismatched:
            self.restartFromSnapshot(lsn)
        case .unknown, nil:
            break
        }
    }

    // MARK: - Invariants

    /// - Complexity: O(levels) if the subscriber requested the state checksum.
    func checkInvariants() {
        self.link.checkInvariants()
        self.verification?.checkInvariants()
        let isConflated = self.subscription.updatesPerSecond != nil
        precondition(isConflated || self.window.isEmpty, "a window without conflation")
        if let last = self.window.last, let position = self.position {
            precondition(last.lsn > position, "step \(last.lsn) in the window after \(position)")
        }
        precondition((self.listener == nil) || !self.link.isClosed, "closed with a listener")
    }
}
