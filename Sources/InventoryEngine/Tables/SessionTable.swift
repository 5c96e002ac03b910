internal import InventoryModel

/// The clients' sessions with their latest outcomes, for exactly-once execution.
///
/// A session's requests are numbered 1, 2, 3 … The table remembers the last number and a window of
/// outcomes, as encoded bytes, so that a retry gets the identical reply. Sessions are
/// part of the state: changed only by the log, and saved in snapshots.
struct SessionTable: Sendable {
    struct Session: Sendable {
        let id: SessionID
        let number: UInt32
        var usedAt: Instant
        var outcomes: OutcomeWindow
        /// The row of the run of an import whose requests they are; `nil` for none.
        var run: Int?

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

    /// Unordered; ``slots`` has the index of each.
    private(set) var sessions: [Session] = []
    private var slots: [UInt32: Int] = [:]
    private(set) var numbers: [SessionID: UInt32] = [:]
    private(set) var nextNumber: UInt32 = 1
    /// The index of the last session to advance: requests of one connection are consecutive.
    private var recent = 0

    func number(of id: SessionID) -> UInt32? { self.numbers[id] }

    func session(_ number: UInt32) -> Session? { self.slot(number).map { self.sessions[$0] } }

    /// The index of a session in ``sessions``, valid until the next one expires.
    @inline(__always)
    func slot(_ number: UInt32) -> Int? {
        if self.recent < self.sessions.count, self.sessions[self.recent].number == number {
            return self.recent
        }
        return self.slots[number]
    }

    /// Opens a session; that of a run of an import continues behind the run's requests.
    mutating func open(
        _ id: SessionID,
        number: UInt32,
        at time: Instant,
        resuming run: (row: Int, sequence: UInt64)? = nil
    ) {
        precondition(number == self.nextNumber, "session \(number), not \(self.nextNumber)")
        precondition(self.numbers[id] == nil, "session \(number) is open already")
        self.nextNumber += 1
        var session = Session(
            id: id,
            number: number,
            usedAt: time,
            beginningAfter: run?.sequence ?? 0
        )
        session.run = run?.row
        self.insert(session)
    }

    /// Binds a session, if it is open, to a run of an import.
    mutating func bind(_ id: SessionID, toRun row: Int) {
        guard let number = self.numbers[id], let slot = self.slots[number] else { return }
        self.sessions[slot].run = row
    }

    private mutating func insert(_ session: Session) {
        self.numbers[session.id] = session.number
        self.slots[session.number] = self.sessions.count
        self.sessions.append(session)
    }

    /// Remembers the outcome of a session's next request.
    ///
    /// - Returns: The row of the run of an import that the request belongs to; `nil` for none.
    mutating func advance(
        _ number: UInt32,
        to sequence: UInt64,
        digest: UInt64,
        outcome: UnsafeRawBufferPointer,
        at time: Instant
    ) -> Int? {
        guard let slot = self.slot(number) else {
            preconditionFailure("session \(number) cannot advance: it does not exist")
        }
        self.recent = slot
        self.sessions[slot].outcomes.remember(sequence, digest: digest, outcome)
        self.sessions[slot].usedAt = time
        return self.sessions[slot].run
    }

    /// Restores a session from a snapshot.
    mutating func restore(_ session: Session) { self.insert(session) }

    mutating func restore(nextNumber: UInt32) { self.nextNumber = nextNumber }

    mutating func expire(_ expired: [UInt32]) {
        for number in expired {
            guard let slot = self.slots.removeValue(forKey: number) else {
                preconditionFailure("session \(number) cannot expire: it does not exist")
            }
            self.numbers[self.sessions[slot].id] = nil
            let last = self.sessions.removeLast()
            guard slot < self.sessions.count else { continue }
            self.sessions[slot] = last
            self.slots[last.number] = slot
        }
    }

    /// The sessions to expire before another is opened at `time`: those idle for too long, and one more if
    /// there are still too many: one of a run of an import, which is opened again behind its requests; else one
    /// that never had a command, else one that was not used for a day.
    ///
    /// A session that is open on a connection never expires.
    ///
    /// - Throws: `overloaded` if there are too many, and none may expire.
    /// - Complexity: O(sessions), of which there are at most `Limits/sessionsMax`: 0.3 ms for a
    ///   full table, which is part of the time that a turn of the loop has for requests
    func expiring(
        at time: Instant,
        unless isOpen: (UInt32) -> Bool
    ) throws(Refusal) -> [UInt32] {
        let idle = time.advanced(bySeconds: -Limits.sessionIdleSeconds)
        // Without copies of sessions: opening one is a request, and a client may send many.
        var expired: [UInt32] = []
        for slot in self.sessions.indices where self.sessions[slot].usedAt < idle {
            let number = self.sessions[slot].number
            if !isOpen(number) { expired.append(number) }
        }
        if self.sessions.count - expired.count >= Limits.sessionsMax {
            guard let number = self.dispensable(at: time, usedSince: idle, unless: isOpen) else {
                let count = Int64(self.sessions.count) + 1
                let highest = Int64(Limits.sessionsMax)
                throw Refusal(
                    .overloaded,
                    .range("sessions", value: count, lowest: 0, highest: highest)
                )
            }
            expired.append(number)
        }
        return expired.sorted()
    }

    /// The session to give up first among those used since `idle`; `nil` if all must be retained.
    private func dispensable(
        at time: Instant,
        usedSince idle: Instant,
        unless isOpen: (UInt32) -> Bool
    ) -> UInt32? {
        let unused = time.advanced(bySeconds: -Limits.sessionUnusedSeconds)
        let kept = time.advanced(bySeconds: -Limits.sessionKeptSeconds)
        var first: (rank: Int, usedAt: Instant, number: UInt32)?
        for slot in self.sessions.indices {
            let (usedAt, number) = (self.sessions[slot].usedAt, self.sessions[slot].number)
            let rank: Int
            if self.sessions[slot].run != nil, usedAt < time {
                rank = 0
            } else if self.sessions[slot].sequence == 0, usedAt < unused {
                rank = 1
            } else if usedAt < kept {
                rank = 2
            } else {
                continue
            }
            if let first, first < (rank, usedAt, number) { continue }
            if usedAt >= idle, !isOpen(number) { first = (rank, usedAt, number) }
        }
        return first?.number
    }
}

extension SessionTable {
    /// Stops the process unless every session is found by its number and by its id, and by nothing else.
    ///
    /// - Complexity: O(sessions × window)
    func checkInvariants() {
        let count = self.sessions.count
        precondition(self.slots.count == count, "\(self.slots.count) numbers of \(count) sessions")
        precondition(self.numbers.count == count, "\(self.numbers.count) ids of \(count) sessions")
        for (slot, session) in self.sessions.enumerated() {
            precondition(
                self.slots[session.number] == slot && self.numbers[session.id] == session.number,
                "session \(session.number) is not found"
            )
            precondition(
                session.number < self.nextNumber,
                "session \(session.number) before \(self.nextNumber)"
            )
            session.outcomes.checkInvariants()
        }
    }
}
