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
/// Commands keep their sequence numbers and their bytes until they are answered, and are retried after a
/// reconnect: the server executes each once (idempotency) and returns the same answer again. No more
/// are in flight than the server remembers outcomes of. ``LinkMachine`` is the connection itself. A plain
/// value; ``ClientCore`` performs the actions that it returns.
struct ClientStateMachine {
    /// A command that has a number and no answer yet.
    struct PendingCommand: Equatable {
        var sequence: UInt64
        var requestID: UInt64
        var command: EncodedCommand
        /// The number of copies that were sent and have no answer.
        ///
        /// A copy lost with its connection counts forever: it may have been executed.
        var copiesInFlight = 0
        /// Whether it only consumes its number, in place of a command that will not be sent.
        var isFiller = false

        /// Whether no copy can have been executed, or can still be.
        var isWithdrawable: Bool { self.copiesInFlight == 0 }
    }

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
    /// Whether commands are retried while the server's disk is full.
    private let waitsForStorage: Bool
    private let isDryRun: Bool
    /// Whether the server must already know the session: a forgotten one is then an error.
    private var wasOpened = false
    private var isSessionNeeded = false
    private var nextSequence: UInt64?
    /// The commands without an answer, by ascending number.
    private(set) var commands: ArraySlice<PendingCommand> = []
    /// The number of the next command to send over this connection.
    private var nextToSend: UInt64 = 1
    /// Whether the first command got a retryable refusal: until it is decided, the others would get one too.
    private var isBlocked = false
    /// Commands that were submitted before the session's numbers were known.
    private var unnumbered: [(requestID: UInt64, command: EncodedCommand)] = []

    /// The command sent in place of one that was withdrawn.
    ///
    /// The server refuses it as invalid: it changes nothing but consumes the number, so that the commands
    /// behind it can be decided.
    static let filler = Command.batch([], .independent).encoded

    init(
        session: SessionID,
        continuesSession: Bool,
        waitsForStorage: Bool = true,
        isDryRun: Bool = false
    ) {
        self.session = session
        self.waitsForStorage = waitsForStorage
        self.isDryRun = isDryRun
        self.nextSequence = continuesSession ? nil : 1
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
        _ = self.takeAll()
        self.unnumbered = []
        return .end
    }

    /// Opens the session if a call waits for it and it is not being opened.
    mutating func openIfNeeded() -> Action {
        let isNeeded =
            !self.commands.isEmpty || !self.unnumbered.isEmpty || self.isSessionNeeded
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
        if self.nextSequence == nil { self.nextSequence = status.lastSequence + 1 }
        for waiting in self.unnumbered {
            self.number(waiting.command, waiting.requestID)
        }
        self.unnumbered = []
        return self.sendAll()
    }

    private mutating func sendAll() -> Action {
        self.isBlocked = false
        self.nextToSend = self.commands.first?.sequence ?? self.nextToSend
        return self.sendMore()
    }

    /// Sends unsent commands within the session's window, which bounds both outcomes and their bytes.
    ///
    /// If more were decided than the server remembers, a lost outcome could not be retrieved by a retry.
    private mutating func sendMore() -> Action {
        guard self.phase == .ready, !self.isBlocked, let first = self.commands.first else {
            return .nothing
        }
        let end = first.sequence + UInt64(Limits.sessionWindow)
        var sent: [PendingCommand] = []
        let start = self.index(of: self.nextToSend)
        var byteCount = 0
        for command in self.commands[..<start] { byteCount += command.command.outcomeByteCountMax }
        for index in start..<self.commands.endIndex {
            byteCount += self.commands[index].command.outcomeByteCountMax
            // The first always fits: its outcome is far smaller than the session's limit.
            guard self.commands[index].sequence < end,
                byteCount <= Limits.sessionOutcomeByteCountMax
            else { break }
            self.commands[index].copiesInFlight += 1
            sent.append(self.commands[index])
        }
        guard let furthest = sent.last else { return .nothing }
        self.nextToSend = furthest.sequence + 1
        return .send(sent)
    }

