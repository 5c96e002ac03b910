internal import InventoryModel
internal import InventoryWire

/// Commands that were sent, or are to be sent, with an idempotency key, and have no answer yet.
///
///     submitted ──sent──▶ in flight ──answered──▶ settled
///         ▲                   │
///         └── lost, refused for now ┘        a copy that was lost may have been executed
///
/// Each stands for itself: they need no session, and no order. A plain value; ``ClientCore`` performs what
/// it returns.
struct KeyedCommands {
    struct Pending: Equatable {
        var requestID: UInt64
        var key: IdempotencyKey
        /// When the command was first sent, by the server's clock: before it was sent, `nil`.
        var firstTried: Instant?
        var command: EncodedCommand
        /// How many copies were sent that nothing is known of.
        var copiesInFlight = 0
        /// How many copies were sent at all.
        var copiesSent = 0
        /// When the first of them was sent, by the server's clock.
        var firstSent: Instant?
        /// Whether a copy is on its way over the connection that is open.
        var isOnItsWay = false
    }

    private var pending: [UInt64: Pending] = [:]
    /// Whether a command goes out again while the server's disk is full.
    private let waitsForStorage: Bool

    init(waitsForStorage: Bool = true) { self.waitsForStorage = waitsForStorage }

    var isEmpty: Bool { self.pending.isEmpty }

    /// A command was given: it goes out with ``takeUnsent(at:)``.
    mutating func submitted(_ command: Pending) { self.pending[command.requestID] = command }

    /// The commands to send now, in the order in which they were given.
    ///
    /// `time`: Of the server's clock.
    mutating func takeUnsent(at time: Instant) -> [Pending] {
        self.pending.values.filter { !$0.isOnItsWay }.map { $0.requestID }.sorted()
            .compactMap { self.take($0, at: time) }
    }

    /// The command to send again that was refused for now; `nil` if it is settled or on its way.
    mutating func takeAgain(_ requestID: UInt64, at time: Instant) -> Pending? {
        guard let command = self.pending[requestID], !command.isOnItsWay else { return nil }
        return self.take(requestID, at: time)
    }

    private mutating func take(_ requestID: UInt64, at time: Instant) -> Pending? {
        guard var command = self.pending[requestID] else { return nil }
        if command.firstTried == nil { command.firstTried = time }
        if command.firstSent == nil { command.firstSent = time }
        command.isOnItsWay = true
        command.copiesInFlight += 1
        command.copiesSent += 1
        self.pending[requestID] = command
        return command
    }

    /// The connection is gone: what was on its way may have been executed.
    mutating func lost() {
        for requestID in self.pending.keys { self.pending[requestID]?.isOnItsWay = false }
    }

    // MARK: - Answers

    enum Settlement: Equatable {
        /// It answers nothing that waits.
        case stray
        /// The command was decided, or never will be: this is its answer. `isReplayed`: whether an earlier
        /// call had it decided, as far as that can be known.
        case settled(isReplayed: Bool)
        /// This copy was not looked at: ``takeAgain(_:at:)`` a moment later.
        case again
        /// Nobody can say any more how, or whether, it was decided.
        case unknown(IdempotencyKey)
    }

    /// An answer came: an outcome, or a refusal of the request as such.
    ///
    /// `time`: When what it says was done, if anything was. `isReplay`: whether the server said so.
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
        command.isOnItsWay = false
        if let refusal, self.retries(refusal.code, command) {
            self.pending[requestID] = command
            return .again
        }
        self.pending[requestID] = nil
        if refusal?.code == .outcomeForgotten, command.copiesInFlight > 0 {
            return .unknown(command.key)
        }
        guard isReplay, command.copiesSent > 1 else { return .settled(isReplayed: isReplay) }
        // An earlier copy of this very call may have had it decided.
        guard let time, let firstSent = command.firstSent else {
            return .settled(isReplayed: false)
        }
        return .settled(isReplayed: time < firstSent)
    }

    /// Whether a command that was refused so goes out again: also for a full disk where an earlier copy may
    /// have been executed before it was full.
    private func retries(_ code: RefusalCode, _ command: Pending) -> Bool {
        code.isRetryable
            && (code != .storageFull || self.waitsForStorage || command.copiesInFlight > 0)
    }

    // MARK: - Giving up

    enum Withdrawal: Equatable {
        /// It was not executed and never will be.
        case withdrawn
        /// It may have been executed, or may yet be; the same key settles it.
        case unknown(IdempotencyKey)
    }

    /// Gives a command up; `nil` if it has its answer.
    mutating func givenUp(requestID: UInt64) -> Withdrawal? {
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
                !command.isOnItsWay || command.copiesInFlight > 0,
                "request \(requestID) is on its way without a copy"
            )
            precondition(
                (command.firstSent == nil) == (command.copiesSent == 0),
                "request \(requestID) was sent \(command.copiesSent) times, and first never"
            )
        }
    }
}
