import InventoryClient
internal import InventoryModel

/// Sends numbered requests of one session, several at once, and goes on where an earlier run of the
/// same import was stopped.
///
/// Request n is sequence number n, and the file alone decides which of its rows request n is for. What
/// an earlier run had decided is given again as far back as the server remembers its answers: nothing
/// is carried out twice, and what was refused then is known again. What lies further back is passed
/// over.
///
///     1 … first − 1       first … done                done + 1 …
///     forgotten           asked again, answered       decided now
///                         as it was
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
        var take: (Outcome?) throws -> Void
    }

    /// Commands or lines of one request: so few that the server, which decides a request in one piece, takes
    /// some two milliseconds for it even if it refuses each.
    static let rowsMax = 250
    /// Commands of one request that is answered one by one, so that its outcome can be remembered.
    static let answeredRowsMax = 250
    private static let inFlightMin = 8
    /// So many may be in flight after as many answers without a refusal.
    ///
    /// Enough that the server has work while what it did is synced; of answers without refusals a session
    /// remembers ``Limits/sessionWindow``.
    private static let inFlightMax = 128
    private var inFlightNow = BatchSender.inFlightMin

    /// `standing`: Where the session stands, as the server said just now.
    init(_ client: InventoryClient, _ standing: SessionStatus) {
        self.client = client
        self.done = standing.lastSequence
        self.first = min(max(1, standing.oldestRemembered), standing.lastSequence + 1)
        (self.answers, self.continuation) = AsyncStream.makeStream()
        self.iterator = self.answers.makeAsyncIterator()
        client.resume(from: self.first)
    }

    /// Sends the next request, once there is room.
    ///
    /// `make` is called if it is to be sent. One without commands uses its number up and nothing else,
    /// where it `mayBeEmpty`. `take` gets the answer, during a later call; nothing where
    /// an earlier run had sent the request and the answer is not to be had any more.
    func send(
        _ make: () -> EncodedCommand,
        mayBeEmpty: Bool = false,
        _ take: @escaping (Outcome?) throws -> Void
    ) async throws {
        let number = self.next
        self.next += 1
        guard number >= self.first else {
            try take(nil)
            return
        }
        while self.waiting.count >= self.inFlightNow { try await self.takeOne() }
        self.waiting[number] = Waiting(mayBeEmpty: mayBeEmpty, take: take)
        let continuation = self.continuation
        self.client.send(make()) { continuation.yield((number, $0)) }
    }

    /// Waits for the answers of all that was sent.
    func finish() async throws {
        while !self.waiting.isEmpty { try await self.takeOne() }
    }

    private func takeOne() async throws {
        guard let (number, result) = await self.iterator.next(),
            let waiting = self.waiting.removeValue(forKey: number)
        else { return }
        let outcome = try result.get()
        self.inFlightNow =
            outcome.isWhole ? min(self.inFlightNow + 1, Self.inFlightMax) : Self.inFlightMin
        guard case .refused(let refusal) = outcome, !waiting.mayBeEmpty else {
            try waiting.take(outcome)
            return
        }
        // What its rows are for has changed since: they were decided as they were then.
        guard refusal.code == .sequenceReused, number <= self.done else {
            throw Failure(
                refusal.code.name,
                "request \(number)  " + refusal.facts(decimals: 0, currency: "", sku: nil),
                wayOut: refusal.code.wayOut,
                number: refusal.code.rawValue,
                exit: Exit.code(for: refusal)
            )
        }
        try waiting.take(nil)
    }

    /// Tells what of an earlier run can't be told any more.
    func noteForgotten(_ messages: any TransferMessages) {
        guard self.first > 1 else { return }
        let rows = DecimalText.grouped(String(Int(self.first - 1) * Self.rowsMax))
        messages.note(
            "  note  an earlier run had sent about \(rows) rows so long ago that which of them were "
                + "refused is not remembered"
        )
    }
}

extension Outcome {
    /// Whether nothing of it was refused.
    fileprivate var isWhole: Bool {
        switch self {
        case .errorsOnly(let errorsOnly): errorsOnly.refused.isEmpty
        case .batch(let outcomes): outcomes.allSatisfy { $0.isWhole }
        case .done: true
        case .refused: false
        }
    }
}
