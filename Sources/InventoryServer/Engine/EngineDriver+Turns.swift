internal import DequeModule
internal import NIOCore

/// Bounds what one turn of the loop does for requests, for replies and for connections that end: what is left
/// over continues with the next turn, after every socket was looked at again.
///
///     turn  read A ▓▓▓▓▓ used up   read B ─▶ waits    tick: block, replies ▓▓▓ used up
///     turn  read C ─▶ waits                           replies ▓▓   B ▓▓▓ A ▓▓▓ …
extension EngineDriver {
    /// Bytes of requests that a turn runs; one frame may go beyond it.
    private static var requestByteCountMax: Int { 96 << 10 }
    /// Nanoseconds for which a turn runs requests that sockets bring, or those that waited; the last frame may go
    /// beyond it.
    ///
    /// It runs both only where the sockets bring less.
    private static var requestNanosecondsMax: UInt64 { 1_000_000 }
    /// Nanoseconds for which replies are released at once; the one at hand may go beyond it.
    private static var releaseNanosecondsMax: UInt64 { 500_000 }
    /// Microseconds from a turn to the one that continues it; the loop looks at its sockets in between.
    private static var pauseMicroseconds: Int64 { 20 }

    /// A socket was read.
    func beginRequests() {
        // One that a turn left behind, whose reads brought no whole frame, is no other turn's. Where nobody
        // counts turns, each read has its own.
        let isOfThisTurn = self.turns.isCounting && self.requestTurn == self.turns.number
        guard self.requestBudget == nil || !isOfThisTurn else { return }
        // What sockets bring waits behind those whose turn it is.
        let nanoseconds = self.isDeferredNext ? 0 : Self.requestNanosecondsMax
        self.turns.began(at: self.renewRequestBudget(nanoseconds))
    }

    /// - Returns: The time now.
    @discardableResult
    private func renewRequestBudget(_ nanosecondsMax: UInt64) -> UInt64 {
        self.requestTurn = self.turns.number
        let now = self.clock()
        self.requestBudget = TurnBudget(
            byteCountMax: Self.requestByteCountMax,
            from: now,
            nanosecondsMax: nanosecondsMax
        )
        return now
    }

    /// What was read together has run.
    ///
    /// Where turns are counted they end by themselves: what a task of the same turn brings is no other turn's.
    func endRequests() { if !self.turns.isCounting { self.requestBudget = nil } }

    /// Whether this turn has done enough for requests.
    var isTurnUsedUp: Bool { self.requestBudget?.isUsedUp(at: self.clock()) ?? false }

    /// Requests of `byteCount` bytes were run.
    ///
    /// - Returns: Whether this turn has done enough.
    func used(_ byteCount: Int) -> Bool {
        self.requestBudget?.use(byteCount)
        return self.isTurnUsedUp
    }

    /// Has a connection's requests continue with a later turn, behind those that wait already.
    func runLater(_ connection: ConnectionHandler) {
        self.deferred.append(connection)
        self.continueLater()
    }

    // MARK: - Replies

    /// Has every connection that waits write what may be sent by now, or end: as many of them as a turn may,
    /// those who waited longest first.
    func releaseReplies() {
        self.releasableCount = self.waiting.count
        self.releaseSome()
    }

    private func releaseSome() {
        var now = self.clock()
        if !self.turns.isCounting || self.releaseTurn != self.turns.number {
            self.releaseTurn = self.turns.number
            self.releaseEndsAt = now + Self.releaseNanosecondsMax
        }
        let durable = self.engine.durable
        // Whoever still waits then joins at the end.
        while self.releasableCount > 0, now < self.releaseEndsAt,
            let connection = self.waiting.popFirst()
        {
            self.releasableCount -= 1
            connection.release(durable: durable)
            now = self.clock()
        }
        if self.releasableCount > 0 { self.continueLater() }
    }

    /// Lets go of connections that waited and are gone, as all are.
    func forgetWaiting() {
        self.waiting = []
        self.releasableCount = 0
        self.deferred = []
    }

    // MARK: - Letting go

    /// Frees on a query thread what may take milliseconds to free: questions, results, the states that answers
    /// are of.
    func letGo<Value>(_ value: Value) {
        let held = LetGo(value)
        self.queries.submit { held.value = nil }
    }

    // MARK: - Later

    private func continueLater() {
        guard !self.isContinuing else { return }
        self.isContinuing = true
        self.continueBehind(self.turns.number)
    }

    /// Continues once the loop has looked at its sockets.
    ///
    /// A task that is due at once would run before that; so may one that is due shortly, if the tasks before
    /// it take that long. It is put off until the loop has looked.
    private func continueBehind(_ number: UInt64) {
        self.loop.scheduleTask(in: .microseconds(Self.pauseMicroseconds)) {
            if self.turns.isCounting, self.turns.number == number {
                self.continueBehind(number)
            } else {
                self.isContinuing = false
                self.releaseSome()
                self.runDeferred()
            }
        }
    }

    private func runDeferred() {
        let isUsedUp =
            self.turns.isCounting && self.requestTurn == self.turns.number && self.isTurnUsedUp
        if isUsedUp, !self.isDeferredNext, !self.deferred.isEmpty {
            // What the sockets brought was enough: the next turn is theirs who wait.
            self.isDeferredNext = true
            self.continueLater()
            return
        }
        self.isDeferredNext = false
        guard !self.deferred.isEmpty else { return }
        self.renewRequestBudget(Self.requestNanosecondsMax)
        // The rest comes first in the next turn, those that were served now behind it.
        for _ in 0..<self.deferred.count {
            self.deferred.popFirst()?.runDeferred()
            if self.isTurnUsedUp { break }
        }
        self.endRequests()
        if !self.deferred.isEmpty { self.continueLater() }
    }
}

/// Holds a value until a query thread frees it.
///
/// `@unchecked Sendable`: the loop touches it no more once it is handed over.
private final class LetGo<Value>: @unchecked Sendable {
    var value: Value?
    init(_ value: Value) { self.value = value }
}
