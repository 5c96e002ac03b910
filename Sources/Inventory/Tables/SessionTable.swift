internal import ColumnStore

/// The clients' sessions and what each was answered lately: exactly once.
///
/// A session's requests are numbered 1, 2, 3 … The table remembers the last number and a window of
/// outcomes, as encoded bytes, so that a repeated request gets the identical reply. Sessions are
/// state like any other: changed by the log alone, kept in snapshots.
struct SessionTable: Sendable {
    struct Session: Sendable {
        let id: SessionID
        let number: UInt32
        var usedAt: Instant
        var outcomes: OutcomeWindow

        init(
            id: SessionID,
            number: UInt32,
            usedAt: Instant,
            beginningAfter sequence: UInt64 = 0
        ) {
            self.id = id
            self.number = number
            self.usedAt = usedAt
            self.outcomes = OutcomeWindow(beginningAfter: sequence)
        }

        /// The last number that was decided.
        var sequence: UInt64 { self.outcomes.sequence }
    }

    init() {}

    /// In no order; ``slots`` says where each is.
    private(set) var sessions: [Session] = []
    private var slots: [UInt32: Int] = [:]
    private(set) var numbers: [SessionID: UInt32] = [:]
    private(set) var nextNumber: UInt32 = 1
    /// Where the last one to advance is: requests of one connection come in a row.
    private var recent = 0

    func number(of id: SessionID) -> UInt32? { self.numbers[id] }

    func session(_ number: UInt32) -> Session? { self.slot(number).map { self.sessions[$0] } }

    /// Where in ``sessions`` one is, until the next one expires.
    @inline(__always)
    func slot(_ number: UInt32) -> Int? {
        if self.recent < self.sessions.count, self.sessions[self.recent].number == number {
            return self.recent
        }
        return self.slots[number]
    }

    mutating func open(_ id: SessionID, number: UInt32, at time: Instant) {
        precondition(number == self.nextNumber, "session \(number), not \(self.nextNumber)")
        precondition(self.numbers[id] == nil, "session \(number) is open already")
        self.nextNumber += 1
        self.insert(Session(id: id, number: number, usedAt: time))
    }

    private mutating func insert(_ session: Session) {
        self.numbers[session.id] = session.number
        self.slots[session.number] = self.sessions.count
        self.sessions.append(session)
    }

    mutating func advance(
        _ number: UInt32,
        to sequence: UInt64,
        digest: UInt64,
        outcome: UnsafeRawBufferPointer,
        at time: Instant
    ) {
        guard let slot = self.slot(number) else {
            preconditionFailure("session \(number) is not there to advance")
        }
        self.recent = slot
        self.sessions[slot].outcomes.remember(sequence, digest: digest, outcome)
        self.sessions[slot].usedAt = time
    }

    /// Puts back a session from a snapshot.
    mutating func restore(_ session: Session) { self.insert(session) }

    mutating func restore(nextNumber: UInt32) { self.nextNumber = nextNumber }

    mutating func expire(_ expired: [UInt32]) {
        for number in expired {
            guard let slot = self.slots.removeValue(forKey: number) else {
                preconditionFailure("session \(number) is not there to expire")
            }
            self.numbers[self.sessions[slot].id] = nil
            let last = self.sessions.removeLast()
            guard slot < self.sessions.count else { continue }
            self.sessions[slot] = last
            self.slots[last.number] = slot
        }
    }

    /// The sessions that must go before another can be opened at `time`: those idle for too long,
    /// and the one unused for longest if there is still no room.
    ///
    /// - Complexity: O(sessions)
    func expiring(at time: Instant) -> [UInt32] {
        let limit = time.advanced(bySeconds: -Limits.sessionIdleSeconds)
        var expired = self.sessions.filter { $0.usedAt < limit }.map { $0.number }
        if self.sessions.count - expired.count >= Limits.sessionsMax {
            let oldest = self.sessions.lazy.filter { $0.usedAt >= limit }
                .min { ($0.usedAt, $0.number) < ($1.usedAt, $1.number) }
            if let oldest { expired.append(oldest.number) }
        }
        return expired.sorted()
    }
}
