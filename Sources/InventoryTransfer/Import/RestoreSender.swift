internal import Bytes
import InventoryClient
internal import InventoryModel

/// Pipelines the requests of a whole import in order; each is executed once however often the import runs.
///
///     actor  ─▶ a connection and a session of that actor       request n of a session has sequence n
///
/// A step is executed as its original actor: each actor has its own session, named after the import.
/// Requests of different actors are never in flight at the same time, so all are decided in the file's
/// order, and an interrupted import has decided a prefix of them. A retry does not resend that prefix; it
/// reads the LSNs of its steps from the ledger.
final class RestoreSender {
    /// A request and its expected outcome.
    struct Request {
        var commands: [Command] = []
        var mode = BatchMode.independent
        /// The ids that commands must create, by the command's index.
        var ids: [Int: UInt64] = [:]
        /// The number of the first step in the request.
        var firstStep = 0
        var stepCount = 0
        /// Whether each command is a step.
        var makesStep: [Bool] = []
        /// The file's line of each command; 0 for none.
        var lines: [Int] = []
        /// Whether the commands may be refused.
        var isOptional = false
    }

    private struct Lane {
        var client: InventoryClient?
        /// The number of requests decided by an earlier run.
        var done: UInt64
        var next: UInt64 = 1
    }

    private static let inFlightMax = 8
    /// The most open connections; at the limit those of actors are closed, and reopened on demand.
    private static let connectionsMax = 64

    private let host: any TransferHost
    private let name: String
    /// Whether this is a dry run, which sends nothing.
    private let isDry: Bool
    /// Lanes by actor; the import's own lane has the key `nil`.
    private var lanes: [String?: Lane] = [:]
    private var current: String??
    /// The LSNs of the steps.
    private(set) var steps = StepNumbers()
    /// Whether this run resumes an earlier one.
    private(set) var isResumed = false
    private var inFlight: [Request] = []
    private let outcomes: AsyncStream<Result<Outcome, ClientError>>
    private let continuation: AsyncStream<Result<Outcome, ClientError>>.Continuation
    private var iterator: AsyncStream<Result<Outcome, ClientError>>.Iterator

    init(_ host: any TransferHost, name: String, isDry: Bool) {
        self.host = host
        self.name = name
        self.isDry = isDry
        (self.outcomes, self.continuation) = AsyncStream.makeStream()
        self.iterator = self.outcomes.makeAsyncIterator()
    }

    /// Opens the session of the import itself.
    func begin() async throws {
        let status = try await self.host.client.openSession()
        self.isResumed = status.lastSequence > 0
        self.lanes[nil] = Lane(client: self.host.client, done: status.lastSequence)
        if self.isResumed { try await self.readSteps() }
    }

    func end() async {
        for (actor, lane) in self.lanes where actor != nil { try? await lane.client?.close() }
    }

    // MARK: - Sending

    /// Sends a request as an actor, or as the import itself, once those of other actors are decided.
    func send(_ request: Request, as actor: String?) async throws {
        guard !request.commands.isEmpty else { return }
        if self.isDry {
            for number in request.firstStep..<request.firstStep + request.stepCount {
                self.steps.append(LSN(UInt64(number)))
            }
            return
        }
        if self.current != .some(actor) {
            try await self.drain()
            self.current = .some(actor)
        }
        var lane = try await self.lane(actor)
        lane.next += 1
        self.lanes[actor] = lane
        if lane.next - 1 <= lane.done {
            try await self.skip(request)
            return
        }
        if lane.done == 0, request.stepCount > 0, request.firstStep <= self.steps.count {
            throw Self.failure(
                "the server has forgotten the session of an earlier run, or another run is active"
            )
        }
        while self.inFlight.count >= Self.inFlightMax { try await self.receiveOutcome() }
        self.inFlight.append(request)
        let continuation = self.continuation
        lane.client?.send(.batch(request.commands, request.mode)) { continuation.yield($0) }
    }

    /// Waits until all requests are decided.
    func drain() async throws {
        while !self.inFlight.isEmpty { try await self.receiveOutcome() }
    }

    private func lane(_ actor: String?) async throws -> Lane {
        if let lane = self.lanes[actor], lane.client != nil { return lane }
        if self.lanes.values.count(where: { $0.client != nil }) >= Self.connectionsMax {
            await self.end()
            for other in self.lanes.keys where other != nil { self.lanes[other]?.client = nil }
        }
        let session = SessionID(hashing: "\(self.name)\u{0}\(actor ?? "")")
        var configuration = try self.host.configuration(session: session)
        configuration.actor = actor ?? ""
        configuration.continuesSession = true
        let client = InventoryClient(configuration)
        let status = try await client.openSession()
        return Lane(
            client: client,
            done: status.lastSequence,
            next: self.lanes[actor]?.next ?? 1
        )
    }

    // MARK: - Outcomes

    private func receiveOutcome() async throws {
        guard let result = await self.iterator.next() else { return }
        let request = self.inFlight.removeFirst()
        let outcomes: [Outcome] =
            switch try result.get() {
            case .batch(let outcomes): outcomes
            case let outcome: [outcome]
            }
        for (index, outcome) in outcomes.enumerated() {
            switch outcome {
            case .done(let done): try self.apply(done, index, of: request)
            case .refused(let refusal):
                if request.isOptional { continue }
                let place =
                    if case .batch(let inner, _) = refusal.detail { Int(inner) } else { index }
                let line = request.lines.indices.contains(place) ? request.lines[place] : 0
                throw Self.failure(
                    (line > 0 ? "line \(line): " : "") + self.host.sentence(refusal.innermost)
                )
            case .batch, .errorsOnly: continue
            }
        }
    }

    private func apply(_ done: Outcome.Done, _ index: Int, of request: Request) throws {
        let isAtomic = request.mode == .atomicErrorsOnly
        for (place, expected) in request.ids where isAtomic || place == index {
            let id = isAtomic ? done.ids[place] : done.id
            guard id == expected else {
                throw Self.failure("object \(expected) of the export got the id \(id) here")
            }
        }
        guard isAtomic ? request.stepCount > 0 : request.makesStep[index] else { return }
        // The step may be known already, from the ledger.
        if done.lsn > self.steps.lastLSN { self.steps.append(done.lsn) }
    }

    static func failure(_ what: String) -> Failure {
        Failure(
            "not_restored",
            what,
            hint: """
                The database keeps what was restored so far and is not equal to the export. Did another \
                client write to it? Start again with an empty database.
                """,
            exit: Exit.conflict
        )
    }

    // MARK: - Resuming

    private func skip(_ request: Request) async throws {
        let last = request.firstStep + request.stepCount - 1
        if request.stepCount > 0, last > self.steps.count { try await self.readSteps() }
        guard request.stepCount == 0 || last <= self.steps.count else {
            throw Self.failure("step \(last) was recorded, but is not in the ledger")
        }
    }

    /// Reads the LSNs of the steps that are not known yet from the ledger.
    private func readSteps() async throws {
        for try await part in self.host.client.rows(of: .ledger(LedgerQuery(isNewestFirst: false)))
        {
            for row in try part.rows(as: RecordedStep.self) where row.lsn > self.steps.lastLSN {
                self.steps.append(row.lsn)
            }
        }
    }
}

/// The LSN of a row of the ledger.
private struct RecordedStep: AnswerRow {
    var lsn: LSN

    init(from row: inout RowReader) throws(ClientError) { self.lsn = try row.lsn("lsn") }
}
