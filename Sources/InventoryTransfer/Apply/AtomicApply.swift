internal import Bytes
import InventoryClient
internal import InventoryModel
import InventoryWire

/// Carries out all lines as one step, or none of them.
package struct AtomicApply {
    private let host: any TransferHost
    private var lines: CommandLines

    package init(_ host: any TransferHost, _ stream: ByteStream) {
        self.host = host
        self.lines = CommandLines(host, stream)
    }

    /// What was read: a command of each line that is not empty, or what is wrong with it.
    private struct Batch {
        var numbers: [Int] = []
        var commands: [Command] = []
        var problems: [(line: Int, CommandProblem)] = []
        private var digest = StateDigest()

        mutating func take(_ line: CommandLines.Line) {
            self.numbers.append(line.number)
            self.digest.feed(line.fingerprint.value)
            switch line.command {
            case .success(let command): self.commands.append(command)
            case .failure(let problem): self.problems.append((line.number, problem))
            }
        }

        /// Of what is written, whatever the names in it stand for by now.
        var fingerprint: RequestFingerprint { RequestFingerprint(self.digest.value) }
    }

    package func run() async throws {
        let batch = try await self.read()
        let numbers = batch.numbers
        guard batch.problems.isEmpty else {
            // An earlier run may have had it done, and so changed what its names stand for.
            guard let outcome = try await self.host.outcomeUnderKey(batch.fingerprint) else {
                throw self.tell(batch.problems, of: numbers.count)
            }
            return try await self.tell(outcome, of: nil, numbers)
        }
        // Its levels are not shown, and with them a large step could not be remembered.
        let command = Command.batch(batch.commands, .atomicErrorsOnly)
        let outcome = try await self.send(command, batch.fingerprint)
        try await self.tell(outcome, of: command, numbers)
    }

    /// `command`: What the outcome is of; `nil` if it can't be put together any more.
    private func tell(
        _ outcome: Outcome,
        of command: Command?,
        _ numbers: [Int]
    ) async throws {
        switch outcome {
        case .done(let done): self.tell(done, numbers.count)
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
            throw Failure("protocol_violation", "an atomic batch in parts", exit: Exit.failed)
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
                "together they have \(byteCount) bytes; one step has at most \(byteCountMax)",
                wayOut: "Nothing was changed. Divide the file, or leave --atomic out.",
                exit: Exit.failed
            )
        }
        self.host.say(
            ifInterrupted: "the commands may have been executed; run it again with --id "
                + "\(self.host.key) to settle it: they are executed once"
        )
        defer { self.host.say(ifInterrupted: nil) }
        return try await self.host.sendWithKey(command, fingerprint: fingerprint)
    }

    private func read() async throws -> Batch {
        var lines = self.lines
        var batch = Batch()
        while let line = try await lines.next(settle: {}) {
            batch.take(line)
            guard batch.numbers.count <= Limits.batchMax else {
                throw Failure(
                    "too_many_lines",
                    "there are more than \(Limits.batchMax) commands, which one step has at most",
                    wayOut: "Nothing was changed. Divide the file, or leave --atomic out.",
                    exit: Exit.failed
                )
            }
        }
        guard !batch.numbers.isEmpty else { throw Failure.usage("there is no command in it") }
        return batch
    }

    /// Tells what is wrong with lines.
    ///
    /// - Returns: What to say of the whole.
    private func tell(_ problems: [(line: Int, CommandProblem)], of count: Int) -> Failure {
        for (line, problem) in problems {
            CommandLines.tell(
                line,
                field: problem.field,
                failure: CommandLines.failure(problem),
                messages: self.host
            )
        }
        return Failure(
            "invalid_command",
            "\(problems.count) of \(count) commands are wrong; nothing was changed",
            wayOut: "What an atomic batch makes can't be named by another of its commands.",
            exit: Exit.failed
        )
    }

    private func tell(_ done: Outcome.Done, _ count: Int) {
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
