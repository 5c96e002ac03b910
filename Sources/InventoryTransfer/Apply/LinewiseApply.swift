internal import Bytes
import InventoryClient
internal import InventoryModel
import InventoryWire

/// Executes each line on its own, in order and pipelined.
///
/// A line's position among the lines that are not empty is its sequence number in the session. An
/// invalid line uses its number up with an empty batch. A retry with the same id resends the lines whose
/// outcomes the server still remembers: none is executed twice, and refusals are reported again. The
/// fingerprint of a line is its text, not what its names refer to.
///
///     1 … first − 1     first … decided            decided + 1 …
///     forgotten         replayed                   decided now
package final class LinewiseApply {
    private static let inFlightMax = 512
    /// The most refusals that are explained with queries to the server.
    private static let explainedMax = 100

    /// A line that waits for its outcome.
    private struct Sent {
        var number: Int
        /// The line's sequence number in the session.
        var sequence: UInt64
        var name: String
        /// `nil` for an invalid line, for which an empty batch was sent.
        var command: Command?
        /// Why the line is invalid, if that was not reported yet.
        var problem: CommandProblem?
    }

    private let host: any TransferHost
    private var lines: CommandLines
    private var inFlight: [Sent] = []
    private var iterator: AsyncStream<Result<Outcome, ClientError>>.Iterator
    private let continuation: AsyncStream<Result<Outcome, ClientError>>.Continuation
    private var lineCount = 0
    private var doneCount = 0
    /// Lines decided by an earlier run that are not known to be refused.
    private var earlierCount = 0
    /// Lines of ``earlierCount`` whose outcome is forgotten.
    private var forgottenCount = 0
    /// The sequence number of the last line that an earlier run decided.
    private var decided: UInt64 = 0
    private var problemCount = 0
    private var firstExit: ExitStatus?
    private var lastLSN: LSN = 0
    /// In a dry run, the executed lines by command.
    private var counts: [String: Int] = [:]

    /// Creates an application of the commands in a stream.
    package init(_ host: any TransferHost, _ stream: ByteStream) {
        self.host = host
        self.lines = CommandLines(host, stream)
        let (outcomes, continuation) = AsyncStream<Result<Outcome, ClientError>>.makeStream()
        self.iterator = outcomes.makeAsyncIterator()
        self.continuation = continuation
    }

    /// Executes the lines and prints the results.
    ///
    /// - Throws: ``Exit/partlyDone`` if some lines failed, the first line's exit status if all did, or a
    ///   ``Failure`` if the stream cannot be read or the connection fails.
    package func run() async throws {
        let status = try await self.host.client.openSession()
        self.decided = status.lastSequence
        let first = min(max(1, status.oldestRemembered), status.lastSequence + 1)
        self.host.client.resume(from: first)
        if !self.host.isDryRun {
            self.host.setInterruptionMessage(
                "earlier lines may have been executed; retry with --id "
                    + "\(self.host.session.text): none is executed twice"
            )
        }
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
            // The rest is unreadable. Lines that were sent are still executed.
            try await self.drain()
            self.problemCount += 1
            self.reportSummary()
            throw failure
        }
        self.host.setInterruptionMessage(nil)
        self.reportSummary()
        guard self.problemCount > 0 else { return }
        throw self.doneCount + self.earlierCount > 0
            ? Exit.partlyDone : self.firstExit ?? Exit.failed
    }

    private func send(_ line: CommandLines.Line) async throws {
        while self.inFlight.count >= Self.inFlightMax { try await self.receiveOutcome() }
        var sent = Sent(
            number: line.number,
            sequence: UInt64(self.lineCount),
            name: line.name
        )
        switch line.command {
        case .success(let command): sent.command = command
        case .failure(let problem) where sent.sequence > self.decided: self.note(sent, problem)
        // The replayed outcome says whether the line was invalid then too.
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
        CommandLines.report(number, field: field, failure: failure, messages: self.host)
    }

    // MARK: - Outcomes

    private func drain() async throws {
        while !self.inFlight.isEmpty { try await self.receiveOutcome() }
    }

    private func receiveOutcome() async throws {
        guard let result = await self.iterator.next() else { return }
        let line = self.inFlight.removeFirst()
        let isEarlier = line.sequence <= self.decided
        switch try result.get() {
        case .done(let done):
            if isEarlier { self.earlierCount += 1 } else { self.doneCount += 1 }
            self.lastLSN = max(self.lastLSN, done.lsn)
            if self.host.isDryRun { self.counts[line.name, default: 0] += 1 }
            if self.host.report == .ndjson { self.print(line, done, isReplayed: isEarlier) }
        case .refused(let refusal) where isEarlier && refusal.code == .outcomeForgotten:
            self.earlierCount += 1
            self.forgottenCount += 1
        case .refused(let refusal) where isEarlier && refusal.code == .sequenceReused:
            // The line was edited since.
            let problem = self.host.sequenceReused(line: line.number)
            self.note(line.number, field: "", problem)
        case .refused(let refusal) where line.command != nil && Self.isPlaceholder(refusal):
            self.note(line.number, field: "", Self.wasInvalidBefore)
        case .refused(let refusal) where line.command != nil:
            let field = refusal.line.map { "lines[\($0)]" } ?? ""
            self.note(line.number, field: field, await self.explain(refusal, of: line.command))
        case .refused, .batch, .errorsOnly:
            if let problem = line.problem { self.note(line, problem) }
        }
    }

    /// The failure of a line that is valid now and was invalid in an earlier run.
    private static let wasInvalidBefore = Failure(
        "invalid_command",
        "this line was invalid in an earlier run with this --id and was not executed",
        hint: "Use a new --id for the commands that are still to be executed.",
        exit: Exit.failed
    )

    /// Whether a refusal is that of the empty batch sent for an invalid line.
    private static func isPlaceholder(_ refusal: Refusal) -> Bool {
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
        // Those of a dry run mean nothing outside of it.
        if !self.host.isDryRun {
            object.add("lsn", raw: String(done.lsn.value))
            if done.id > 0 { object.add("id", raw: String(done.id)) }
        }
        let decimals = self.host.server.currencyDecimals
        if done.amount != 0 {
            object.add("amount", DecimalText.format(done.amount, decimals: decimals))
        }
        if isReplayed { object.add("replayed", raw: "true") }
        if self.host.isDryRun { object.add("dryRun", raw: "true") }
        self.host.print(object.text)
    }

    private func reportSummary() {
        if self.forgottenCount > 0 {
            self.host.note(
                "  note  the outcomes of \(DecimalText.counted(Int64(self.forgottenCount), "line")) in an "
                    + "earlier run are forgotten: some may have been refused"
            )
        }
        guard !self.host.isDryRun else {
            let valid = self.doneCount + self.earlierCount
            DryRunSummary(valid: valid, invalid: self.problemCount, self.counts)
                .print(by: self.host)
            return
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
                    + "\(count(self.problemCount)) failed\(earlier)"
            )
        }
    }
}

extension TransferHost {
    /// Returns the failure of a line that differs from the line an earlier run with the same id sent.
    fileprivate func sequenceReused(line number: Int) -> Failure {
        Failure(
            RefusalCode.sequenceReused.name,
            "line \(number) differs from that of an earlier run with this --id and was not executed",
            hint: "Use a new --id for the commands that are still to be executed.",
            number: RefusalCode.sequenceReused.rawValue,
            exit: Exit.code(for: Refusal(.sequenceReused))
        )
    }
}
