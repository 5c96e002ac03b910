internal import Bytes
internal import DequeModule
internal import NIOCore

/// What a turn of the loop does for one connection.
protocol TurnTaker: AnyObject {
    /// Sends what reflects only steps up to `durable`, or ends.
    func release(durable: LSN)
    /// Goes on with requests that an earlier turn had no time for.
    func runDeferred()
}

/// Bounds what one turn of the loop does for requests, for replies and for connections that end: what is left
/// over continues with the next turn, after every socket was looked at again.
///
///     turn  read A ▓▓▓▓▓ used up   read B ─▶ waits    tick: block, replies ▓▓▓ used up
///     turn  read C ─▶ waits                           replies ▓▓   B ▓▓▓ A ▓▓▓ …
///
/// Of the engine's loop: that is why it is `@unchecked Sendable`.
final class RequestTurns: @unchecked Sendable {
    /// Bytes of requests that a turn runs; one frame may go beyond it.
    private static let requestByteCountMax = 96 << 10
    /// Nanoseconds for which a turn runs requests that sockets bring, or those that waited; the last frame may go
    /// beyond it.
    ///
    /// It runs both only where the sockets bring less.
    private static let requestNanosecondsMax: UInt64 = 1_000_000
    /// Nanoseconds for which replies are released at once; the one at hand may go beyond it.
    private static let releaseNanosecondsMax: UInt64 = 500_000
    /// Microseconds from a turn to the one that continues it; the loop looks at its sockets in between.
    private static let pauseMicroseconds: Int64 = 20

    private let context: LoopContext
    private let turns: LoopTurns
    private let state: any StateReader

    /// What this turn of the loop may still take of requests.
    private var requestBudget: TurnBudget?
    /// The turn that it is of.
    private var requestTurn: UInt64 = 0
    /// Whether the turn is that of requests that waited, and what sockets bring waits behind them.
    private var isDeferredNext = false
    /// Connections whose requests continue with the next turn, in order.
    private var deferred: Deque<any TurnTaker> = []
    /// Whether a later turn will continue them: one task, however many wait.
    private var isContinuing = false
    /// Connections with replies that wait for a block, or that are to be closed; some may be gone.
    private var waiting: Deque<any TurnTaker> = []
    /// How many of those, from the first, may be released now.
    private var releasableCount = 0
    /// The turn that last released any, and nanoseconds at which it has done enough.
    private var releaseTurn: UInt64 = 0
    private var releaseEndsAt: UInt64 = 0

    init(_ context: LoopContext, turns: LoopTurns, of state: any StateReader) {
        self.context = context
        self.turns = turns
        self.state = state
    }

    // MARK: - Requests

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
        let now = self.context.clocks.nanoseconds()
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
    var isTurnUsedUp: Bool {
        self.requestBudget?.isUsedUp(at: self.context.clocks.nanoseconds()) ?? false
    }

    /// Requests of `byteCount` bytes were run.
    ///
    /// - Returns: Whether this turn has done enough.
    func used(_ byteCount: Int) -> Bool {
        self.requestBudget?.use(byteCount)
        return self.isTurnUsedUp
    }

    /// Has a connection's requests continue with a later turn, behind those that wait already.
    func runLater(_ connection: any TurnTaker) {
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
        var now = self.context.clocks.nanoseconds()
        if !self.turns.isCounting || self.releaseTurn != self.turns.number {
            self.releaseTurn = self.turns.number
            self.releaseEndsAt = now + Self.releaseNanosecondsMax
        }
        let durable = self.state.durable
        // Whoever still waits then joins at the end.
        while self.releasableCount > 0, now < self.releaseEndsAt,
            let connection = self.waiting.popFirst()
        {
            self.releasableCount -= 1
            connection.release(durable: durable)
            now = self.context.clocks.nanoseconds()
        }
        if self.releasableCount > 0 { self.continueLater() }
    }

    /// A connection has replies that wait for steps which are not durable yet, or is to end.
    func wait(_ connection: any TurnTaker) { self.waiting.append(connection) }

    /// Lets go of connections that waited and are gone, as all are.
    func forgetWaiting() {
        self.waiting = []
        self.releasableCount = 0
        self.deferred = []
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
        self.context.loop.scheduleTask(in: .microseconds(Self.pauseMicroseconds)) {
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

    func checkInvariants() {
        precondition(
            self.releasableCount <= self.waiting.count,
            "\(self.releasableCount) of \(self.waiting.count) connections may be released"
        )
        precondition(
            self.isContinuing || self.deferred.isEmpty,
            "\(self.deferred.count) connections wait for a turn that never comes"
        )
    }
}
