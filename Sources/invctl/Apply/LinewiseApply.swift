import ArgumentParser
import Inventory
import InventoryClient
import InventoryWire

/// Carries out each line on its own, many at once on their way, in order.
///
/// The line's number among those that are not empty is its number in the session, also of one that is
/// wrong: an empty batch stands for it. So a run that is given again with the same id knows what was
/// decided, whatever is wrong with which line by then.
final class LinewiseApply {
    private static let inFlightMax = 512
    /// Refusals that are looked into at the server, for the names of things.
    private static let explainedMax = 100

    private let shell: Shell
    private var lines: CommandLines
    private var inFlight: [(number: Int, name: String, isWrong: Bool)] = []
    private var iterator: AsyncStream<Result<Outcome, ClientError>>.Iterator
    private let continuation: AsyncStream<Result<Outcome, ClientError>>.Continuation
    private var lineCount = 0
    private var doneCount = 0
    private var earlierCount = 0
    private var problemCount = 0
    private var firstExit: ExitCode?
    private var lastLSN: UInt64 = 0

    init(_ shell: Shell, _ stream: ByteStream) {
        self.shell = shell
        self.lines = CommandLines(shell, stream)
        let (outcomes, continuation) = AsyncStream<Result<Outcome, ClientError>>.makeStream()
        self.iterator = outcomes.makeAsyncIterator()
        self.continuation = continuation
    }

    func run() async throws {
        let standing = try await self.shell.client.openSession()
        Interruption.say(
            "lines before may have been executed; run it again with --id "
                + "\(self.shell.session.text): none is carried out twice"
        )
        do {
            while let line = try await self.lines.next(settle: self.drain) {
                self.lineCount += 1
                if UInt64(self.lineCount) <= standing.lastSequence {
                    self.earlierCount += 1
                } else {
                    try await self.send(line)
                }
            }
            try await self.drain()
        } catch let failure as Failure {
            // The rest can't be read. What was sent is done all the same.
            try await self.drain()
            self.problemCount += 1
            self.tell()
            throw failure
        }
        Interruption.say(nil)
        self.tell()
        guard self.problemCount > 0 else { return }
        throw self.doneCount + self.earlierCount > 0
            ? Exit.partlyDone : self.firstExit ?? Exit.failed
    }

    private func send(_ line: CommandLines.Line) async throws {
        while self.inFlight.count >= Self.inFlightMax { try await self.takeOne() }
        var command = Command.batch([], .independent)
        switch line.command {
        case .success(let wanted): command = wanted
        case .failure(let problem):
            self.note(line.number, field: problem.field, CommandLines.failure(problem))
        }
        let isWrong = line.name.isEmpty
        self.inFlight.append((line.number, line.name, isWrong))
        let continuation = self.continuation
        self.shell.client.send(command) { continuation.yield($0) }
    }

    private func note(_ number: Int, field: String, _ failure: Failure) {
        self.problemCount += 1
        if self.firstExit == nil { self.firstExit = failure.exit }
        CommandLines.tell(number, field: field, failure, asJSON: self.shell.format.isJSON)
    }

    // MARK: - Outcomes

    private func drain() async throws {
        while !self.inFlight.isEmpty { try await self.takeOne() }
    }

    private func takeOne() async throws {
        guard let result = await self.iterator.next() else { return }
        let line = self.inFlight.removeFirst()
        switch try result.get() {
        case .done(let done):
            self.doneCount += 1
            self.lastLSN = max(self.lastLSN, done.lsn)
            if self.shell.format == .ndjson { self.print(line.number, line.name, done) }
        case .refused(let refusal) where !line.isWrong:
            let field = refusal.line.map { "lines[\($0)]" } ?? ""
            self.note(line.number, field: field, await self.explain(refusal))
        case .refused, .batch, .brief:
            break
        }
    }

    private func explain(_ refusal: Refusal) async -> Failure {
        if self.problemCount < Self.explainedMax { return await self.shell.failure(refusal) }
        let facts = refusal.facts(
            decimals: self.shell.server.currencyDecimals,
            currency: self.shell.server.currencyCode,
            sku: nil
        )
        return Failure(
            refusal.code.name,
            facts,
            number: refusal.code.rawValue,
            exit: Exit.code(for: refusal)
        )
    }

    private func print(_ number: Int, _ name: String, _ done: Outcome.Done) {
        var object = JSONObject()
        object.add("line", raw: String(number))
        object.add("command", name)
        object.add("lsn", raw: String(done.lsn))
        if done.id > 0 { object.add("id", raw: String(done.id)) }
        let decimals = self.shell.server.currencyDecimals
        if done.amount != 0 {
            object.add("amount", DecimalText.format(done.amount, decimals: decimals))
        }
        Terminal.print(object.text)
    }

    private func tell() {
        switch self.shell.format {
        case .ndjson: break
        case .json:
            var object = JSONObject()
            object.add("commands", raw: String(self.lineCount))
            object.add("done", raw: String(self.doneCount))
            object.add("notDone", raw: String(self.problemCount))
            object.add("decidedEarlier", raw: String(self.earlierCount))
            object.add("lsn", raw: String(self.lastLSN))
            Terminal.print(object.text)
        default:
            func count(_ value: Int) -> String { DecimalText.grouped(String(value)) }
            let earlier =
                self.earlierCount == 0
                ? "" : ", \(count(self.earlierCount)) decided by an earlier run"
            Terminal.print(
                "\(count(self.lineCount)) commands: \(count(self.doneCount)) done, "
                    + "\(count(self.problemCount)) not\(earlier)"
            )
        }
    }
}
