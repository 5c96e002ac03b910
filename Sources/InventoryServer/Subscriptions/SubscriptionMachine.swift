internal import Bytes

/// The state of one subscription: its position, what it waits for, and its next action.
///
///     snapshotting ──last row──▶ following ──┐ waits for: the log's files, a product's rows, or the end of its
///           ▲                        │  ▲ └──┘ window
///           └─restarted── view ◀─────┘  └ one piece at a time
///                        history gone           closed, from anywhere
///
/// It is a cursor into the shared log, not a queue: however far behind, a slow consumer costs its own size. A
/// plain value that sends and reads nothing itself; ``Fanout`` performs the actions it returns. No event is
/// ignored here: whoever passes one on first finds the subscription, which is gone once it has ended, and there
/// names the race. The time is passed in, in nanoseconds.
struct SubscriptionMachine: Equatable {
    enum Action: Equatable {
        /// Make the next rows of the snapshot.
        case makeRows
        /// Send the next piece.
        case send(after: LSN)
        /// No work until something happens.
        case rest
        /// No work before that time.
        case restUntil(UInt64)
    }

    /// What a subscription waits for.
    enum Wait: Equatable {
        case rows
        /// A block of the log's files.
        case log
        /// The rows of a product that enters its filter.
        case product
        /// A view to restart from, since its history is gone.
        case view
    }

    private enum State: Equatable {
        case snapshotting(at: LSN)
        case following
        case closed
    }

    private var state: State
    private(set) var wait: Wait?
    /// Every step up to here was passed on, or did not match.
    private(set) var cursor: LSN
    /// The LSN up to which the subscriber was notified that it has everything; for a conflated one, the end
    /// of a window.
    private(set) var notified: LSN
    /// A replica built from what was sent is exact from this LSN on.
    private(set) var settledAt: LSN = 0
    /// Nanoseconds of a window, if conflated.
    let period: UInt64?
    /// When its next window ends.
    private var dueAt: UInt64 = 0
    /// The end of the window that was sent in part only; `nil` between two windows.
    private(set) var windowEnd: LSN?
    /// When anything was last sent to it.
    private var publishedAt: UInt64
    /// Whether it is to be notified of its position.
    private(set) var isProgressDue = false
    /// Its state checksums; `nil` if it does not verify its replica.
    private var checksums: ChecksumDelivery?

    init(
        snapshotAt lsn: LSN,
        period: UInt64? = nil,
        isVerified: Bool = false,
        at now: UInt64 = 0
    ) {
        self.init(.snapshotting(at: lsn), lsn, period: period, isVerified: isVerified, at: now)
    }

    init(after lsn: LSN, period: UInt64? = nil, isVerified: Bool = false, at now: UInt64 = 0) {
        self.init(.following, lsn, period: period, isVerified: isVerified, at: now)
    }

    private init(
        _ state: State,
        _ lsn: LSN,
        period: UInt64?,
        isVerified: Bool,
        at now: UInt64
    ) {
        self.state = state
        (self.cursor, self.notified, self.period) = (lsn, lsn, period)
        self.publishedAt = now
        self.checksums = isVerified ? ChecksumDelivery() : nil
    }

    /// The LSN from which it can resume: the state at that step has been sent.
    var bookmark: LSN { self.isInWindow ? self.notified : self.cursor }

    var isFollowing: Bool { self.state == .following }
    var isClosed: Bool { self.state == .closed }
    var isConflated: Bool { self.period != nil }
    /// Whether a window was sent in part only.
    var isInWindow: Bool { self.windowEnd != nil }

    /// The LSN of the snapshot being sent; `nil` once it has ended.
    var snapshotLSN: LSN? {
        if case .snapshotting(let lsn) = self.state { lsn } else { nil }
    }

    /// The next action, with everything up to `target` durable and to be published in this pass.
    func next(through target: LSN, at now: UInt64) -> Action {
        if self.wait != nil { return .rest }
        switch self.state {
        case .snapshotting(let lsn):
            // The snapshot may contain steps that are not durable yet.
            return lsn > target ? .rest : .makeRows
        case .following:
            if self.cursor >= target { return .rest }
            if self.isConflated, !self.isInWindow, now < self.dueAt {
                return .restUntil(self.dueAt)
            }
            return .send(after: self.cursor)
        case .closed:
            return .rest
        }
    }

    // MARK: - Waiting

    mutating func waits(for wait: Wait) {
        precondition(self.wait == nil, "waits for \(wait) while waiting for something else")
        precondition(self.state != .closed, "a closed subscription waits for \(wait)")
        self.wait = wait
    }

    /// What it waited for may be available.
    mutating func resumed(from wait: Wait) {
        precondition(self.wait == wait, "resumed from \(wait) while waiting for something else")
        self.wait = nil
    }

    /// Its window lasts until then.
    mutating func rests(until due: UInt64) { self.dueAt = max(self.dueAt, due) }

    // MARK: - The snapshot

    mutating func snapshotEnded(at now: UInt64 = 0) {
        precondition(self.snapshotLSN != nil, "a snapshot ended while \(self.state)")
        self.state = .following
        self.notified = self.cursor
        self.publishedAt = now
    }

