internal import InventoryModel
import InventoryWire

/// Reads commands line by line and reports invalid ones.
struct CommandLines {
    /// A line that is not empty: its command, or why it is invalid.
    struct Line {
        var number: Int
        var name: String
        var command: Result<Command, CommandProblem>
        /// A hash of the line as written, independent of what the names in it refer to now.
        var fingerprint: RequestFingerprint
    }

    private let host: any TransferHost
    private var lines: LineReader
    private let reader: CommandReader
    let names: CommandNames

    init(_ host: any TransferHost, _ stream: ByteStream) {
        self.host = host
        self.lines = LineReader(stream)
        self.names = CommandNames(host.client)
        self.reader = CommandReader(self.names, moneyDecimals: host.server.currencyDecimals)
    }

    /// Returns the next line that is not empty; `nil` after the last.
    ///
    /// It calls `settle` before it queries names that earlier lines may have created.
    mutating func next(settle: () async throws -> Void) async throws -> Line? {
        while let bytes = try self.lines.next() {
            guard bytes.contains(where: { $0 > 0x20 }) else { continue }
            let number = self.lines.number
            let fingerprint = bytes.withUnsafeBytes { RequestFingerprint(hashing: $0) }
            do {
                let value = try JSONParser.value(of: bytes)
                if self.names.needsLookup(value) {
                    try await settle()
                    try await self.names.lookUp(value)
                }
                let (name, command) = try self.reader.command(value)
                self.names.invalidate(after: command)
                try self.check(command)
                return Line(
                    number: number,
                    name: name,
                    command: .success(command),
                    fingerprint: fingerprint
                )
            } catch {
                return Line(
                    number: number,
                    name: "",
                    command: .failure(try Self.problem(error)),
                    fingerprint: fingerprint
                )
            }
        }
        return nil
    }

    /// Returns an error as the problem of a line, or rethrows it if it is not about the line.
    private static func problem(_ error: any Error) throws -> CommandProblem {
        if let problem = error as? CommandProblem { return problem }
        guard let error = error as? JSONError else { throw error }
        return CommandProblem(field: "", text: "\(error)")
    }

    private func check(_ command: Command) throws(CommandProblem) {
        let byteCount = command.encoded.bytes.count
        let byteCountMax = Int(self.host.server.requestByteCountMax) - CommandLines.overhead
        guard byteCount <= byteCountMax else {
            throw CommandProblem(
                field: "",
                text: "the command has \(byteCount) bytes; a request has at most \(byteCountMax)"
            )
        }
    }

    /// Bytes of a request beside its command.
    static let overhead = 96

    // MARK: - Reporting

    /// Reports a line that was not executed.
    static func report(
        _ number: Int,
        field: String,
        failure: Failure,
        messages: any TransferMessages
    ) {
        guard messages.report.isJSON else {
            let place = field.isEmpty ? "" : "\(field): "
            let name = failure.name == "invalid_command" ? "" : failure.name + "  "
            return messages.note("  line \(number)  \(place)\(name)\(failure.message)")
        }
        var object = JSONObject()
        object.add("line", raw: String(number))
        if !field.isEmpty { object.add("field", field) }
        object.add("error", failure.name)
        if let code = failure.number { object.add("code", raw: String(code)) }
        object.add("message", failure.message)
        object.add("exit", raw: String(failure.exit.rawValue))
        messages.note(object.text)
    }

    static func failure(_ problem: CommandProblem) -> Failure {
        Failure("invalid_command", problem.text, exit: Exit.failed)
    }
}
