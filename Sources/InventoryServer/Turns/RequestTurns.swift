internal import Bytes
internal import DequeModule
internal import NIOCore

/// Work for which a turn of the loop had no time.
protocol DeferredWork: AnyObject {
    /// Continues with it.
    func runDeferred()
}

/// A connection's work in a turn of the loop; its deferred work are requests.
protocol TurnTaker: DeferredWork {
    /// Sends the replies that reflect only steps up to `durable`, or ends the connection.
    func release(durable: LSN)
}

/// Bounds the work of one turn of the loop for requests, replies and ending connections: the rest continues
/// with the next turn, after every socket was polled again.
///
///     turn  read A ▓▓▓▓▓ used up   read B ─▶ waits    tick: block, replies ▓▓▓ used up
///     turn  read C ─▶ waits                           replies ▓▓   B ▓▓▓ A ▓▓▓ …
///
/// Runs on the engine's loop, hence `@unchecked Sendable`.
final class RequestTurns: @unchecked Sendable {
    /// Bytes of requests that a turn runs; the last frame may exceed it.
    private static let requestByteCountMax = 96 << 10
    /// Nanoseconds for which a turn runs requests read from sockets, or deferred ones; the last frame may
    /// exceed it.
    ///
    /// A turn runs both only where the sockets bring less.
    private static let requestNanosecondsMax: UInt64 = 1_000_000
    /// Nanoseconds for which a turn releases replies; the last connection may exceed it.
    private static let releaseNanosecondsMax: UInt64 = 500_000
    /// Microseconds until the turn that continues; the loop polls its sockets in between.
    private static let pauseMicroseconds: Int64 = 20

    private let context: LoopContext
    private let turns: LoopTurns
    private let state: any StateReader

    /// The budget for requests that this turn has left.
    private var requestBudget: TurnBudget?
    /// The turn that the budget belongs to.
    private var requestTurn: UInt64 = 0
    /// Whether this turn serves deferred requests first, and requests read from sockets wait behind them.
    private var isDeferredNext = false
    /// Connections whose requests continue with the next turn, in order.
    private var deferred: Deque<any TurnTaker> = []
    /// Work besides that of connections that continues with the next turn; each has its own budget.
    private var others: [any DeferredWork] = []
    /// Whether a later turn is scheduled to continue them; one task serves all.
    private var isContinuing = false
    /// Connections with replies that wait for a block, or that are to be closed; some may be gone.
    private var waiting: Deque<any TurnTaker> = []
    /// How many of those, from the front, may be released now.
    private var releasableCount = 0
    /// The turn that last released replies, and the time in nanoseconds at which its share ends.
    private var releaseTurn: UInt64 = 0
    private var releaseEndsAt: UInt64 = 0

    init(_ context: LoopContext, turns: LoopTurns, of state: any StateReader) {
        self.context = context
        self.turns = turns
        self.state = state
    }

    // MARK: - Requests

    /// Begins the requests of a socket read.
    func beginRequests() {
        // A budget left by a turn whose reads completed no frame is not reused in another turn. If turns are
        // not counted, each read has its own.
        let isOfThisTurn = self.turns.isCounting && self.requestTurn == self.turns.number
        guard self.requestBudget == nil || !isOfThisTurn else { return }
        // Requests read from sockets wait behind the deferred ones in their turn.
        let nanoseconds = self.isDeferredNext ? 0 : Self.requestNanosecondsMax
        self.turns.began(at: self.renewRequestBudget(nanoseconds))
    }

    /// - Returns: The current time.
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

    /// Ends the requests of a socket read.
    ///
    /// If turns are counted, the budget ends with the turn: tasks of the same turn share it.
    func endRequests() { if !self.turns.isCounting { self.requestBudget = nil } }

    /// Whether this turn has used up its budget for requests.
    var isTurnUsedUp: Bool {
        self.requestBudget?.isUsedUp(at: self.context.clocks.nanoseconds()) ?? false
    }

    /// Counts requests of `byteCount` bytes.
    ///
    /// - Returns: Whether this turn has used up its budget.
    func used(_ byteCount: Int) -> Bool {
        self.requestBudget?.use(byteCount)
        return self.isTurnUsedUp
    }

    /// Defers a connection's requests to a later turn, behind those that already wait.
    func runLater(_ connection: any TurnTaker) {
        self.deferred.append(connection)
        self.continueLater()
    }

    // MARK: - Replies

    /// Lets each waiting connection write the replies that may be sent now, or end: as many connections as
    /// the turn's budget allows, the longest waiting first.
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
        // A connection that still has to wait joins at the end.
        while self.releasableCount > 0, now < self.releaseEndsAt,
            let connection = self.waiting.popFirst()
        {
            self.releasableCount -= 1
            connection.release(durable: durable)
            now = self.context.clocks.nanoseconds()
        }
        if self.releasableCount > 0 { self.continueLater() }
    }

    /// Registers a connection with replies that wait for steps that are not durable yet, or that is to end.
    func wait(_ connection: any TurnTaker) { self.waiting.append(connection) }

    /// Forgets the waiting connections when all connections are gone.
    func forgetWaiting() {
        self.waiting = []
        self.releasableCount = 0
        self.deferred = []
    }

    // MARK: - Later

    /// The number of this turn; `nil` if turns are not counted.
    var number: UInt64? { self.turns.isCounting ? self.turns.number : nil }

    /// Defers work besides that of connections to the next turn.
    func continueLater(_ work: any DeferredWork) {
        self.others.append(work)
        self.continueLater()
    }

    private func continueOthers() {
        let others = self.others
        self.others = []
        for work in others { work.runDeferred() }
    }

    private func continueLater() {
        guard !self.isContinuing else { return }
        self.isContinuing = true
        self.continueBehind(self.turns.number)
    }

    /// Continues once the loop has polled its sockets.
    ///
    /// A task that is due at once would run before that; so may one that is due shortly, if the tasks before
    /// it take that long. It is rescheduled until the loop has polled.
    private func continueBehind(_ number: UInt64) {
        self.context.loop.scheduleTask(in: .microseconds(Self.pauseMicroseconds)) {
            if self.turns.isCounting, self.turns.number == number {
                self.continueBehind(number)
            } else {
                self.isContinuing = false
                self.releaseSome()
                self.continueOthers()
                self.runDeferred()
            }
        }
    }

    private func runDeferred() {
        let isUsedUp =
            self.turns.isCounting && self.requestTurn == self.turns.number && self.isTurnUsedUp
        if isUsedUp, !self.isDeferredNext, !self.deferred.isEmpty {
            // The sockets used up this turn: the next turn serves deferred requests first.
            self.isDeferredNext = true
            self.continueLater()
            return
        }
        self.isDeferredNext = false
        guard !self.deferred.isEmpty else { return }
        self.renewRequestBudget(Self.requestNanosecondsMax)
        // The rest comes first in the next turn, the connections served now behind it.
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
            self.isContinuing || (self.deferred.isEmpty && self.others.isEmpty),
            "\(self.deferred.count + self.others.count) wait for a turn that never comes"
        )
    }
}
