internal import Bytes
import InventoryClient
internal import InventoryModel

/// Sends the requests of a whole import in their order, several at once, each carried out once however
/// often the import is run.
///
///     actor  ─▶ a connection and a session of that actor       request n of a session is its number n
///
/// A step is done by who did it: each actor has a session of its own, named after the import. Requests of
/// different actors are not on their way at the same time, so all are decided in the file's order, and
/// what was decided when an import was stopped is the first so many of them. What was decided is not sent
/// again; where the steps in it are is then told by the ledger.
final class RestoreSender {
    /// A request and what it must come to.
    struct Request {
        var commands: [Command] = []
        var mode = BatchMode.independent
        /// The id that the command at a place must get.
        var ids: [Int: UInt64] = [:]
        /// The steps that it makes, and for each command whether it makes one.
        var firstStep = 0
        var stepCount = 0
        var makesStep: [Bool] = []
        /// The line of each command.
        var lines: [Int] = []
        /// Whether its commands may be refused.
        var isOptional = false
    }

    private struct Lane {
        var client: InventoryClient?
        /// Requests that were decided by an earlier run.
        var done: UInt64
        var next: UInt64 = 1
    }

    private static let inFlightMax = 8
    /// Connections that are kept open: those of more actors are closed and opened again.
    private static let connectionsMax = 64

    private let host: any TransferHost
    private let name: String
    /// Whether nothing is sent.
    private let isDry: Bool
    /// By actor; that of the import itself has none.
    private var lanes: [String?: Lane] = [:]
    private var current: String??
    /// Where the steps are.
    private(set) var steps = StepNumbers()
    /// Whether an earlier run had begun.
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
        let standing = try await self.host.client.openSession()
        self.isResumed = standing.lastSequence > 0
        self.lanes[nil] = Lane(client: self.host.client, done: standing.lastSequence)
        if self.isResumed { try await self.readSteps() }
    }

    func end() async {
        for (actor, lane) in self.lanes where actor != nil { try? await lane.client?.close() }
    }

    // MARK: - Sending

    /// Sends a request of an actor, or of the import itself, once those of other actors are decided.
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
            try await self.passOver(request)
            return
        }
        if lane.done == 0, request.stepCount > 0, request.firstStep <= self.steps.count {
            throw Self.failure(
                "the server has forgotten what an earlier run did, or another one runs"
            )
        }
        while self.inFlight.count >= Self.inFlightMax { try await self.takeOne() }
        self.inFlight.append(request)
        let continuation = self.continuation
        lane.client?.send(.batch(request.commands, request.mode)) { continuation.yield($0) }
    }

    /// Waits until everything is decided.
    func drain() async throws {
        while !self.inFlight.isEmpty { try await self.takeOne() }
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
        let standing = try await client.openSession()
        return Lane(
            client: client,
            done: standing.lastSequence,
            next: self.lanes[actor]?.next ?? 1
        )
    }

    // MARK: - Outcomes

    private func takeOne() async throws {
        guard let result = await self.iterator.next() else { return }
        let request = self.inFlight.removeFirst()
        let outcomes: [Outcome] =
            switch try result.get() {
            case .batch(let outcomes): outcomes
            case let outcome: [outcome]
            }
        for (index, outcome) in outcomes.enumerated() {
            switch outcome {
            case .done(let done): try self.take(done, index, of: request)
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

    private func take(_ done: Outcome.Done, _ index: Int, of request: Request) throws {
        let isAtomic = request.mode == .atomicErrorsOnly
        for (place, wanted) in request.ids where isAtomic || place == index {
            let id = isAtomic ? done.ids[place] : done.id
            guard id == wanted else {
                throw Self.failure("number \(wanted) of the export is number \(id) here")
            }
        }
        guard isAtomic ? request.stepCount > 0 : request.makesStep[index] else { return }
        // An earlier run may have been told of it by the ledger.
        if done.lsn > self.steps.lastLSN { self.steps.append(done.lsn) }
    }

    static func failure(_ what: String) -> Failure {
        Failure(
            "not_restored",
            what,
            wayOut: """
                What was restored so far stays, and is not equal. Did something else write to this \
                database? Begin again with an empty one.
                """,
            exit: Exit.conflict
        )
    }

    // MARK: - What an earlier run did

    private func passOver(_ request: Request) async throws {
        let last = request.firstStep + request.stepCount - 1
        if request.stepCount > 0, last > self.steps.count { try await self.readSteps() }
        guard request.stepCount == 0 || last <= self.steps.count else {
            throw Self.failure("step \(last) was recorded, but is not in the ledger")
        }
    }

    /// Reads where the steps are, beyond those that are known.
    private func readSteps() async throws {
        for try await part in self.host.client.rows(of: .ledger(LedgerQuery(isNewestFirst: false)))
        {
            for row in try part.rows(as: RecordedStep.self) where row.lsn > self.steps.lastLSN {
                self.steps.append(row.lsn)
            }
        }
    }
}

/// What a row of the ledger says of its step.
private struct RecordedStep: AnswerRow {
    var lsn: LSN

    init(from row: inout RowReader) throws(ClientError) { self.lsn = try row.lsn("lsn") }
}
