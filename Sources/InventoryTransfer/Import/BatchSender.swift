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
///
/// The record of the import's run has how many commands of all those requests were refused, so that those of
/// forgotten requests are counted too. See ``ImportRunHandle``.
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

    private let host: any TransferHost
    private let run: ImportRunHandle?
    /// Refused commands of the requests that were resent.
    private var replayedRefusalCount = 0
    private var isResumeNoted = false

    /// Begins the import's run, or resumes it, and opens the session of its requests.
    ///
    /// - Throws: As ``ImportRunHandle/begin()`` and the client do.
    static func begin(_ host: any TransferHost) async throws -> BatchSender {
        try await host.importRun?.begin()
        return BatchSender(host, try await host.client.openSession())
    }

    /// Creates a sender from the session's current status.
    private init(_ host: any TransferHost, _ status: SessionStatus) {
        self.host = host
        self.run = host.importRun
        self.client = host.client
        self.done = status.lastSequence
        self.first = min(max(1, status.oldestRemembered), status.lastSequence + 1)
        (self.answers, self.continuation) = AsyncStream.makeStream()
        self.iterator = self.answers.makeAsyncIterator()
        self.client.resume(from: self.first)
    }

    /// Sends the next request, and waits while too many are in flight (back-pressure).
    ///
    /// - Parameters:
    ///   - make: Encodes the request; not called if the request is skipped.
    ///   - mayBeEmpty: Whether the request may have no commands and only use its number up.
    ///   - row: The first row of the file in the request; `nil` if it has none.
    ///   - receive: Gets the outcome during a later call; `nil` if an earlier run had sent the request and
    ///     its outcome is forgotten.
    /// - Throws: ``Failure`` if a whole request is refused, or the client's error.
    func send(
        _ make: () -> EncodedCommand,
        mayBeEmpty: Bool = false,
        row: Int? = nil,
        _ receive: @escaping (Outcome?) throws -> Void
    ) async throws {
        let number = self.next
        self.next += 1
        guard number >= self.first else {
            try receive(nil)
            return
        }
        if number > self.done, let row { self.noteResumed(before: row) }
        while self.waiting.count >= self.inFlightNow { try await self.receiveOutcome() }
        self.waiting[number] = Waiting(mayBeEmpty: mayBeEmpty, receive: receive)
        let continuation = self.continuation
        self.client.send(make(), number: number) { continuation.yield((number, $0)) }
    }

    /// Whether an earlier run had sent the next request, and it was decided.
    var isRetrying: Bool { self.next <= self.done }

    /// Waits for the outcomes of all requests in flight.
    func finish() async throws {
        while !self.waiting.isEmpty { try await self.receiveOutcome() }
    }

    private func receiveOutcome() async throws {
        guard let (number, result) = await self.iterator.next(),
            let waiting = self.waiting.removeValue(forKey: number)
        else { return }
        let outcome = try result.get()
        if number <= self.done { self.replayedRefusalCount += outcome.rowRefusalCount }
        self.inFlightNow =
            outcome.isWhole ? min(self.inFlightNow + 1, Self.inFlightMax) : Self.inFlightMin
        guard case .refused(let refusal) = outcome, !waiting.mayBeEmpty else {
            try waiting.receive(outcome)
            return
        }
        // The rows now encode to another request; the earlier run's was decided.
        guard refusal.code == .sequenceReused, number <= self.done else {
            // Only a client that imports at the same time can have used a number that was free.
            let isUsed = refusal.code == .sequenceReused || refusal.code == .outcomeForgotten
            if isUsed, number > self.done { throw ImportRunHandle.isInProgress }
            throw Failure("request \(number)", refused: refusal)
        }
        try waiting.receive(nil)
    }

    // MARK: - The run

    /// Says once that, and where, an earlier process had stopped.
    private func noteResumed(before row: Int? = nil) {
        guard self.done > 0, !self.isResumeNoted else { return }
        self.isResumeNoted = true
        guard !self.host.isQuiet else { return }
        let place = row.map { ", before row \($0)" } ?? ", after the last row"
        self.host.note("  note  resumed where an earlier run stopped\(place)")
    }

    /// Refused commands of requests whose outcomes are forgotten.
    private var forgottenRefusalCount: Int {
        let all = Int(clamping: self.run?.earlier?.refusedCommands ?? 0)
        return max(0, all - self.replayedRefusalCount)
    }

    /// Records the run as finished, with the rows that an earlier process had refused and cannot be named now.
    ///
    /// - Parameter counts: The counts of the rows as far as their outcomes are known.
    /// - Returns: The counts of all rows.
    /// - Throws: ``Failure`` if the record is refused, or the client's error.
    func endRun(_ counts: RowCounts) async throws -> RowCounts {
        self.noteResumed()
        var counts = counts
        counts.rejected += self.forgottenRefusalCount
        try await self.run?.finish(ImportCounts(counts), alreadyThere: counts.recorded)
        return counts
    }

    /// Notes how many rows of an earlier run have forgotten outcomes.
    func noteForgotten(_ messages: any TransferMessages) {
        guard self.first > 1 else { return }
        let rows = DecimalText.grouped(String(Int(self.first - 1) * Self.rowsMax))
        guard self.forgottenRefusalCount > 0 else { return }
        let count = DecimalText.grouped(String(self.forgottenRefusalCount))
        messages.note(
            "  note  of about \(rows) rows that an earlier run sent, \(count) \(count == "1" ? "was" : "were") rejected and can no longer "
                + "be listed"
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
