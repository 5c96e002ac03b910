/// The life of a connection that is made, lost and remade.
///
///     idle ──needed──▶ connecting ──connected──▶ greeting ──accepted──▶ ready
///      ▲                ▲     │                     │                     │
///      │         due or │     │ unreachable         │ lost                │ lost
///      │         needed │     ▼                     ▼                     ▼
///      │              pausing ◀──────── lost ◀──── leaving ◀──── left ────┘
///      └──── not needed ─────────────────┘
///
/// `closed` is reachable from every phase: the owner closes the link, or a connection is lost after which the
/// policy makes no further attempt. Pauses back off exponentially: each is twice as long as the one before,
/// within bounds, until the server has served a request. Attempts are numbered, so that late events of an
/// earlier one are recognized.
///
/// A plain value; ``Link`` performs the actions that it returns.
struct LinkMachine: Equatable {
    /// When a link reconnects, and when the backoff restarts.
    struct Policy: Equatable {
        /// The shortest and the longest pause between two attempts, in milliseconds.
        var pauses: ClosedRange<Int64>
        /// Whether to reconnect after an established connection was lost.
        var reconnects = true
        /// Whether to reconnect after a protocol violation.
        var retriesViolations = false
        /// Whether an accepted hello shows that the server serves; if not, the owner calls ``served()``.
        var isServedByHello = true
    }

    enum Phase: Equatable {
        /// No connection is needed.
        case idle
        case connecting
        /// Connected; the hello has no answer yet.
        case greeting
        case ready
        /// Being closed by this side: messages that still arrive are ignored.
        case leaving
        /// Lost: ``resume(isNeeded:)`` follows once the owner was notified.
        case lost
        case pausing
        case closed
    }

    enum Action: Equatable {
        case connect(attempt: UInt64)
        /// The connection is established: send the hello.
        case greet(isReading: Bool)
        case wait(milliseconds: Int64)
        case setReading(Bool)
        case closeConnection
        case nothing
    }

    /// The meaning of an accepted hello.
    enum Hello: Equatable {
        /// The server accepts requests from now on.
        case begin
        /// The server must not send a second one.
        case violation
        case ignored
    }

    /// The meaning of a lost connection for the owner.
    enum Loss: Equatable {
        /// Another attempt may follow: ``resume(isNeeded:)`` decides.
        case temporary
        /// No other attempt is made.
        case final
        case ignored
    }

    let policy: Policy
    private(set) var phase = Phase.idle
    /// Whether the connection is read: a slow consumer pauses this and every later connection.
    private(set) var isReading = true
    /// The number of the latest attempt, from 1.
    private var attempt: UInt64 = 0
    private var nextPause: Int64

    init(_ policy: Policy) {
        precondition(policy.pauses.lowerBound > 0, "pauses of \(policy.pauses) ms")
        self.policy = policy
        self.nextPause = policy.pauses.lowerBound
    }

    /// Whether messages of the connection are accepted.
    var acceptsMessages: Bool { self.phase == .greeting || self.phase == .ready }

    // MARK: - Connecting

    /// There is a request to send: ends a pause early.
    mutating func needed() -> Action {
        switch self.phase {
        case .idle, .pausing: self.connect()
        case .connecting, .greeting, .ready, .leaving, .lost, .closed: .nothing
        }
    }

    private mutating func connect() -> Action {
        self.phase = .connecting
        self.attempt += 1
        return .connect(attempt: self.attempt)
    }

    /// A connection was established.
    ///
    /// - Returns: `nil` if its attempt is over and the caller must close the connection.
    mutating func connected(_ attempt: UInt64) -> Action? {
        // The link may have been closed in the meantime, or the connection before it was handed over.
        guard self.phase == .connecting, attempt == self.attempt else { return nil }
        self.phase = .greeting
        return .greet(isReading: self.isReading)
    }

    mutating func accepted() -> Hello {
        switch self.phase {
        case .greeting:
            self.phase = .ready
            if self.policy.isServedByHello { self.served() }
            return .begin
        case .ready:
            // One hello was sent, and it was already accepted.
            return .violation
        case .leaving, .closed:
            // It was in flight when this side closed the connection.
            return .ignored
        case .idle, .connecting, .lost, .pausing:
            preconditionFailure("a hello was accepted while \(self.phase)")
        }
    }

    /// The server has served a request: the next pause is the shortest.
    mutating func served() { self.nextPause = self.policy.pauses.lowerBound }

    // MARK: - Connection loss

    mutating func unreachable(_ attempt: UInt64) -> Loss {
        // The link may have been closed in the meantime.
        guard self.phase == .connecting, attempt == self.attempt else { return .ignored }
        self.phase = .lost
        return .temporary
    }

    /// The connection of an attempt was lost.
    mutating func lost(_ attempt: UInt64, _ code: ClientError.Code) -> Loss {
        // A later attempt already replaced it, as when it closed before it was handed over.
        guard attempt == self.attempt else { return .ignored }
        switch self.phase {
        case .connecting:
            self.phase = .lost
            return .temporary
        case .greeting, .ready, .leaving:
            let isViolation = code == .protocolViolation
            let isFinal = !self.policy.reconnects || isViolation && !self.policy.retriesViolations
            self.phase = isFinal ? .closed : .lost
            return isFinal ? .final : .temporary
        case .closed, .idle, .lost, .pausing:
            // This side closed it, or the attempt had failed before its channel closed.
            return .ignored
        }
    }

    /// The owner was notified of a lost connection.
    mutating func resume(isNeeded: Bool) -> Action {
        switch self.phase {
        case .lost where isNeeded:
            self.phase = .pausing
            let pause = self.nextPause
            self.nextPause = min(pause * 2, self.policy.pauses.upperBound)
            return .wait(milliseconds: pause)
        case .lost:
            self.phase = .idle
            return .nothing
        case .closed:
            // The owner closed the link when it was notified.
            return .nothing
        case .idle, .connecting, .greeting, .ready, .leaving, .pausing:
            preconditionFailure("resumed while \(self.phase)")
        }
    }

    /// A pause has ended.
    mutating func pauseEnded() -> Action {
        // The pause may have been ended early; a timer of it then ends the pause that followed.
        guard self.phase == .pausing else { return .nothing }
        return self.connect()
    }

    /// The owner abandons this connection and requests another.
    mutating func left() -> Action {
        guard self.acceptsMessages else { return .nothing }
        self.phase = .leaving
        return .closeConnection
    }

    mutating func closed() -> Action {
        defer { self.phase = .closed }
        switch self.phase {
        case .greeting, .ready, .leaving: return .closeConnection
        case .idle, .connecting, .lost, .pausing, .closed: return .nothing
        }
    }

    // MARK: - Back-pressure

    /// The consumer is slow: the connection is not read until the consumer has caught up.
    mutating func readerPaused() -> Action { self.setReading(false) }

    mutating func readerResumed() -> Action { self.setReading(true) }

    private mutating func setReading(_ isReading: Bool) -> Action {
        guard isReading != self.isReading else { return .nothing }
        self.isReading = isReading
        return self.acceptsMessages ? .setReading(isReading) : .nothing
    }

    // MARK: - Invariants

    /// - Complexity: O(1)
    func checkInvariants() {
        let pauses = self.policy.pauses
        precondition(pauses.contains(self.nextPause), "a pause of \(self.nextPause) of \(pauses)")
        switch self.phase {
        case .idle, .closed: break
        case .connecting, .greeting, .ready, .leaving, .lost, .pausing:
            precondition(self.attempt > 0, "\(self.phase) without any attempt")
        }
    }
}
