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

    package func run() async throws {
        let (commands, numbers) = try await self.read()
        // Its levels are not shown, and with them a large step could not be remembered.
        let command = Command.batch(commands, .atomicBrief)
        let outcome = try await self.send(command)
        switch outcome {
        case .done(let done): self.tell(done, commands.count)
        case .refused(let refusal):
            var refused = command
            if case .batch(let index, _) = refusal.detail, Int(index) < commands.count {
                refused = commands[Int(index)]
            }
            var failure = await self.host.failure(refusal.innermost, of: refused)
            failure.name = refusal.code.name
            failure.number = refusal.code.rawValue
            if case .batch(let index, let inner) = refusal.detail, Int(index) < numbers.count {
                let field = inner.line.map { "lines[\($0)]: " } ?? ""
                failure.message =
                    "line \(numbers[Int(index)]): \(field)\(inner.code.name)  \(failure.message)"
            }
            failure.message += "; nothing was changed"
            throw failure
        case .batch, .brief:
            throw Failure("protocol_violation", "an atomic batch in parts", exit: Exit.failed)
        }
    }

    private func send(_ command: Command) async throws -> Outcome {
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
        return try await self.host.sendWithKey(command)
    }

    /// All commands and their lines; one that is wrong ends it, once all that are wrong are told.
    private func read() async throws -> (commands: [Command], numbers: [Int]) {
        var lines = self.lines
        var commands: [Command] = []
        var numbers: [Int] = []
        var problemCount = 0
        while let line = try await lines.next(settle: {}) {
            switch line.command {
            case .success(let command):
                commands.append(command)
                numbers.append(line.number)
            case .failure(let problem):
                problemCount += 1
                let failure = CommandLines.failure(problem)
                CommandLines.tell(line.number, field: problem.field, failure, self.host)
            }
            guard commands.count <= Limits.batchMax else {
                throw Failure(
                    "too_many_lines",
                    "there are more than \(Limits.batchMax) commands, which one step has at most",
                    wayOut: "Nothing was changed. Divide the file, or leave --atomic out.",
                    exit: Exit.failed
                )
            }
        }
        guard problemCount == 0 else {
            throw Failure(
                "invalid_command",
                "\(problemCount) of \(commands.count + problemCount) commands are wrong; "
                    + "nothing was changed",
                wayOut: "What an atomic batch makes can't be named by another of its commands.",
                exit: Exit.failed
            )
        }
        guard !commands.isEmpty else { throw Failure.usage("there is no command in it") }
        return (commands, numbers)
    }

    private func tell(_ done: Outcome.Done, _ count: Int) {
        guard !self.host.report.isJSON else {
            var object = JSONObject()
            object.add("commands", raw: String(count))
            object.add("done", raw: String(count))
            object.add("lsn", raw: String(done.lsn))
            object.add("ids", raw: "[" + done.ids.map { String($0) }.joined(separator: ",") + "]")
            return self.host.print(object)
        }
        self.host.print("\(DecimalText.grouped(String(count))) commands done   LSN \(done.lsn)")
    }
}
