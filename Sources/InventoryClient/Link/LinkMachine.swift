/// A connection that is made, lost and made again: what happens next, for everyone who keeps one.
///
///     idle ──wanted──▶ connecting ──connected──▶ greeting ──accepted──▶ ready
///      ▲                ▲     │                     │                     │
///      │         due or │     │ unreachable         │ lost                │ lost
///      │         wanted │     ▼                     ▼                     ▼
///      │              pausing ◀──────── lost ◀──── leaving ◀──── left ────┘
///      └──── not wanted ─────────────────┘
///
/// `closed` is reached from everywhere: by whoever keeps the link, or by a loss after which its policy
/// makes no further attempt. Each pause is twice as long as the one before, within bounds, until the server
/// has served. Attempts are numbered, so that what an earlier one brings late is recognized.
///
/// A plain value; ``Link`` performs what it returns.
struct LinkMachine: Equatable {
    /// What ends a link, and what shows that the server serves it.
    struct Policy: Equatable {
        /// The shortest and the longest pause between two attempts, in milliseconds.
        var pauses: ClosedRange<Int64>
        /// Whether a connection that was established and lost is made again.
        var reconnects = true
        /// Whether a connection is made again after bytes that are not the protocol.
        var retriesViolations = false
        /// Whether an accepted hello shows that the server serves; if not, ``served()`` says when it does.
        var isServedByHello = true
    }

    enum Phase: Equatable {
        /// Nobody wants a connection.
        case idle
        case connecting
        /// Connected; the hello has no answer yet.
        case greeting
        case ready
        /// Given up from this side: what still comes over it does not count.
        case leaving
        /// Gone: ``resume(isWanted:)`` follows once its owner knows.
        case lost
        case pausing
        case closed
    }

    enum Action: Equatable {
        case connect(attempt: UInt64)
        /// The connection stands: say hello over it.
        case greet(isReading: Bool)
        case wait(milliseconds: Int64)
        case setReading(Bool)
        case closeConnection
        case nothing
    }

    /// What an accepted hello means.
    enum Hello: Equatable {
        /// The server takes requests from now on.
        case begin
        /// The server may not send it again.
        case violation
        case ignored
    }

    /// What a loss means to the owner.
    enum Loss: Equatable {
        /// Another attempt may follow: ``resume(isWanted:)`` says so.
        case passing
        /// No other attempt is made.
        case final
        case ignored
    }

    let policy: Policy
    private(set) var phase = Phase.idle
    /// Whether the connection is read: a slow reader pauses it, whichever connection it is.
    private(set) var isReading = true
    /// The number of the latest attempt, from 1.
    private var attempt: UInt64 = 0
    private var nextPause: Int64

    init(_ policy: Policy) {
        precondition(policy.pauses.lowerBound > 0, "pauses of \(policy.pauses) ms")
        self.policy = policy
        self.nextPause = policy.pauses.lowerBound
    }

    /// Whether messages of the connection count.
    var takesMessages: Bool { self.phase == .greeting || self.phase == .ready }

    // MARK: - Making it

    /// There is something to send: a pause is cut short by it.
    mutating func wanted() -> Action {
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

    /// - Returns: `nil` for a connection that is to be closed at once: its attempt is over.
    mutating func connected(_ attempt: UInt64) -> Action? {
        // The link may have been closed meanwhile, or the connection before it was handed over.
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
            // One hello was sent, and it was accepted before.
            return .violation
        case .leaving, .closed:
            // It was on its way when the connection was given up.
            return .ignored
        case .idle, .connecting, .lost, .pausing:
            preconditionFailure("a hello was accepted while \(self.phase)")
        }
    }

    /// The server serves: the next pause is the shortest one.
    mutating func served() { self.nextPause = self.policy.pauses.lowerBound }

    // MARK: - Losing it

    mutating func unreachable(_ attempt: UInt64) -> Loss {
        // The link may have been closed meanwhile.
        guard self.phase == .connecting, attempt == self.attempt else { return .ignored }
        self.phase = .lost
        return .passing
    }

    /// The connection of an attempt is gone.
    mutating func lost(_ attempt: UInt64, _ code: ClientError.Code) -> Loss {
        // Another attempt was made of it already, as of one that closed before it was handed over.
        guard attempt == self.attempt else { return .ignored }
        switch self.phase {
        case .connecting:
            self.phase = .lost
            return .passing
        case .greeting, .ready, .leaving:
            let isViolation = code == .protocolViolation
            let isFinal = !self.policy.reconnects || isViolation && !self.policy.retriesViolations
            self.phase = isFinal ? .closed : .lost
            return isFinal ? .final : .passing
        case .closed, .idle, .lost, .pausing:
            // We closed it, or the attempt had failed before its channel closed.
            return .ignored
        }
    }

    /// The owner knows of a loss, and says whether it wants another connection.
    mutating func resume(isWanted: Bool) -> Action {
        switch self.phase {
        case .lost where isWanted:
            self.phase = .pausing
            let pause = self.nextPause
            self.nextPause = min(pause * 2, self.policy.pauses.upperBound)
            return .wait(milliseconds: pause)
        case .lost:
            self.phase = .idle
            return .nothing
        case .closed:
            // The owner closed it when it heard of the loss.
            return .nothing
        case .idle, .connecting, .greeting, .ready, .leaving, .pausing:
            preconditionFailure("resumed while \(self.phase)")
        }
    }

    /// A pause is over.
    mutating func pauseEnded() -> Action {
        // It may have been cut short, and cuts short the one that came after it.
        guard self.phase == .pausing else { return .nothing }
        return self.connect()
    }

    /// The owner gives this connection up and wants another one.
    mutating func left() -> Action {
        guard self.takesMessages else { return .nothing }
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

    // MARK: - The reader

    /// The reader is behind: the connection is not read until it has caught up.
    mutating func readerPaused() -> Action { self.setReading(false) }

    mutating func readerResumed() -> Action { self.setReading(true) }

    private mutating func setReading(_ isReading: Bool) -> Action {
        guard isReading != self.isReading else { return .nothing }
        self.isReading = isReading
        return self.takesMessages ? .setReading(isReading) : .nothing
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
