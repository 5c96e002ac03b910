internal import Bytes
import InventoryClient
internal import InventoryModel
import InventoryWire

/// Executes all lines as one atomic batch.
package struct AtomicApply {
    private let host: any TransferHost
    private var lines: CommandLines

    /// Creates an application of the commands in a stream.
    package init(_ host: any TransferHost, _ stream: ByteStream) {
        self.host = host
        self.lines = CommandLines(host, stream)
    }

    /// The commands and problems of the lines that are not empty.
    private struct Batch {
        var numbers: [Int] = []
        /// The lines by command.
        var counts: [String: Int] = [:]
        var commands: [Command] = []
        var problems: [(line: Int, CommandProblem)] = []
        private var digest = StateDigest()

        mutating func append(_ line: CommandLines.Line) {
            self.numbers.append(line.number)
            self.digest.feed(line.fingerprint.value)
            switch line.command {
            case .success(let command):
                self.commands.append(command)
                self.counts[line.name, default: 0] += 1
            case .failure(let problem): self.problems.append((line.number, problem))
            }
        }

        /// A hash of the lines as written, independent of what the names in them refer to now.
        var fingerprint: RequestFingerprint { RequestFingerprint(self.digest.value) }
    }

    /// Reads the stream to its end, sends the batch and prints the result.
    ///
    /// - Throws: ``Failure`` if a command is invalid or refused; then none is executed.
    package func run() async throws {
        let batch = try await self.read()
        let numbers = batch.numbers
        guard batch.problems.isEmpty else {
            // An earlier run may have executed it and so changed what its names refer to.
            guard let outcome = try await self.host.outcomeUnderKey(batch.fingerprint) else {
                throw self.report(batch.problems, of: numbers.count)
            }
            return try await self.report(outcome, of: nil, numbers)
        }
        // Errors-only: the levels are not shown, and they would make a large outcome too long to remember.
        let command = Command.batch(batch.commands, .atomicErrorsOnly)
        let outcome = try await self.send(command, batch.fingerprint)
        if self.host.isDryRun, case .done = outcome {
            DryRunSummary(valid: numbers.count, invalid: 0, batch.counts).print(by: self.host)
            return
        }
        try await self.report(outcome, of: command, numbers)
    }

    /// Reports an outcome; the command is `nil` if its names can no longer be resolved.
    private func report(
        _ outcome: Outcome,
        of command: Command?,
        _ numbers: [Int]
    ) async throws {
        switch outcome {
        case .done(let done): self.report(done, numbers.count)
        case .refused(let refusal):
            var refused = command
            if case .batch(let index, _) = refusal.detail { refused = command?.part(Int(index)) }
            var failure = await self.host.failure(refusal.innermost, of: refused)
            failure.name = refusal.code.name
            failure.number = refusal.code.rawValue
            if case .batch(let index, let inner) = refusal.detail, Int(index) < numbers.count {
                let field = inner.line.map { "lines[\($0)]: " } ?? ""
                failure.message =
                    "line \(numbers[Int(index)]): \(field)\(inner.code.name)  \(failure.message)"
            }
            failure.message += (failure.message.isEmpty ? "" : "; ") + "nothing was changed"
            throw failure
        case .batch, .errorsOnly:
            throw Failure(
                "protocol_violation",
                "an atomic batch has separate outcomes",
                exit: Exit.failed
            )
        }
    }

    private func send(
        _ command: Command,
        _ fingerprint: RequestFingerprint
    ) async throws -> Outcome {
        let byteCount = command.encoded.bytes.count
        let byteCountMax = Int(self.host.server.requestByteCountMax) - CommandLines.overhead
        guard byteCount <= byteCountMax else {
            throw Failure(
                "frame_too_large",
                "the batch has \(byteCount) bytes; a request has at most \(byteCountMax)",
                hint: "Nothing was changed. Split the file or omit --atomic.",
                exit: Exit.failed
            )
        }
        guard !self.host.isDryRun else {
            return try await self.host.sendWithKey(command, fingerprint: fingerprint)
        }
        self.host.setInterruptionMessage(
            "the commands may have been executed; retry with --id "
                + "\(self.host.key) to find out: they are executed once"
        )
        defer { self.host.setInterruptionMessage(nil) }
        return try await self.host.sendWithKey(command, fingerprint: fingerprint)
    }

    private func read() async throws -> Batch {
        var lines = self.lines
        var batch = Batch()
        while let line = try await lines.next(settle: {}) {
            batch.append(line)
            guard batch.numbers.count <= Limits.batchMax else {
                throw Failure(
                    "too_many_lines",
                    "there are more than \(Limits.batchMax) commands, the most in an atomic batch",
                    hint: "Nothing was changed. Split the file or omit --atomic.",
                    exit: Exit.failed
                )
            }
        }
        guard !batch.numbers.isEmpty else { throw Failure.usage("the file has no commands") }
        return batch
    }

    /// Reports invalid lines.
    ///
    /// - Returns: The failure of the whole batch.
    private func report(_ problems: [(line: Int, CommandProblem)], of count: Int) -> Failure {
        for (line, problem) in problems {
            CommandLines.report(
                line,
                field: problem.field,
                failure: CommandLines.failure(problem),
                messages: self.host
            )
        }
        return Failure(
            "invalid_command",
            "\(problems.count) of \(count) commands are invalid; nothing was changed",
            hint: "Commands of an atomic batch cannot refer to what the batch creates.",
            exit: Exit.failed
        )
    }

    private func report(_ done: Outcome.Done, _ count: Int) {
        guard !self.host.report.isJSON else {
            var object = JSONObject()
            object.add("commands", raw: String(count))
            object.add("done", raw: String(count))
            object.add("lsn", raw: String(done.lsn.value))
            object.add("ids", raw: "[" + done.ids.map { String($0) }.joined(separator: ",") + "]")
            return self.host.print(object)
        }
        self.host.print("\(DecimalText.grouped(String(count))) commands done   LSN \(done.lsn)")
    }
}