    /// The log's files with the steps that it waits for are gone: it waits for a view instead.
    mutating func historyGone() {
        self.resumed(from: .log)
        self.waits(for: .view)
    }

    /// Restarts with the state at `lsn`.
    mutating func restarted(at lsn: LSN) {
        self.resumed(from: .view)
        precondition(lsn >= self.cursor, "a snapshot at \(lsn) for a subscriber at \(self.cursor)")
        self.state = .snapshotting(at: lsn)
        self.windowEnd = nil
        self.cursor = lsn
        self.settledAt = 0
        self.checksums?.restarted()
    }

    // MARK: - Pieces

    /// What a piece covers.
    struct Sent {
        /// The last step that it covers, matching or not.
        var through: LSN
        /// Whether the subscriber can infer that, since something was sent.
        var isNotified: Bool
        /// A replica is exact from this LSN on.
        var settledAt: LSN = 0
        /// The end of its window, if conflated.
        var windowEnd: LSN = 0
        /// Whether its window ends at a state checksum.
        var isCut = false
    }

    /// Records a sent piece.
    ///
    /// - Returns: Whether it ends the window of a conflated subscription, which has the state at that LSN now.
    @discardableResult
    mutating func sent(_ piece: Sent, at now: UInt64 = 0) -> Bool {
        precondition(self.state == .following, "a piece was sent while \(self.state)")
        let lsn = piece.through
        precondition(lsn >= self.cursor, "a subscriber at \(self.cursor) cannot go back to \(lsn)")
        self.cursor = lsn
        self.settledAt = max(self.settledAt, piece.settledAt)
        if piece.isNotified { self.publishedAt = now }
        guard let period else {
            if piece.isNotified { self.notified = lsn }
            return false
        }
        let windowEnd = max(self.windowEnd ?? 0, piece.windowEnd)
        guard lsn >= windowEnd else {
            self.windowEnd = windowEnd
            return false
        }
        self.windowEnd = nil
        self.dueAt = ConflationTrack.due(now, period)
        if piece.isNotified { self.notified = lsn }
        if piece.isCut { self.checksums?.isExact(at: lsn) }
        return true
    }

    // MARK: - Progress

    /// Whether a progress event has become due, as nothing was sent for that long.
    mutating func becomesProgressDue(at now: UInt64) -> Bool {
        guard self.isFollowing,
            now - min(now, self.publishedAt) >= FanoutLimits.progressNanoseconds
        else { return false }
        self.isProgressDue = true
        return true
    }

    /// Returns the LSN to notify the subscriber of, with everything up to `durable` durable; `nil` if it has a
    /// part of something only.
    mutating func takeProgress(durable: LSN, at now: UInt64) -> LSN? {
        self.isProgressDue = false
        guard self.isFollowing, !self.isInWindow, self.cursor <= durable else { return nil }
        self.notified = self.cursor
        self.publishedAt = now
        return self.cursor
    }

    // MARK: - State checksums

    /// Whether a state checksum is to be computed for it now.
    mutating func beginsChecksum(at now: UInt64) -> Bool {
        guard self.isFollowing else { return false }
        return self.checksums?.begins(at: now) ?? false
    }

    /// A state checksum is being computed of the state at `lsn`: windows are cut there from now on.
    mutating func checksumBegun(at lsn: LSN) {
        if self.cursor == lsn, !self.isInWindow { self.checksums?.isExact(at: lsn) }
    }

    /// The state checksum at `lsn` is known.
    mutating func checksumComputed(_ value: UInt64, at lsn: LSN) {
        // It may have restarted since it was begun: a replica whose rows are being sent cannot be compared.
        guard self.isFollowing else { return }
        self.checksums?.computed(value, at: lsn)
    }

    /// Returns the state checksum to send now: once every step before it was sent, if the replica can be compared
    /// with it.
    mutating func takeChecksum(at now: UInt64) -> ChecksumDelivery.Computed? {
        let (cursor, settledAt, isConflated) = (self.cursor, self.settledAt, self.isConflated)
        return self.checksums?.take(
            cursor: cursor,
            settledAt: settledAt,
            isConflated: isConflated,
            at: now
        )
    }

    // MARK: - The end

    mutating func close() {
        precondition(self.state != .closed, "a subscription is closed twice")
        self.state = .closed
        self.wait = nil
        self.windowEnd = nil
    }

    func checkInvariants() {
        precondition(
            self.notified <= self.cursor,
            "notified up to \(self.notified), sent up to \(self.cursor)"
        )
        precondition(self.state != .closed || self.wait == nil, "closed, and waits")
        precondition(self.wait != .rows || self.snapshotLSN != nil, "waits for rows of no snapshot")
        precondition(
            self.snapshotLSN == nil || self.wait == nil || self.wait == .rows,
            "a snapshot waits for something else than rows"
        )
        precondition(
            !self.isInWindow || (self.isConflated && self.isFollowing),
            "in a window that it does not have"
        )
        precondition(self.cursor < self.windowEnd ?? .max, "behind the end of its window")
        self.checksums?.checkInvariants(through: self.cursor)
    }
}
