import InventoryClient
internal import InventoryModel

/// Pipelines the numbered requests of one session, and resumes where an earlier run of the same import
/// stopped.
///
/// Request n has sequence number n, and only the file decides which rows request n has. A retry resends
/// the requests whose outcomes the server still remembers: none is executed twice, and refusals are
/// reported again. Older requests are skipped.
///
///     1 … first − 1       first … done                done + 1 …
///     forgotten           resent, replayed            decided now
final class BatchSender {
    private let client: InventoryClient
    private let first: UInt64
    /// Requests up to this one were decided in an earlier run.
    let done: UInt64
    private var next: UInt64 = 1
    private var waiting: [UInt64: Waiting] = [:]
    private let answers: AsyncStream<(UInt64, Result<Outcome, ClientError>)>
    private let continuation: AsyncStream<(UInt64, Result<Outcome, ClientError>)>.Continuation
    private var iterator: AsyncStream<(UInt64, Result<Outcome, ClientError>)>.Iterator

    private struct Waiting {
        var mayBeEmpty: Bool
        var receive: (Outcome?) throws -> Void
    }

    /// The most commands or lines of one request.
    ///
    /// The server decides a request in one piece; this many take about two milliseconds even if each is
    /// refused.
    static let rowsMax = 250
    /// The most commands of a request with one outcome each, so that the server can remember its outcome.
    static let answeredRowsMax = 250
    private static let inFlightMin = 8
    /// The most requests in flight; the current limit grows by one with each outcome without refusals.
    ///
    /// It keeps the server busy while earlier requests are synced. A session remembers
    /// ``Limits/sessionWindow`` outcomes without refusals.
    private static let inFlightMax = 128
    private var inFlightNow = BatchSender.inFlightMin

    /// Creates a sender from the session's current status.
    init(_ client: InventoryClient, _ status: SessionStatus) {
        self.client = client
        self.done = status.lastSequence
        self.first = min(max(1, status.oldestRemembered), status.lastSequence + 1)
        (self.answers, self.continuation) = AsyncStream.makeStream()
        self.iterator = self.answers.makeAsyncIterator()
        client.resume(from: self.first)
    }

    /// Sends the next request, and waits while too many are in flight (back-pressure).
    ///
    /// - Parameters:
    ///   - make: Encodes the request; not called if the request is skipped.
    ///   - mayBeEmpty: Whether the request may have no commands and only use its number up.
    ///   - receive: Gets the outcome during a later call; `nil` if an earlier run had sent the request and
    ///     its outcome is forgotten.
    /// - Throws: ``Failure`` if a whole request is refused, or the client's error.
    func send(
        _ make: () -> EncodedCommand,
        mayBeEmpty: Bool = false,
        _ receive: @escaping (Outcome?) throws -> Void
    ) async throws {
        let number = self.next
        self.next += 1
        guard number >= self.first else {
            try receive(nil)
            return
        }
        while self.waiting.count >= self.inFlightNow { try await self.receiveOutcome() }
        self.waiting[number] = Waiting(mayBeEmpty: mayBeEmpty, receive: receive)
        let continuation = self.continuation
        self.client.send(make()) { continuation.yield((number, $0)) }
    }

    /// Waits for the outcomes of all requests in flight.
    func finish() async throws {
        while !self.waiting.isEmpty { try await self.receiveOutcome() }
    }

    private func receiveOutcome() async throws {
        guard let (number, result) = await self.iterator.next(),
            let waiting = self.waiting.removeValue(forKey: number)
        else { return }
        let outcome = try result.get()
        self.inFlightNow =
            outcome.isWhole ? min(self.inFlightNow + 1, Self.inFlightMax) : Self.inFlightMin
        guard case .refused(let refusal) = outcome, !waiting.mayBeEmpty else {
            try waiting.receive(outcome)
            return
        }
        // The rows now encode to another request; the earlier run's was decided.
        guard refusal.code == .sequenceReused, number <= self.done else {
            throw Failure("request \(number)", refused: refusal)
        }
        try waiting.receive(nil)
    }

    /// Notes how many rows of an earlier run have forgotten outcomes.
    func noteForgotten(_ messages: any TransferMessages) {
        guard self.first > 1 else { return }
        let rows = DecimalText.grouped(String(Int(self.first - 1) * Self.rowsMax))
        messages.note(
            "  note  an earlier run sent about \(rows) rows whose outcomes are forgotten: some may have "
                + "been refused"
        )
    }
}

extension Outcome {
    /// Whether no command was refused.
    fileprivate var isWhole: Bool {
        switch self {
        case .errorsOnly(let errorsOnly): errorsOnly.refused.isEmpty
        case .batch(let outcomes): outcomes.allSatisfy { $0.isWhole }
        case .done: true
        case .refused: false
        }
    }
}

extension Failure {
    /// The failure of a whole request, which `what` names.
    init(_ what: String, refused refusal: Refusal) {
        self.init(
            refusal.code.name,
            "\(what)  " + refusal.facts(decimals: 0, currency: "", sku: nil),
            hint: refusal.code.hint,
            number: refusal.code.rawValue,
            exit: Exit.code(for: refusal)
        )
    }
}