    /// Returns the index of the first command with this number or a higher one.
    private func index(of sequence: UInt64) -> Int {
        var low = self.commands.startIndex
        var high = self.commands.endIndex
        while low < high {
            let middle = (low + high) / 2
            if self.commands[middle].sequence < sequence { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private mutating func remove(at index: Int) {
        // It is usually the first, which costs O(1).
        if index == self.commands.startIndex {
            self.isBlocked = false
            self.commands.removeFirst()
        } else {
            self.commands.remove(at: index)
        }
        if self.commands.isEmpty { self.commands = [] }
    }

    /// The server no longer knows the session, or refuses it, temporarily or permanently.
    mutating func openingRefused(_ refusal: Refusal) -> Action {
        guard self.phase == .opening else { return .nothing }
        if self.retries(refusal.code) {
            self.phase = .idle
            return .retryOpening
        }
        let failed =
            self.commands.filter { !$0.isFiller }
            + self.unnumbered.map {
                PendingCommand(sequence: 0, requestID: $0.requestID, command: $0.command)
            }
        _ = self.takeAll()
        self.unnumbered = []
        return .fail(failed, refusal)
    }

    /// Whether a request refused with this code is retried.
    func retries(_ code: RefusalCode) -> Bool {
        code.isRetryable && (code != .storageFull || self.waitsForStorage)
    }

    /// Removes all commands and returns them; the numbers of those that were never decided are free again.
    private mutating func takeAll() -> [PendingCommand] {
        defer {
            if let first = self.commands.first {
                self.nextSequence = first.sequence
                self.nextToSend = first.sequence
            }
            self.commands = []
            self.isBlocked = false
        }
        return self.commands.filter { !$0.isFiller }
    }

    /// Sets the number of the next command, so that commands that were already decided can be retried.
    ///
    /// - Precondition: The session is open, no command waits, and the number is at most the next one.
    mutating func resume(from sequence: UInt64) {
        precondition(self.commands.isEmpty && self.unnumbered.isEmpty, "commands wait for answers")
        guard let next = self.nextSequence, (1...next).contains(sequence) else {
            preconditionFailure("\(sequence) is not a number of an open session up to the next")
        }
        self.nextSequence = sequence
    }

    mutating func submitted(_ command: EncodedCommand, requestID: UInt64) -> Action {
        guard self.nextSequence != nil else {
            self.unnumbered.append((requestID, command))
            return self.phase == .idle ? self.open() : .nothing
        }
        self.number(command, requestID)
        return self.phase == .idle ? self.open() : self.sendMore()
    }

    private mutating func number(_ command: EncodedCommand, _ requestID: UInt64) {
        guard let sequence = self.nextSequence else {
            preconditionFailure("a command is numbered before the session is open")
        }
        self.nextSequence = sequence + 1
        self.commands.append(
            PendingCommand(sequence: sequence, requestID: requestID, command: command)
        )
    }

    // MARK: - Answers

    /// The meaning of an answer to a command for its caller.
    enum Settlement: Equatable {
        /// It answers no waiting command.
        case stray
        /// The command was decided, or never will be: this is its final answer.
        case settled
        /// The server's disk is full, so neither this command nor any behind it was decided: they lose their
        /// numbers and are not retried.
        case stopped([PendingCommand])
        /// This copy was not processed; the command is retried shortly with ``resending(after:)``.
        case again
        /// It is no longer known how, or whether, it was decided.
        case unknown(sequence: UInt64)
    }

    /// An answer arrived: an outcome, or a refusal of the request itself.
    ///
    /// The caller calls ``moreToSend()`` next.
    mutating func answered(requestID: UInt64, refusal: Refusal?) -> Settlement {
        guard let index = self.commands.firstIndex(where: { $0.requestID == requestID }) else {
            return .stray
        }
        // A command that was not sent has no answer.
        guard self.commands[index].copiesInFlight > 0 else { return .stray }
        self.commands[index].copiesInFlight -= 1
        let pending = self.commands[index]
        guard let code = refusal?.code, !code.consumesNumber else {
            self.remove(at: index)
            return .settled
        }
        switch code {
        case .outcomeForgotten:
            self.remove(at: index)
            return .unknown(sequence: pending.sequence)
        case .sequenceReused:
            // Another command was decided under its number.
            self.remove(at: index)
            return .settled
        case .storageFull
        where !self.waitsForStorage && index == self.commands.startIndex && pending.isWithdrawable:
            return .stopped(self.takeAll())
        case _ where code == .sequenceGap || code.isRetryable:
            if index == self.commands.startIndex { self.isBlocked = true }
            self.nextToSend = min(self.nextToSend, pending.sequence)
            return .again
        case .sessionExpired where !pending.isWithdrawable:
            self.remove(at: index)
            return .unknown(sequence: pending.sequence)
        default:
            self.withdraw(at: index)
            return .settled
        }
    }

    /// Returns the commands that now fit into the session's window.
    mutating func moreToSend() -> Action { self.sendMore() }

    /// Retries a command that was not processed, if it is the first.
    ///
    /// The commands behind it were refused because of it, and follow once it is decided.
    mutating func resending(after requestID: UInt64) -> Action {
        guard self.phase == .ready, let first = self.commands.first,
            first.requestID == requestID
        else { return .nothing }
        self.commands[self.commands.startIndex].copiesInFlight += 1
        self.nextToSend = first.sequence + 1
        return .send([self.commands[self.commands.startIndex]])
    }

    // MARK: - Giving up

    /// The state of a command whose call has ended without an answer.
    enum Withdrawal: Equatable {
        /// It was not executed and never will be.
        case withdrawn
        /// It may have been executed, or may still be; it keeps its number until it is answered.
        case unknown(sequence: UInt64)
    }

    /// The call of a command has ended: withdraws the command if no copy can have been processed.
    ///
    /// - Returns: `nil` if no unanswered command has this id.
    mutating func abandoned(requestID: UInt64) -> Withdrawal? {
        if let index = self.unnumbered.firstIndex(where: { $0.requestID == requestID }) {
            self.unnumbered.remove(at: index)
            return .withdrawn
        }
        guard let index = self.commands.firstIndex(where: { $0.requestID == requestID }) else {
            return nil
        }
        guard self.commands[index].isWithdrawable else {
            return .unknown(sequence: self.commands[index].sequence)
        }
        self.withdraw(at: index)
        return .withdrawn
    }

    /// Removes a command that was never decided.
    ///
    /// The number of the last command is free again. Any other command is replaced with a filler, and those
    /// behind it are sent again too. The caller calls ``moreToSend()`` next.
    private mutating func withdraw(at index: Int) {
        self.nextToSend = min(self.nextToSend, self.commands[index].sequence)
        self.commands[index].isFiller = true
        self.commands[index].command = Self.filler
        while let last = self.commands.last, last.isFiller, last.isWithdrawable {
            self.remove(at: self.commands.endIndex - 1)
            self.nextSequence = last.sequence
        }
    }

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
        var last: UInt64 = 0
        for command in self.commands {
            precondition(command.sequence > last, "command \(command.sequence) after \(last)")
            precondition(command.copiesInFlight >= 0, "\(command.copiesInFlight) copies sent")
            last = command.sequence
        }
        if let nextSequence {
            precondition(last < nextSequence, "\(nextSequence) is next after command \(last)")
            precondition(self.unnumbered.isEmpty, "unnumbered before \(nextSequence)")
        }
        if let first = self.commands.first {
            let sent = self.commands.last { !$0.isWithdrawable }?.sequence ?? first.sequence
            precondition(
                sent - first.sequence < Limits.sessionWindow,
                "\(sent) was sent before \(first.sequence) was answered"
            )
        }
        precondition(!self.isBlocked || !self.commands.isEmpty, "blocked by no command")
        precondition(self.phase != .ready || self.status != nil, "open without a status")
        switch self.phase {
        case .beginning: precondition(self.isDryRun, "no dry run begins")
        case .over:
            precondition(self.isDryRun, "over without a dry run")
            precondition(
                self.commands.isEmpty && self.unnumbered.isEmpty,
                "commands wait for a dry run that is over"
            )
        case .offline, .idle, .opening, .ready: break
        }
    }
}

extension RefusalCode {
    /// Whether a command refused with this code was decided and has consumed its number.
    ///
    /// Such a code is about the command itself, not the frame, the server or the session.
    fileprivate var consumesNumber: Bool { self.rawValue >= RefusalCode.invalidField.rawValue }
}
