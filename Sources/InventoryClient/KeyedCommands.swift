internal import InventoryModel
internal import InventoryWire

/// The commands with an idempotency key that have no answer yet.
///
///     submitted ──sent──▶ in flight ──answered──▶ settled
///         ▲                   │
///         └── lost or retryable ─┘        a copy that was lost may have been executed
///
/// They are independent of each other: they need no session and have no order. A plain value; ``ClientCore``
/// performs what it returns.
struct KeyedCommands {
    struct Pending: Equatable {
        var requestID: UInt64
        var key: IdempotencyKey
        /// When the command was first sent, by the server's clock; `nil` before that.
        var firstTried: Instant?
        var command: EncodedCommand
        /// The number of copies that were sent and have no answer.
        var copiesInFlight = 0
        /// The number of copies that were sent.
        var copiesSent = 0
        /// When the first copy was sent, by the server's clock.
        var firstSent: Instant?
        /// Whether a copy is in flight over the current connection.
        var isInFlight = false
    }

    private var pending: [UInt64: Pending] = [:]
    /// Whether commands are retried while the server's disk is full.
    private let waitsForStorage: Bool

    init(waitsForStorage: Bool = true) { self.waitsForStorage = waitsForStorage }

    var isEmpty: Bool { self.pending.isEmpty }

    /// A command was submitted: ``takeUnsent(at:)`` sends it.
    mutating func submitted(_ command: Pending) { self.pending[command.requestID] = command }

    /// Returns the commands to send now, in the order in which they were submitted.
    ///
    /// - Parameter time: The server's clock.
    /// - Returns: The commands, marked as sent.
    mutating func takeUnsent(at time: Instant) -> [Pending] {
        self.pending.values.filter { !$0.isInFlight }.map { $0.requestID }.sorted()
            .compactMap { self.take($0, at: time) }
    }

    /// Returns the command to retry after a retryable refusal; `nil` if it is settled or in flight.
    mutating func takeRetry(_ requestID: UInt64, at time: Instant) -> Pending? {
        guard let command = self.pending[requestID], !command.isInFlight else { return nil }
        return self.take(requestID, at: time)
    }

    private mutating func take(_ requestID: UInt64, at time: Instant) -> Pending? {
        guard var command = self.pending[requestID] else { return nil }
        if command.firstTried == nil { command.firstTried = time }
        if command.firstSent == nil { command.firstSent = time }
        command.isInFlight = true
        command.copiesInFlight += 1
        command.copiesSent += 1
        self.pending[requestID] = command
        return command
    }

    /// The connection was lost: commands in flight may have been executed.
    mutating func lost() {
        for requestID in self.pending.keys { self.pending[requestID]?.isInFlight = false }
    }

    // MARK: - Answers

    enum Settlement: Equatable {
        /// It answers no waiting command.
        case stray
        /// The command was decided, or never will be: this is its final answer.
        ///
        /// `isReplayed` is whether an earlier call had it decided, as far as that can be determined.
        case settled(isReplayed: Bool)
        /// This copy was not processed: retry with ``takeRetry(_:at:)`` after a pause.
        case again
        /// It is no longer known how, or whether, it was decided.
        case unknown(IdempotencyKey)
    }

    /// An answer arrived: an outcome, or a refusal of the request itself.
    ///
    /// - Parameters:
    ///   - requestID: The request that it answers.
    ///   - refusal: The refusal, if it is one.
    ///   - time: When the command was executed, if it was, by the server's clock.
    ///   - isReplay: Whether the server marked it as a replayed outcome.
    /// - Returns: What the answer means for the caller.
    mutating func answered(
        requestID: UInt64,
        refusal: Refusal?,
        time: Instant?,
        isReplay: Bool
    ) -> Settlement {
        guard var command = self.pending[requestID], command.copiesInFlight > 0 else {
            return .stray
        }
        command.copiesInFlight -= 1
        command.isInFlight = false
        if let refusal, self.retries(refusal.code, command) {
            self.pending[requestID] = command
            return .again
        }
        self.pending[requestID] = nil
        if refusal?.code == .outcomeForgotten, command.copiesInFlight > 0 {
            return .unknown(command.key)
        }
        guard isReplay, command.copiesSent > 1 else { return .settled(isReplayed: isReplay) }
        // An earlier copy of this call may have had it decided.
        guard let time, let firstSent = command.firstSent else {
            return .settled(isReplayed: false)
        }
        return .settled(isReplayed: time < firstSent)
    }

    /// Whether a command refused with this code is retried.
    ///
    /// It is also retried on a full disk if an earlier copy may have been executed before the disk was full.
    private func retries(_ code: RefusalCode, _ command: Pending) -> Bool {
        code.isRetryable
            && (code != .storageFull || self.waitsForStorage || command.copiesInFlight > 0)
    }

    // MARK: - Giving up

    enum Withdrawal: Equatable {
        /// It was not executed and never will be.
        case withdrawn
        /// It may have been executed, or may still be; a retry with the same key resolves it.
        case unknown(IdempotencyKey)
    }

    /// The call of a command has ended: removes the command; `nil` if it already has its answer.
    mutating func abandoned(requestID: UInt64) -> Withdrawal? {
        guard let command = self.pending.removeValue(forKey: requestID) else { return nil }
        return command.copiesInFlight == 0 ? .withdrawn : .unknown(command.key)
    }

    // MARK: - Invariants

    /// - Complexity: O(n) for n commands without an answer.
    func checkInvariants() {
        for (requestID, command) in self.pending {
            precondition(command.requestID == requestID, "\(command.requestID) under \(requestID)")
            precondition(
                (0...command.copiesSent).contains(command.copiesInFlight),
                "\(command.copiesInFlight) of \(command.copiesSent) copies have no answer"
            )
            precondition(
                !command.isInFlight || command.copiesInFlight > 0,
                "request \(requestID) is in flight without a copy"
            )
            precondition(
                (command.firstSent == nil) == (command.copiesSent == 0),
                "request \(requestID) was sent \(command.copiesSent) times without a first time"
            )
        }
    }
}
