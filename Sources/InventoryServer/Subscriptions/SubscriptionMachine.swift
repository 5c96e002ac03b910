internal import Bytes

/// The life of one subscription: where it is, what it waits for, and the one thing to do next.
///
///     snapshotting ──last row──▶ following ──┐ waits for: the log's files, a product's rows,
///           ▲                        │  ▲ └──┘            or the end of its window
///           └────────restarted───────┘  └ a piece at a time
///                                                closed, from anywhere
///
/// It is a cursor into the shared log, not a queue: however far behind, it costs its own size. A plain
/// value that sends and reads nothing itself; ``Fanout`` performs what it returns. Time comes in as
/// nanoseconds.
struct SubscriptionMachine: Equatable {
    enum Action: Equatable {
        /// Have the next rows of the snapshot made.
        case makeRows
        /// Send what comes next, a piece of it.
        case send(after: LSN)
        /// Nothing to do until something happens.
        case rest
        /// Nothing to do before that.
        case restUntil(UInt64)
    }

    /// What it cannot go on without.
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
    /// Every step up to here was handed over, or did not match.
    private(set) var cursor: LSN
    /// The last step the subscriber knows it has everything up to; of one that is conflated, the end of a
    /// window.
    private(set) var told: LSN
    /// A copy made of what was sent is exact from this step on.
    private(set) var settledAt: LSN = 0
    /// Nanoseconds of a window, for one that is conflated.
    let period: UInt64?
    /// When its next window ends.
    private var dueAt: UInt64 = 0
    /// Whether a part of a window was sent, and the rest was not yet.
    private(set) var isInWindow = false

    init(snapshotAt lsn: LSN, period: UInt64? = nil) {
        self.state = .snapshotting(at: lsn)
        (self.cursor, self.told, self.period) = (lsn, lsn, period)
    }

    init(after lsn: LSN, period: UInt64? = nil) {
        self.state = .following
        (self.cursor, self.told, self.period) = (lsn, lsn, period)
    }

    /// Where it can go on later: the state at that step has been sent.
    var bookmark: LSN { self.isInWindow ? self.told : self.cursor }

    var isFollowing: Bool { self.state == .following }
    var isClosed: Bool { self.state == .closed }

    /// The LSN of the snapshot on its way; none once it has ended.
    var snapshotLSN: LSN? {
        if case .snapshotting(let lsn) = self.state { lsn } else { nil }
    }

    /// What to do next, with everything up to `target` on disk and to be told of in this pass.
    func next(through target: LSN, at now: UInt64) -> Action {
        if self.wait != nil { return .rest }
        switch self.state {
        case .snapshotting(let lsn):
            // What the snapshot shows could still be lost.
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
        precondition(self.wait == nil, "waits for \(wait) while it waits for another")
        if self.state != .closed { self.wait = wait }
    }

    /// What it waited for is there, or may be.
    mutating func resumed(from wait: Wait) { if self.wait == wait { self.wait = nil } }

    mutating func snapshotEnded() {
        guard self.snapshotLSN != nil else { return }
        self.state = .following
        self.told = self.cursor
    }

    /// A piece was handed over; `lsn` is the last step that it, or the filter's silence, covers.
    ///
    /// `isNotified`: Whether the subscriber can tell. `settledAt`: From where on it is exact. `endsWindow`:
    /// Whether a conflated one has the state at that step now, and its next window begins.
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
        if isNotified, endsWindow { self.told = lsn }
        self.settledAt = max(self.settledAt, settledAt)
        guard let period else { return }
        self.isInWindow = !endsWindow
        if endsWindow { self.dueAt = ConflationTrack.due(now, period) }
    }

    /// Its window goes on until then.
    mutating func rests(until due: UInt64) { self.dueAt = max(self.dueAt, due) }

    mutating func progressSent() { self.told = self.cursor }

    /// Begins anew with the state at `lsn`.
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
        precondition(self.told <= self.cursor, "told of \(self.told), sent up to \(self.cursor)")
        precondition(self.state != .closed || self.wait == nil, "closed, and waits")
        precondition(
            !self.isInWindow || (self.period != nil && self.snapshotLSN == nil),
            "in a window that it does not have"
        )
    }
}
