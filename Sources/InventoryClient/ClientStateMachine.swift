internal import InventoryModel
internal import InventoryWire

/// The session of a client and its unanswered commands, with what to send as connections come and go.
///
///     offline ──accepted──▶ idle ──command──▶ opening ──opened──▶ ready
///        ▲                   │                   │                  │
///        └────── lost ───────┴───────────────────┴──────────────────┘
///
/// Opening a session is a step of the log, so it is opened for the first command and never for a reader.
///
/// A dry run begins before anything else, and lives as long as its connection:
///
///     offline ──accepted──▶ beginning ──dryRunBegun──▶ idle …
///                               └─ refused or lost ─▶ over ◀─ lost ─ …
///
/// Commands wait here until the session's numbers are known, and then in ``NumberedCommands``. ``LinkMachine`` is
/// the connection itself. A plain value; ``ClientCore`` performs the actions that it returns.
struct ClientStateMachine {
    typealias PendingCommand = NumberedCommands.Pending

    enum Action: Equatable {
        case openSession(SessionID, mayCreate: Bool)
        /// Send these commands in this order.
        case send([PendingCommand])
        /// Retry to open the session after a pause.
        case retryOpening
        /// Fail these commands: their session no longer exists.
        case fail([PendingCommand], Refusal)
        /// Request the dry run, before which nothing else may be sent.
        case beginDryRun
        /// Fail every call: the dry run was refused or lost, and nothing can be sent any more.
        case end
        case nothing
    }

    enum Phase: Equatable {
        case offline
        /// Connected; the dry run has been requested.
        case beginning
        /// Connected; no call needs a session yet.
        case idle
        case opening
        case ready
        /// The dry run was refused, or its connection lost.
        case over
    }

    private(set) var phase = Phase.offline
    private let session: SessionID
    private let isDryRun: Bool
    /// Whether the server must already know the session: a forgotten one is then an error.
    private var wasOpened = false
    private var isSessionNeeded = false
    /// The commands that have a number.
    private(set) var numbered: NumberedCommands
    /// Commands that were submitted before the session's numbers were known.
    private var unnumbered: [(requestID: UInt64, command: EncodedCommand)] = []

    init(
        session: SessionID,
        continuesSession: Bool,
        waitsForStorage: Bool = true,
        isDryRun: Bool = false
    ) {
        self.session = session
        self.isDryRun = isDryRun
        self.numbered = NumberedCommands(
            from: continuesSession ? nil : 1,
            waitsForStorage: waitsForStorage
        )
    }

    mutating func accepted() -> Action {
        precondition(self.phase == .offline, "accepted while \(self.phase)")
        guard !self.isDryRun else {
            self.phase = .beginning
            return .beginDryRun
        }
        self.phase = .idle
        return self.openIfNeeded()
    }

    /// The answer to the request for a dry run arrived.
    mutating func dryRunAnswered(_ refusal: Refusal?) -> Action {
        precondition(self.phase == .beginning, "a dry run was answered while \(self.phase)")
        guard refusal == nil else { return self.end() }
        self.phase = .idle
        return self.openIfNeeded()
    }

    /// Forgets the commands: none was executed, and none will be.
    private mutating func end() -> Action {
        self.phase = .over
        _ = self.numbered.takeAll()
        self.unnumbered = []
        return .end
    }

    /// Opens the session if a call waits for it and it is not being opened.
    mutating func openIfNeeded() -> Action {
        let isNeeded =
            !self.numbered.isEmpty || !self.unnumbered.isEmpty || self.isSessionNeeded
        return self.phase == .idle && isNeeded ? self.open() : .nothing
    }

    /// A call waits for the session itself.
    mutating func sessionNeeded() -> Action {
        self.isSessionNeeded = true
        return self.phase == .idle ? self.open() : .nothing
    }

    private mutating func open() -> Action {
        self.phase = .opening
        return .openSession(self.session, mayCreate: !self.wasOpened)
    }

    /// Whether requests that need no session may be sent.
    var acceptsRequests: Bool {
        switch self.phase {
        case .idle, .opening, .ready: true
        case .offline, .beginning, .over: false
        }
    }

    mutating func opened(_ status: SessionStatus) -> Action {
        guard self.phase == .opening else { return .nothing }
        self.phase = .ready
        self.status = status
        self.wasOpened = true
        self.numbered.begin(after: status.lastSequence)
        for waiting in self.unnumbered {
            self.numbered.append(waiting.command, requestID: waiting.requestID)
        }
        self.unnumbered = []
        self.numbered.reconnected()
        return self.moreToSend()
    }

