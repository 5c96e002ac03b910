internal import Bytes

/// The state of one subscription: its position, what it waits for, and its next action.
///
///     snapshotting ──last row──▶ following ──┐ waits for: the log's files, a product's rows,
///           ▲                        │  ▲ └──┘            or the end of its window
///           └────────restarted───────┘  └ one piece at a time
///                                                closed, from anywhere
///
/// It is a cursor into the shared log, not a queue: however far behind, a slow consumer costs its own size. A
/// plain value that sends and reads nothing itself; ``Fanout`` performs the actions it returns. The time is
/// passed in, in nanoseconds.
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
    /// Whether a window was sent in part only.
    private(set) var isInWindow = false

    init(snapshotAt lsn: LSN, period: UInt64? = nil) {
        self.state = .snapshotting(at: lsn)
        (self.cursor, self.notified, self.period) = (lsn, lsn, period)
    }

    init(after lsn: LSN, period: UInt64? = nil) {
        self.state = .following
        (self.cursor, self.notified, self.period) = (lsn, lsn, period)
    }

    /// The LSN from which it can resume: the state at that step has been sent.
    var bookmark: LSN { self.isInWindow ? self.notified : self.cursor }

    var isFollowing: Bool { self.state == .following }
    var isClosed: Bool { self.state == .closed }

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
            if self.period != nil, !self.isInWindow, now < self.dueAt {
                return .restUntil(self.dueAt)
            }
            return .send(after: self.cursor)
        case .closed:
            return .rest
        }
    }

    // MARK: - What happened

    mutating func waits(for wait: Wait) {
        precondition(self.wait == nil, "waits for \(wait) while waiting for something else")
        if self.state != .closed { self.wait = wait }
    }

    /// What it waited for may be available.
    mutating func resumed(from wait: Wait) { if self.wait == wait { self.wait = nil } }

    mutating func snapshotEnded() {
        guard self.snapshotLSN != nil else { return }
        self.state = .following
        self.notified = self.cursor
    }

    /// Records a sent piece; `lsn` is the last step that it covers, matching or not.
    ///
    /// `isNotified` says whether the subscriber can infer that; `settledAt` from which LSN on it is exact;
    /// `endsWindow` whether a conflated one has the state at that LSN now, and its next window begins.
    mutating func sent(
        through lsn: LSN,
        isNotified: Bool,
        settledAt: LSN = 0,
        endsWindow: Bool = true,
        at now: UInt64 = 0
    ) {
        guard self.state == .following else { return }
        precondition(lsn >= self.cursor, "a subscriber at \(self.cursor) cannot go back to \(lsn)")
        self.cursor = lsn
        if isNotified, endsWindow { self.notified = lsn }
        self.settledAt = max(self.settledAt, settledAt)
        guard let period else { return }
        self.isInWindow = !endsWindow
        if endsWindow { self.dueAt = ConflationTrack.due(now, period) }
    }

    /// Its window lasts until then.
    mutating func rests(until due: UInt64) { self.dueAt = max(self.dueAt, due) }

    mutating func progressSent() { self.notified = self.cursor }

    /// Restarts with the state at `lsn`.
    mutating func restarted(at lsn: LSN) {
        guard self.state != .closed else { return }
        precondition(lsn >= self.cursor, "a snapshot at \(lsn) for a subscriber at \(self.cursor)")
        self.state = .snapshotting(at: lsn)
        self.wait = nil
        self.isInWindow = false
        self.cursor = lsn
        self.settledAt = 0
    }

    mutating func close() {
        self.state = .closed
        self.wait = nil
    }

    func checkInvariants() {
        precondition(
            self.notified <= self.cursor,
            "notified up to \(self.notified), sent up to \(self.cursor)"
        )
        precondition(self.state != .closed || self.wait == nil, "closed, and waits")
        precondition(
            !self.isInWindow || (self.period != nil && self.snapshotLSN == nil),
            "in a window that it does not have"
        )
    }
}
