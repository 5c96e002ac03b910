internal import Bytes

/// The state checksums of one subscription: when the next one is due, and the one that waits for its steps.
///
///     due ──▶ begun ──computed──▶ waits until the cursor is there ──comparable──▶ sent
///      ▲                                                      └────── not ──▶ due again, soon
///      └───────── about a second ◀────────────────────────────────────────────────┘
///
/// A replica can be compared if it has exactly the state at that LSN: a conflated one if a window ended there, any
/// if no product moved meanwhile. A plain value; the time is passed in, in nanoseconds.
struct ChecksumDelivery: Equatable {
    struct Computed: Equatable {
        var lsn: LSN
        var value: UInt64
    }

    /// When one was last begun.
    private var begunAt: UInt64 = 0
    /// One that waits until the steps before it are sent.
    private var waiting: Computed?
    /// The last LSN at which a window ended because of a state checksum.
    private var exactAt: LSN = 0

    /// Whether another one is to be begun now.
    mutating func begins(at now: UInt64) -> Bool {
        guard self.waiting == nil,
            now - min(now, self.begunAt) >= FanoutLimits.progressNanoseconds
        else { return false }
        self.begunAt = now
        return true
    }

    /// A replica has the state at `lsn`, at which windows end.
    mutating func isExact(at lsn: LSN) { self.exactAt = lsn }

    /// One that is computed replaces one that still waits: it is of a later state.
    mutating func computed(_ value: UInt64, at lsn: LSN) {
        self.waiting = Computed(lsn: lsn, value: value)
    }

    /// The replica restarts with a later state.
    mutating func restarted() { self.waiting = nil }

    /// Returns the one that waits, if everything up to it was sent and a replica can be compared with it.
    mutating func take(
        cursor: LSN,
        settledAt: LSN,
        isConflated: Bool,
        at now: UInt64
    ) -> Computed? {
        guard let waiting, cursor >= waiting.lsn else { return nil }
        self.waiting = nil
        let isExact = !isConflated || self.exactAt == waiting.lsn
        if isExact, settledAt <= waiting.lsn { return waiting }
        // Retries soon: in a quarter of the usual time.
        self.begunAt = now - min(now, FanoutLimits.progressNanoseconds * 3 / 4)
        return nil
    }

    /// Traps if a replica is exact at a step that was not sent.
    func checkInvariants(through cursor: LSN) {
        precondition(self.exactAt <= cursor, "exact at \(self.exactAt), sent up to \(cursor)")
    }
}