    /// The server no longer knows the session, or refuses it, temporarily or permanently.
    mutating func openingRefused(_ refusal: Refusal) -> Action {
        guard self.phase == .opening else { return .nothing }
        if self.retries(refusal.code) {
            self.phase = .idle
            return .retryOpening
        }
        let failed =
            self.numbered.takeAll()
            + self.unnumbered.map {
                PendingCommand(sequence: 0, requestID: $0.requestID, command: $0.command)
            }
        self.unnumbered = []
        return .fail(failed, refusal)
    }

    /// Whether a request refused with this code is retried.
    func retries(_ code: RefusalCode) -> Bool {
        code.isRetryable && (code != .storageFull || self.numbered.waitsForStorage)
    }

    /// Sets the number of the next command, so that commands that were already decided can be retried.
    ///
    /// - Precondition: The session is open, no command waits, and the number is at most the next one.
    mutating func resume(from sequence: UInt64) {
        precondition(self.unnumbered.isEmpty, "commands wait for numbers")
        self.numbered.resume(from: sequence)
    }

    mutating func submitted(_ command: EncodedCommand, requestID: UInt64) -> Action {
        guard self.numbered.isNumbering else {
            self.unnumbered.append((requestID, command))
            return self.phase == .idle ? self.open() : .nothing
        }
        self.numbered.append(command, requestID: requestID)
        return self.phase == .idle ? self.open() : self.moreToSend()
    }

    /// A command was submitted under a number of its caller's choice.
    ///
    /// - Returns: `nil` if it is not the session's next number, and the command is not taken.
    mutating func submitted(
        _ command: EncodedCommand,
        requestID: UInt64,
        number: UInt64
    ) -> Action? {
        guard self.numbered.append(command, requestID: requestID, number: number) else {
            return nil
        }
        return self.phase == .idle ? self.open() : self.moreToSend()
    }

    // MARK: - Answers

    /// An answer to a command arrived: an outcome, or a refusal of the request itself.
    ///
    /// The caller calls ``moreToSend()`` next.
    mutating func answered(requestID: UInt64, refusal: Refusal?) -> NumberedCommands.Settlement {
        self.numbered.answered(requestID: requestID, refusal: refusal)
    }

    /// Returns the commands that now fit into the session's window.
    mutating func moreToSend() -> Action {
        guard self.phase == .ready else { return .nothing }
        let sent = self.numbered.takeUnsent()
        return sent.isEmpty ? .nothing : .send(sent)
    }

    /// Retries a command that was not processed, if it is the first.
    ///
    /// The commands behind it were refused because of it, and follow once it is decided.
    mutating func resending(after requestID: UInt64) -> Action {
        guard self.phase == .ready, let again = self.numbered.takeAgain(requestID) else {
            return .nothing
        }
        return .send([again])
    }

    /// The call of a command has ended: withdraws the command if no copy can have been processed.
    ///
    /// The caller calls ``moreToSend()`` next.
    ///
    /// - Returns: `nil` if no unanswered command has this id.
    mutating func abandoned(requestID: UInt64) -> NumberedCommands.Withdrawal? {
        if let index = self.unnumbered.firstIndex(where: { $0.requestID == requestID }) {
            self.unnumbered.remove(at: index)
            return .withdrawn(behind: [])
        }
        return self.numbered.abandoned(requestID: requestID)
    }

    // MARK: - Lost connections

    /// The session's status when it was last opened; `nil` before that.
    private(set) var status: SessionStatus?

    /// The connection was lost: a dry run that was requested over it cannot be continued over another.
    mutating func lost() -> Action {
        switch self.phase {
        case .beginning, .idle, .opening, .ready:
            if self.isDryRun { return self.end() }
            self.phase = .offline
        case .offline, .over:
            // The server had not accepted this connection, or the client has ended it.
            break
        }
        return .nothing
    }

    /// The client was closed, and ends its calls.
    mutating func closed() { if self.phase != .over { self.phase = .offline } }

    // MARK: - Invariants

    /// - Complexity: O(n) for n commands without an answer.
    func checkInvariants() {
        self.numbered.checkInvariants()
        precondition(
            self.unnumbered.isEmpty || !self.numbered.isNumbering,
            "\(self.unnumbered.count) commands wait for numbers that are known"
        )
        precondition(self.phase != .ready || self.status != nil, "open without a status")
        switch self.phase {
        case .beginning: precondition(self.isDryRun, "no dry run begins")
        case .over:
            precondition(self.isDryRun, "over without a dry run")
            precondition(
                self.numbered.isEmpty && self.unnumbered.isEmpty,
                "commands wait for a dry run that is over"
            )
        case .offline, .idle, .opening, .ready: break
        }
    }
}
