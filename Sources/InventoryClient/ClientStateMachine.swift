internal import Inventory
internal import InventoryWire

/// What a client has asked and not been answered, and what it must do when its connection comes
/// and goes.
///
///     offline ──connected──▶ greeting ──accepted──▶ idle ──command──▶ opening ──opened──▶ ready
///        ▲                                                                                 │
///        └─────────────────────────────────── lost ────────────────────────────────────────┘
///
/// A session is a step of the log, so it is opened for the first command and never for a reader.
///
/// Commands keep their sequence numbers and their bytes until they are answered, and go out again
/// after a reconnect: the server carries each out once and gives the same answer again. A plain
/// value; ``ClientCore`` performs what it returns.
struct ClientStateMachine {
    /// A command that has a number and no answer yet.
    struct PendingCommand: Equatable {
        var sequence: UInt64
        var requestID: UInt64
        var command: Command
        /// Whether it may have reached a server.
        var wasSent: Bool
    }

    enum Action: Equatable {
        case sendHello
        case openSession(SessionID, mayCreate: Bool)
        /// Send these, in this order.
        case send([PendingCommand])
        /// Ask for the session again, a moment later.
        case openLater
        /// These can never be answered: their session is gone.
        case fail([PendingCommand], Refusal)
        case nothing
    }

    enum Phase: Equatable {
        case offline
        case greeting
        /// Connected; nothing has called for a session yet.
        case idle
        case opening
        case ready
    }

    private(set) var phase = Phase.offline
    private let session: SessionID
    /// Whether the server must already know the session: a forgotten one is then an error.
    private var wasOpened = false
    private var isSessionWanted = false
    private var nextSequence: UInt64?
    /// Without an answer, by rising number.
    private(set) var commands: [PendingCommand] = []
    /// Accepted before the session's numbers were known.
    private var unnumbered: [(requestID: UInt64, command: Command)] = []

    init(session: SessionID, continuesSession: Bool) {
        self.session = session
        self.nextSequence = continuesSession ? nil : 1
    }

    mutating func connected() -> Action {
        precondition(self.phase == .offline, "connected while \(self.phase)")
        self.phase = .greeting
        return .sendHello
    }

    mutating func accepted() -> Action {
        precondition(self.phase == .greeting, "accepted while \(self.phase)")
        self.phase = .idle
        return self.openIfWanted()
    }

    /// Asks for the session, if anything waits for it and nothing did meanwhile.
    mutating func openIfWanted() -> Action {
        let isWanted =
            !self.commands.isEmpty || !self.unnumbered.isEmpty || self.isSessionWanted
        return self.phase == .idle && isWanted ? self.open() : .nothing
    }

    /// The session is wanted, with or without a command.
    mutating func sessionWanted() -> Action {
        self.isSessionWanted = true
        return self.phase == .idle ? self.open() : .nothing
    }

    private mutating func open() -> Action {
        self.phase = .opening
        return .openSession(self.session, mayCreate: !self.wasOpened)
    }

    /// Whether requests that need no session may be sent.
    var takesRequests: Bool {
        switch self.phase {
        case .offline, .greeting: false
        case .idle, .opening, .ready: true
        }
    }

    mutating func opened(_ standing: SessionStanding) -> Action {
        guard self.phase == .opening else { return .nothing }
        self.phase = .ready
        self.standing = standing
        self.wasOpened = true
        if self.nextSequence == nil { self.nextSequence = standing.lastSequence + 1 }
        for waiting in self.unnumbered {
            _ = self.number(waiting.command, waiting.requestID)
        }
        self.unnumbered = []
        for index in self.commands.indices { self.commands[index].wasSent = true }
        return self.commands.isEmpty ? .nothing : .send(self.commands)
    }

    /// The server does not know the session any more, or refuses it: for now, or for good.
    mutating func openingRefused(_ refusal: Refusal) -> Action {
        guard self.phase == .opening else { return .nothing }
        if refusal.code.isRetryable {
            self.phase = .idle
            return .openLater
        }
        let failed =
            self.commands
            + self.unnumbered.map {
                PendingCommand(
                    sequence: 0,
                    requestID: $0.requestID,
                    command: $0.command,
                    wasSent: false
                )
            }
        self.commands = []
        self.unnumbered = []
        return .fail(failed, refusal)
    }

    mutating func submitted(_ command: Command, requestID: UInt64) -> Action {
        guard self.nextSequence != nil else {
            self.unnumbered.append((requestID, command))
            return self.phase == .idle ? self.open() : .nothing
        }
        var pending = self.number(command, requestID)
        guard self.phase == .ready else {
            return self.phase == .idle ? self.open() : .nothing
        }
        pending.wasSent = true
        self.commands[self.commands.count - 1].wasSent = true
        return .send([pending])
    }

    private mutating func number(_ command: Command, _ requestID: UInt64) -> PendingCommand {
        guard let sequence = self.nextSequence else {
            preconditionFailure("a number was asked for before any is known")
        }
        self.nextSequence = sequence + 1
        let pending = PendingCommand(
            sequence: sequence,
            requestID: requestID,
            command: command,
            wasSent: false
        )
        self.commands.append(pending)
        return pending
    }

    /// An answer came.
    ///
    /// - Returns: What it answers; nothing if that was answered before.
    mutating func answered(requestID: UInt64) -> PendingCommand? {
        guard let index = self.commands.firstIndex(where: { $0.requestID == requestID }) else {
            return nil
        }
        return self.commands.remove(at: index)
    }

    /// A refusal that leaves the number unused, because the command was never looked at: it goes
    /// out again under its number.
    mutating func refusedForNow(requestID: UInt64) -> PendingCommand? {
        self.commands.first { $0.requestID == requestID }
    }

    /// A command that was turned away is given up.
    ///
    /// - Returns: Whether its number is free again: only the last command's can be, for those behind
    ///   it have numbers of their own.
    mutating func withdrawn(requestID: UInt64) -> Bool {
        guard let last = self.commands.last, last.requestID == requestID else { return false }
        self.commands.removeLast()
        self.nextSequence = last.sequence
        return true
    }

    /// Where the session stood when it was opened last; nothing before that.
    private(set) var standing: SessionStanding?

    mutating func lost() { self.phase = .offline }
}
