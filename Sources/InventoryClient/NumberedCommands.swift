internal import InventoryModel
internal import InventoryWire

/// The commands of a session that have a number and no answer yet.
///
///     1 2 3 4 5 6 7 8 9 …       ascending numbers
///     └ answered ┘└ sent ┘└ unsent: beyond the window, or behind a command that is retried
///
/// Commands keep their sequence numbers and their bytes until they are answered, and are retried after a
/// reconnect: the server executes each once (idempotency) and returns the same answer again. No more are in
/// flight than the server remembers outcomes of. A plain value; ``ClientStateMachine`` knows when to send.
///
/// A command that ends undecided leaves its number to a filler, so that those behind it can be decided. Not so
/// one whose caller chose the number, since the number says which command it is: it and all behind it end.
struct NumberedCommands {
    /// A command that has a number and no answer yet.
    struct Pending: Equatable {
        var sequence: UInt64
        var requestID: UInt64
        var command: EncodedCommand
        /// The number of copies that were sent and have no answer.
        ///
        /// A copy lost with its connection counts forever: it may have been executed.
        var copiesInFlight = 0
        /// Whether its caller chose the number: then no other command is sent under it in its place.
        var isExact = false
        /// Whether it only consumes its number, in place of a command that will not be sent.
        var isFiller = false

        /// Whether no copy can have been executed, or can still be.
        var isWithdrawable: Bool { self.copiesInFlight == 0 }
    }

    /// By ascending number.
    private(set) var pending: ArraySlice<Pending> = []
    /// The number of the next command; `nil` until the session's are known.
    private var next: UInt64?
    /// The number of the next command to send over this connection.
    private var nextToSend: UInt64 = 1
    /// Whether the first command got a retryable refusal: until it is decided, the others would get one too.
    private var isBlocked = false
    /// Whether commands are retried while the server's disk is full.
    let waitsForStorage: Bool

    /// The command sent in place of one that was withdrawn.
    ///
    /// The server refuses it as invalid: it changes nothing but consumes the number, so that the commands
    /// behind it can be decided.
    static let filler = Command.batch([], .independent).encoded

    /// Commands that begin with the number `next`, or with that of ``begin(after:)``.
    init(from next: UInt64?, waitsForStorage: Bool) {
        self.next = next
        self.waitsForStorage = waitsForStorage
    }

    var isEmpty: Bool { self.pending.isEmpty }
    /// Whether the number of the next command is known.
    var isNumbering: Bool { self.next != nil }

    // MARK: - Numbers

    /// The session is open, and `last` was its last number when it was opened.
    mutating func begin(after last: UInt64) { if self.next == nil { self.next = last + 1 } }

    /// Sets the number of the next command.
    ///
    /// - Precondition: No command waits, and the number is at most the next one.
    mutating func resume(from sequence: UInt64) {
        precondition(self.pending.isEmpty, "commands wait for answers")
        guard let next, (1...next).contains(sequence) else {
            preconditionFailure("\(sequence) is not a number of an open session up to the next")
        }
        self.next = sequence
    }

    mutating func append(_ command: EncodedCommand, requestID: UInt64) {
        guard let sequence = self.next else {
            preconditionFailure("a command is numbered before the session is open")
        }
        self.next = sequence + 1
        self.pending.append(Pending(sequence: sequence, requestID: requestID, command: command))
    }

    /// Appends a command whose caller chose its number.
    ///
    /// - Returns: Whether it is the next number. It is not if a command before it ended without being decided: the
    ///   caller has yet to see that.
    mutating func append(_ command: EncodedCommand, requestID: UInt64, number: UInt64) -> Bool {
        guard number == self.next else { return false }
        self.append(command, requestID: requestID)
        self.pending[self.pending.endIndex - 1].isExact = true
        return true
    }

    /// Removes all commands and returns them; the numbers of those that were never decided are free again.
    mutating func takeAll() -> [Pending] { self.takeAll(from: self.pending.startIndex) }

    /// Removes the command at `index` and all behind it, none of which was decided or will be: their numbers are
    /// free again.
    private mutating func takeAll(from index: Int) -> [Pending] {
        guard index < self.pending.endIndex else { return [] }
        let sequence = self.pending[index].sequence
        let taken = self.pending[index...].filter { !$0.isFiller }
        if index == self.pending.startIndex { self.isBlocked = false }
        self.pending.removeSubrange(index...)
        if self.pending.isEmpty { self.pending = [] }
        self.next = sequence
        self.nextToSend = min(self.nextToSend, sequence)
        return taken
    }

    // MARK: - Sending

    /// All of them are to be sent over a new connection.
    mutating func reconnected() {
        self.isBlocked = false
        self.nextToSend = self.pending.first?.sequence ?? self.nextToSend
    }

    /// Returns the unsent commands within the session's window, which bounds both outcomes and their bytes, and
    /// marks them as sent.
    ///
    /// If more were decided than the server remembers, a lost outcome could not be retrieved by a retry.
    mutating func takeUnsent() -> [Pending] {
        guard !self.isBlocked, let first = self.pending.first else { return [] }
        let end = first.sequence + UInt64(Limits.sessionWindow)
        var sent: [Pending] = []
        let start = self.index(of: self.nextToSend)
        var byteCount = 0
        for command in self.pending[..<start] { byteCount += command.command.outcomeByteCountMax }
        for index in start..<self.pending.endIndex {
            byteCount += self.pending[index].command.outcomeByteCountMax
            // The first always fits: its outcome is far smaller than the session's limit.
            guard self.pending[index].sequence < end,
                byteCount <= Limits.sessionOutcomeByteCountMax
            else { break }
            self.pending[index].copiesInFlight += 1
            sent.append(self.pending[index])
        }
        if let furthest = sent.last { self.nextToSend = furthest.sequence + 1 }
        return sent
    }

