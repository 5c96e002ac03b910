internal import Bytes
import InventoryClient
internal import InventoryModel
import InventoryWire

/// Carries out each line on its own, many at once on their way, in order.
///
/// The line's number among those that are not empty is its number in the session, also of one that is
/// wrong: an empty batch stands for it. So a run that is given again with the same id knows what was
/// decided, whatever is wrong with which line by then. It asks again for what was decided, as far back
/// as the server remembers its answers: nothing is done twice, and what was refused then is told again. A
/// line is known again by what is written in it, not by what its names stand for.
///
///     1 … first − 1     first … decided            decided + 1 …
///     forgotten         answered as it was         decided now
package final class LinewiseApply {
    private static let inFlightMax = 512
    /// Refusals that are looked into at the server, for the names of things.
    private static let explainedMax = 100

    /// A line whose outcome is awaited.
    private struct Sent {
        var number: Int
        /// Its number in the session.
        var sequence: UInt64
        var name: String
        /// Nothing for a line that is none: an empty batch stands for it.
        var command: Command?
        /// What is wrong with it and was not told yet.
        var problem: CommandProblem?
    }

    private let host: any TransferHost
    private var lines: CommandLines
    private var inFlight: [Sent] = []
    private var iterator: AsyncStream<Result<Outcome, ClientError>>.Iterator
    private let continuation: AsyncStream<Result<Outcome, ClientError>>.Continuation
    private var lineCount = 0
    private var doneCount = 0
    /// Lines that an earlier run had decided, and of which no refusal is known.
    private var earlierCount = 0
    /// Those of them of which it is not known either whether they were done.
    private var forgottenCount = 0
    /// The last line that an earlier run had decided.
    private var decided: UInt64 = 0
    private var problemCount = 0
    private var firstExit: ExitStatus?
    private var lastLSN: LSN = 0

    package init(_ host: any TransferHost, _ stream: ByteStream) {
        self.host = host
        self.lines = CommandLines(host, stream)
        let (outcomes, continuation) = AsyncStream<Result<Outcome, ClientError>>.makeStream()
        self.iterator = outcomes.makeAsyncIterator()
        self.continuation = continuation
    }

    package func run() async throws {
        let standing = try await self.host.client.openSession()
        self.decided = standing.lastSequence
        let first = min(max(1, standing.oldestRemembered), standing.lastSequence + 1)
        self.host.client.resume(from: first)
        self.host.say(
            ifInterrupted: "lines before may have been executed; run it again with --id "
                + "\(self.host.session.text): none is carried out twice"
        )
        do {
            while let line = try await self.lines.next(settle: self.drain) {
                self.lineCount += 1
                if UInt64(self.lineCount) < first {
                    self.earlierCount += 1
                    self.forgottenCount += 1
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
        self.host.say(ifInterrupted: nil)
        self.tell()
        guard self.problemCount > 0 else { return }
        throw self.doneCount + self.earlierCount > 0
            ? Exit.partlyDone : self.firstExit ?? Exit.failed
    }

    private func send(_ line: CommandLines.Line) async throws {
        while self.inFlight.count >= Self.inFlightMax { try await self.takeOne() }
        var sent = Sent(
            number: line.number,
            sequence: UInt64(self.lineCount),
            name: line.name
        )
        switch line.command {
        case .success(let wanted): sent.command = wanted
        case .failure(let problem) where sent.sequence > self.decided: self.note(sent, problem)
        // Whether it was wrong then too, the answer says.
        case .failure(let problem): sent.problem = problem
        }
        self.inFlight.append(sent)
        let continuation = self.continuation
        let command = sent.command ?? .batch([], .independent)
        self.host.client.send(command.encoded.with(line.fingerprint)) { continuation.yield($0) }
    }

    private func note(_ line: Sent, _ problem: CommandProblem) {
        self.note(line.number, field: problem.field, CommandLines.failure(problem))
    }

    private func note(_ number: Int, field: String, _ failure: Failure) {
        self.problemCount += 1
        if self.firstExit == nil { self.firstExit = failure.exit }
        CommandLines.tell(number, field: field, failure: failure, messages: self.host)
    }

    // MARK: - Outcomes

    private func drain() async throws {
        while !self.inFlight.isEmpty { try await self.takeOne() }
    }

    private func takeOne() async throws {
        guard let result = await self.iterator.next() else { return }
        let line = self.inFlight.removeFirst()
        let isEarlier = line.sequence <= self.decided
        switch try result.get() {
        case .done(let done):
            if isEarlier { self.earlierCount += 1 } else { self.doneCount += 1 }
            self.lastLSN = max(self.lastLSN, done.lsn)
            if self.host.report == .ndjson { self.print(line, done, isReplayed: isEarlier) }
        case .refused(let refusal) where isEarlier && refusal.code == .outcomeForgotten:
            self.earlierCount += 1
            self.forgottenCount += 1
        case .refused(let refusal) where isEarlier && refusal.code == .sequenceReused:
            // Somebody has changed the line.
            let problem = self.host.saysOtherThing(line.number)
            self.note(line.number, field: "", problem)
        case .refused(let refusal) where line.command != nil && Self.isStandIn(refusal):
            self.note(line.number, field: "", Self.couldNotBeRead)
        case .refused(let refusal) where line.command != nil:
            let field = refusal.line.map { "lines[\($0)]" } ?? ""
            self.note(line.number, field: field, await self.explain(refusal, of: line.command))
        case .refused, .batch, .errorsOnly:
            if let problem = line.problem { self.note(line, problem) }
        }
    }

    /// A line that is a command by now, and was none when an earlier run came to it.
    private static let couldNotBeRead = Failure(
        "invalid_command",
        "an earlier run with this --id found no command in it, and executed nothing",
        wayOut: "Give what is to be executed an id of its own.",
        exit: Exit.failed
    )

    /// Whether what was refused is the empty batch that stands for a line that is no command.
    private static func isStandIn(_ refusal: Refusal) -> Bool {
        if case .range("commands", _, _, _) = refusal.detail { true } else { false }
    }

    private func explain(_ refusal: Refusal, of command: Command?) async -> Failure {
        if self.problemCount < Self.explainedMax {
            return await self.host.failure(refusal, of: command)
        }
        let facts = refusal.facts(
            decimals: self.host.server.currencyDecimals,
            currency: self.host.server.currencyCode,
            sku: self.lines.names.place(of: refusal.innermost),
            of: command
        )
        return Failure(
            refusal.code.name,
            facts,
            number: refusal.code.rawValue,
            exit: Exit.code(for: refusal)
        )
    }

    private func print(_ line: Sent, _ done: Outcome.Done, isReplayed: Bool) {
        var object = JSONObject()
        object.add("line", raw: String(line.number))
        object.add("command", line.name)
        object.add("lsn", raw: String(done.lsn.value))
        if done.id > 0 { object.add("id", raw: String(done.id)) }
        let decimals = self.host.server.currencyDecimals
        if done.amount != 0 {
            object.add("amount", DecimalText.format(done.amount, decimals: decimals))
        }
        if isReplayed { object.add("replayed", raw: "true") }
        self.host.print(object.text)
    }

    private func tell() {
        if self.forgottenCount > 0 {
            self.host.note(
                "  note  what became of \(DecimalText.counted(Int64(self.forgottenCount), "line")) in an "
                    + "earlier run is not remembered: some may have been refused"
            )
        }
        switch self.host.report {
        case .ndjson: break
        case .json:
            var object = JSONObject()
            object.add("commands", raw: String(self.lineCount))
            object.add("done", raw: String(self.doneCount))
            object.add("notDone", raw: String(self.problemCount))
            object.add("decidedEarlier", raw: String(self.earlierCount))
            object.add("lsn", raw: String(self.lastLSN.value))
            self.host.print(object.text)
        default:
            func count(_ value: Int) -> String { DecimalText.grouped(String(value)) }
            let earlier =
                self.earlierCount == 0
                ? "" : ", \(count(self.earlierCount)) decided by an earlier run"
            self.host.print(
                "\(count(self.lineCount)) commands: \(count(self.doneCount)) done, "
                    + "\(count(self.problemCount)) not\(earlier)"
            )
        }
    }
}

extension TransferHost {
    /// A line whose number was decided in an earlier run with the same id, when it said something else.
    fileprivate func saysOtherThing(_ number: Int) -> Failure {
        Failure(
            RefusalCode.sequenceReused.name,
            "it is not what an earlier run with this --id decided as line \(number), and was not executed",
            wayOut: "Give what is to be executed an id of its own.",
            number: RefusalCode.sequenceReused.rawValue,
            exit: Exit.code(for: Refusal(.sequenceReused))
        )
    }
}
