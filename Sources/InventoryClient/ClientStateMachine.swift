internal import InventoryModel
internal import InventoryWire

/// What a client has asked and not been answered, and what it must do when its connection comes
/// and goes.
///
///     offline ──accepted──▶ idle ──command──▶ opening ──opened──▶ ready
///        ▲                   │                   │                  │
///        └────── lost ───────┴───────────────────┴──────────────────┘
///
/// A session is a step of the log, so it is opened for the first command and never for a reader.
///
/// Commands keep their sequence numbers and their bytes until they are answered, and go out again
/// after a reconnect: the server carries each out once and gives the same answer again. No more are
/// on their way than the server remembers the outcomes of. ``LinkMachine`` is the connection itself. A
/// plain value; ``ClientCore`` performs what it returns.
struct ClientStateMachine {
    /// A command that has a number and no answer yet.
    struct PendingCommand: Equatable {
        var sequence: UInt64
        var requestID: UInt64
        var command: EncodedCommand
        /// How many copies were sent that nothing is known of.
        ///
        /// A copy lost with its connection counts for ever: it may have been carried out.
        var copiesInFlight = 0
        /// Whether it only uses its number up, in place of one that will not be sent.
        var isFiller = false

        /// Whether no copy can have been carried out, or can be yet.
        var isUntouched: Bool { self.copiesInFlight == 0 }
    }

    enum Action: Equatable {
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
        /// Connected; nothing has called for a session yet.
        case idle
        case opening
        case ready
    }

    private(set) var phase = Phase.offline
    private let session: SessionID
    /// Whether commands go out again while the server's disk is full.
    private let waitsForStorage: Bool
    /// Whether the server must already know the session: a forgotten one is then an error.
    private var wasOpened = false
    private var isSessionWanted = false
    private var nextSequence: UInt64?
    /// Without an answer, by rising number.
    private(set) var commands: ArraySlice<PendingCommand> = []
    /// The number of the next command to send over this connection.
    private var nextToSend: UInt64 = 1
    /// Whether the first command was turned away: until it is decided the others would be too.
    private var isHeldUp = false
    /// Accepted before the session's numbers were known.
    private var unnumbered: [(requestID: UInt64, command: EncodedCommand)] = []

    /// What is sent in place of a command that will not be: refused for what it says, it changes
    /// nothing and uses the number up, so that those behind it can be decided.
    static let filler = Command.batch([], .independent).encoded

    init(session: SessionID, continuesSession: Bool, waitsForStorage: Bool = true) {
        self.session = session
        self.waitsForStorage = waitsForStorage
        self.nextSequence = continuesSession ? nil : 1
    }