    /// Returns a command that was not processed, marked as sent again, if it is the first.
    mutating func takeAgain(_ requestID: UInt64) -> Pending? {
        guard let first = self.pending.first, first.requestID == requestID else { return nil }
        self.pending[self.pending.startIndex].copiesInFlight += 1
        self.nextToSend = first.sequence + 1
        return self.pending.first
    }

    /// Returns the index of the first command with this number or a higher one.
    private func index(of sequence: UInt64) -> Int {
        var low = self.pending.startIndex
        var high = self.pending.endIndex
        while low < high {
            let middle = (low + high) / 2
            if self.pending[middle].sequence < sequence { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private mutating func remove(at index: Int) {
        // It is usually the first, which costs O(1).
        if index == self.pending.startIndex {
            self.isBlocked = false
            self.pending.removeFirst()
        } else {
            self.pending.remove(at: index)
        }
        if self.pending.isEmpty { self.pending = [] }
    }

    // MARK: - Answers

    /// The meaning of an answer to a command for its caller.
    enum Settlement: Equatable {
        /// It answers no waiting command.
        case stray
        /// The command was decided, or never will be: this is its final answer.
        case settled
        /// Neither this command nor any behind it was decided, because the server's disk is full, or because
        /// nothing else may be sent under its number: they lose their numbers and are not retried.
        case stopped([Pending])
        /// This copy was not processed; the command is retried shortly with ``takeAgain(_:)``.
        case again
        /// It is no longer known how, or whether, it was decided.
        case unknown(sequence: UInt64)
    }

    /// An answer arrived: an outcome, or a refusal of the request itself.
    mutating func answered(requestID: UInt64, refusal: Refusal?) -> Settlement {
        guard let index = self.pending.firstIndex(where: { $0.requestID == requestID }) else {
            return .stray
        }
        // A command that was not sent has no answer.
        guard self.pending[index].copiesInFlight > 0 else { return .stray }
        self.pending[index].copiesInFlight -= 1
        let pending = self.pending[index]
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
        where !self.waitsForStorage && index == self.pending.startIndex && pending.isWithdrawable:
            return .stopped(self.takeAll())
        case _ where code == .sequenceGap || code.isRetryable:
            if index == self.pending.startIndex { self.isBlocked = true }
            self.nextToSend = min(self.nextToSend, pending.sequence)
            return .again
        case .sessionExpired where !pending.isWithdrawable:
            self.remove(at: index)
            return .unknown(sequence: pending.sequence)
        default:
            if pending.isExact { return .stopped(self.takeAll(from: index)) }
            self.withdraw(at: index)
            return .settled
        }
    }

    // MARK: - Giving up

    /// The state of a command whose call has ended without an answer.
    enum Withdrawal: Equatable {
        /// It was not executed and never will be, nor will these, which were to follow it.
        case withdrawn(behind: [Pending])
        /// It may have been executed, or may still be; it keeps its number until it is answered.
        case unknown(sequence: UInt64)
    }

    /// The call of a command has ended: withdraws the command if no copy can have been processed.
    ///
    /// - Returns: `nil` if no unanswered command has this id.
    mutating func abandoned(requestID: UInt64) -> Withdrawal? {
        guard let index = self.pending.firstIndex(where: { $0.requestID == requestID }) else {
            return nil
        }
        guard self.pending[index].isWithdrawable else {
            return .unknown(sequence: self.pending[index].sequence)
        }
        if self.pending[index].isExact {
            return .withdrawn(behind: Array(self.takeAll(from: index).dropFirst()))
        }
        self.withdraw(at: index)
        return .withdrawn(behind: [])
    }

    /// Removes a command that was never decided.
    ///
    /// The number of the last command is free again. Any other command is replaced with a filler, and those
    /// behind it are sent again too.
    private mutating func withdraw(at index: Int) {
        self.nextToSend = min(self.nextToSend, self.pending[index].sequence)
        self.pending[index].isFiller = true
        self.pending[index].command = Self.filler
        while let last = self.pending.last, last.isFiller, last.isWithdrawable {
            self.remove(at: self.pending.endIndex - 1)
            self.next = last.sequence
        }
    }

    // MARK: - Invariants

    /// - Complexity: O(n) for n commands without an answer.
    func checkInvariants() {
        var last: UInt64 = 0
        for command in self.pending {
            precondition(command.sequence > last, "command \(command.sequence) after \(last)")
            precondition(command.copiesInFlight >= 0, "\(command.copiesInFlight) copies sent")
            last = command.sequence
        }
        if let next { precondition(last < next, "\(next) is next after command \(last)") }
        precondition(self.next != nil || self.pending.isEmpty, "commands without numbers")
        if let first = self.pending.first {
            let sent = self.pending.last { !$0.isWithdrawable }?.sequence ?? first.sequence
            precondition(
                sent - first.sequence < Limits.sessionWindow,
                "\(sent) was sent before \(first.sequence) was answered"
            )
        }
        precondition(!self.isBlocked || !self.pending.isEmpty, "blocked by no command")
    }
}

extension RefusalCode {
    /// Whether a command refused with this code was decided and has consumed its number.
    ///
    /// Such a code is about the command itself, not the frame, the server or the session.
    fileprivate var consumesNumber: Bool { self.rawValue >= RefusalCode.invalidField.rawValue }
}
