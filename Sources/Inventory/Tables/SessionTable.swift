/// The clients' sessions and what each was answered lately: exactly once.
///
/// A session's requests are numbered 1, 2, 3 … The table remembers the last number and a window of
/// outcomes, as encoded bytes, so that a repeated request gets the identical reply. Sessions are
/// state like any other: changed by the log alone, kept in snapshots.
struct SessionTable: Sendable {
    /// One remembered outcome.
    struct Remembered: Sendable, Equatable {
        var digest: UInt64
        var outcome: [UInt8]
    }

    struct Session: Sendable, Equatable {
        var id: SessionID
        /// The last number that was decided.
        var sequence: UInt64 = 0
        var usedAt: Instant
        /// The outcomes of the numbers up to ``sequence``, by number modulo the window.
        var window: [Remembered] = []
        /// The oldest number whose outcome is still there; ``sequence`` + 1 if none is.
        var oldest: UInt64 = 1
        var byteCount = 0

        init(id: SessionID, usedAt: Instant, beginningAfter sequence: UInt64 = 0) {
            self.id = id
            self.usedAt = usedAt
            self.sequence = sequence
            self.oldest = sequence + 1
            // The window is addressed by number, so what was forgotten keeps its place.
            let forgotten = min(Int(sequence), Limits.sessionWindow)
            self.window = Array(repeating: Remembered(digest: 0, outcome: []), count: forgotten)
        }

        func remembered(_ sequence: UInt64) -> Remembered? {
            guard sequence >= self.oldest, sequence <= self.sequence else { return nil }
            return self.window[Int((sequence - 1) % UInt64(Limits.sessionWindow))]
        }

        mutating func remember(_ sequence: UInt64, _ remembered: Remembered) {
            precondition(sequence == self.sequence + 1, "\(sequence) after \(self.sequence)")
            let count = UInt64(Limits.sessionWindow)
            if sequence - self.oldest == count { self.forgetOldest() }
            let slot = Int((sequence - 1) % count)
            if slot == self.window.count {
                self.window.append(remembered)
            } else {
                self.window[slot] = remembered
            }
            self.sequence = sequence
            self.byteCount += remembered.outcome.count
            while self.byteCount > Limits.sessionOutcomeByteCountMax, self.oldest < sequence {
                self.forgetOldest()
            }
        }

        private mutating func forgetOldest() {
            let slot = Int((self.oldest - 1) % UInt64(Limits.sessionWindow))
            self.byteCount -= self.window[slot].outcome.count
            self.window[slot].outcome = []
            self.oldest += 1
        }
    }

    init() {}

    private(set) var sessions: [UInt32: Session] = [:]
    private(set) var numbers: [SessionID: UInt32] = [:]
    private(set) var nextNumber: UInt32 = 1

    func number(of id: SessionID) -> UInt32? { self.numbers[id] }
    func session(_ number: UInt32) -> Session? { self.sessions[number] }

    mutating func open(_ id: SessionID, number: UInt32, at time: Instant) {
        precondition(number == self.nextNumber, "session \(number), not \(self.nextNumber)")
        precondition(self.numbers[id] == nil, "session \(number) is open already")
        self.nextNumber += 1
        self.numbers[id] = number
        self.sessions[number] = Session(id: id, usedAt: time)
    }

    mutating func advance(
        _ number: UInt32,
        to sequence: UInt64,
        _ remembered: Remembered,
        at time: Instant
    ) {
        guard self.sessions[number] != nil else {
            preconditionFailure("session \(number) is not there to advance")
        }
        self.sessions[number]?.remember(sequence, remembered)
        self.sessions[number]?.usedAt = time
    }

    /// Puts back a session from a snapshot.
    mutating func restore(_ session: Session, number: UInt32) {
        self.sessions[number] = session
        self.numbers[session.id] = number
    }

    mutating func restore(nextNumber: UInt32) { self.nextNumber = nextNumber }

    mutating func expire(_ expired: [UInt32]) {
        for number in expired {
            guard let session = self.sessions.removeValue(forKey: number) else {
                preconditionFailure("session \(number) is not there to expire")
            }
            self.numbers[session.id] = nil
        }
    }

    /// The sessions that must go before another can be opened at `time`: those idle for too long,
    /// and the one unused for longest if there is still no room.
    ///
    /// - Complexity: O(sessions)
    func expiring(at time: Instant) -> [UInt32] {
        let limit = time.advanced(bySeconds: -Limits.sessionIdleSeconds)
        var expired = self.sessions.filter { $0.value.usedAt < limit }.map { $0.key }
        if self.sessions.count - expired.count >= Limits.sessionsMax {
            let oldest = self.sessions.lazy.filter { $0.value.usedAt >= limit }
                .min { ($0.value.usedAt, $0.key) < ($1.value.usedAt, $1.key) }
            if let oldest { expired.append(oldest.key) }
        }
        return expired.sorted()
    }
}