    mutating func accepted() -> Action {
        precondition(self.phase == .offline, "accepted while \(self.phase)")
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
    var takesRequests: Bool { self.phase != .offline }

    mutating func opened(_ standing: SessionStatus) -> Action {
        guard self.phase == .opening else { return .nothing }
        self.phase = .ready
        self.standing = standing
        self.wasOpened = true
        if self.nextSequence == nil { self.nextSequence = standing.lastSequence + 1 }
        for waiting in self.unnumbered {
            self.number(waiting.command, waiting.requestID)
        }
        self.unnumbered = []
        return self.sendAll()
    }

    private mutating func sendAll() -> Action {
        self.isHeldUp = false
        self.nextToSend = self.commands.first?.sequence ?? self.nextToSend
        return self.sendMore()
    }

    /// Sends what was not sent yet, as far as the session's window goes, in outcomes and in their bytes.
    ///
    /// If more were decided than the server remembers, a lost outcome could not be asked for again.
    private mutating func sendMore() -> Action {
        guard self.phase == .ready, !self.isHeldUp, let first = self.commands.first else {
            return .nothing
        }
        let end = first.sequence + UInt64(Limits.sessionWindow)
        var sent: [PendingCommand] = []
        let start = self.index(of: self.nextToSend)
        var byteCount = 0
        for command in self.commands[..<start] { byteCount += command.command.outcomeByteCountMax }
        for index in start..<self.commands.endIndex {
            byteCount += self.commands[index].command.outcomeByteCountMax
            // The first always fits: its outcome is far below what a session remembers.
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

    /// Where the first command is that has this number or a higher one.
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
        // Mostly it is the first, and that costs nothing.
        if index == self.commands.startIndex {
            self.isHeldUp = false
            self.commands.removeFirst()
        } else {
            self.commands.remove(at: index)
        }
        if self.commands.isEmpty { self.commands = [] }
    }

    /// The server does not know the session any more, or refuses it: for now, or for good.
    mutating func openingRefused(_ refusal: Refusal) -> Action {
        guard self.phase == .opening else { return .nothing }
        if self.retries(refusal.code) {
            self.phase = .idle
            return .openLater
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

    /// Whether what is refused so is asked for again.
    func retries(_ code: RefusalCode) -> Bool {
        code.isRetryable && (code != .storageFull || self.waitsForStorage)
    }

    /// Takes all commands out; the numbers of those that were never decided are free again.
    private mutating func takeAll() -> [PendingCommand] {
        defer {
            if let first = self.commands.first {
                self.nextSequence = first.sequence
                self.nextToSend = first.sequence
            }
            self.commands = []
            self.isHeldUp = false
        }
        return self.commands.filter { !$0.isFiller }
    }

    /// Has the next command take up the numbers at `sequence`, so that commands that were decided are
    /// given again.
    ///
    /// - Precondition: The session is open, nothing waits, and the number is not beyond the next one.
    mutating func resume(from sequence: UInt64) {
        precondition(self.commands.isEmpty && self.unnumbered.isEmpty, "commands wait for answers")
        guard let next = self.nextSequence, (1...next).contains(sequence) else {
            preconditionFailure("\(sequence) is no number of an open session up to the next")
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
            preconditionFailure("a number was asked for before any is known")
        }
        self.nextSequence = sequence + 1
        self.commands.append(
            PendingCommand(sequence: sequence, requestID: requestID, command: command)
        )
    }

    // MARK: - Answers

    /// What an answer to a command means for its caller.
    enum Settlement: Equatable {
        /// It answers nothing that waits.
        case stray
        /// The command was decided, or never will be: this is its answer.
        case settled
        /// The server's disk is full, so neither this command was decided nor any behind it: they have no
        /// numbers any more, and are not sent again.
        case stopped([PendingCommand])
        /// This copy was not looked at; the command goes out again shortly, with
        /// ``resending(after:)``.
        case again
        /// Nobody can say any more how, or whether, it was decided.
        case unknown(sequence: UInt64)
    }

    /// An answer came: an outcome, or a refusal of the request as such.
    ///
    /// ``moreToSend()`` follows.
    mutating func answered(requestID: UInt64, refusal: Refusal?) -> Settlement {
        guard let index = self.commands.firstIndex(where: { $0.requestID == requestID }) else {
            return .stray
        }
        // Nothing answers what was not sent.
        guard self.commands[index].copiesInFlight > 0 else { return .stray }
        self.commands[index].copiesInFlight -= 1
        let pending = self.commands[index]
        guard let code = refusal?.code, !code.usesNumberUp else {
            self.remove(at: index)
            return .settled
        }
        switch code {
        case .outcomeForgotten:
            self.remove(at: index)
            return .unknown(sequence: pending.sequence)
        case .sequenceReused:
            // Something else was decided under its number.
            self.remove(at: index)
            return .settled
        case .storageFull
        where !self.waitsForStorage && index == self.commands.startIndex && pending.isUntouched:
            return .stopped(self.takeAll())
        case _ where code == .sequenceGap || code.isRetryable:
            if index == self.commands.startIndex { self.isHeldUp = true }
            self.nextToSend = min(self.nextToSend, pending.sequence)
            return .again
        case .sessionExpired where !pending.isUntouched:
            self.remove(at: index)
            return .unknown(sequence: pending.sequence)
        default:
            self.withdraw(at: index)
            return .settled
        }
    }

    /// What the session's window has room for now.
    mutating func moreToSend() -> Action { self.sendMore() }

    /// Sends a command again that was not looked at, if it is the first: those behind it were refused
    /// for its sake, and follow once it is decided.
    mutating func resending(after requestID: UInt64) -> Action {
        guard self.phase == .ready, let first = self.commands.first,
            first.requestID == requestID
        else { return .nothing }
        self.commands[self.commands.startIndex].copiesInFlight += 1
        self.nextToSend = first.sequence + 1
        return .send([self.commands[self.commands.startIndex]])
    }

    // MARK: - Giving up

    /// What becomes of a command that is given up.
    enum Withdrawal: Equatable {
        /// It was not carried out and never will be.
        case withdrawn
        /// It may have been carried out, or may yet be; it keeps its number until it is answered.
        case unknown(sequence: UInt64)
    }

    /// Gives a command up: it leaves no trace if no copy of it can have been looked at.
    ///
    /// - Returns: `nil` for what is no command without an answer.
    mutating func givenUp(requestID: UInt64) -> Withdrawal? {
        if let index = self.unnumbered.firstIndex(where: { $0.requestID == requestID }) {
            self.unnumbered.remove(at: index)
            return .withdrawn
        }
        guard let index = self.commands.firstIndex(where: { $0.requestID == requestID }) else {
            return nil
        }
        guard self.commands[index].isUntouched else {
            return .unknown(sequence: self.commands[index].sequence)
        }
        self.withdraw(at: index)
        return .withdrawn
    }

    /// Takes a command that was never decided out of its place.
    ///
    /// The last one's number is free again. In any other place a filler takes it, and those behind it
    /// go out again too. ``moreToSend()`` follows.
    private mutating func withdraw(at index: Int) {
        self.nextToSend = min(self.nextToSend, self.commands[index].sequence)
        self.commands[index].isFiller = true
        self.commands[index].command = Self.filler
        while let last = self.commands.last, last.isFiller, last.isUntouched {
            self.remove(at: self.commands.endIndex - 1)
            self.nextSequence = last.sequence
        }
    }

    /// Where the session stood when it was opened last; nothing before that.
    private(set) var standing: SessionStatus?

    mutating func lost() { self.phase = .offline }

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
            let sent = self.commands.last { !$0.isUntouched }?.sequence ?? first.sequence
            precondition(
                sent - first.sequence < Limits.sessionWindow,
                "\(sent) was sent before \(first.sequence) was answered"
            )
        }
        precondition(!self.isHeldUp || !self.commands.isEmpty, "held up by no command")
        precondition(self.phase != .ready || self.standing != nil, "open without a standing")
    }
}

extension RefusalCode {
    /// Whether a command that was refused so was decided, and has used its number up: it then says
    /// something of the command itself, and not of the frame, the server or the session.
    fileprivate var usesNumberUp: Bool { self.rawValue >= RefusalCode.invalidField.rawValue }
}
