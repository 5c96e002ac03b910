internal import InventoryModel

/// A dry run: reads all commands, reports invalid ones and what would be done, and writes nothing.
///
/// It does not predict what only the server decides, such as stock and revisions.
package struct ApplyDryRun {
    private let host: any TransferHost
    private let lines: CommandLines
    private let isAtomic: Bool

    /// Creates a dry run of the commands in a stream, as one atomic batch or line by line.
    package init(_ host: any TransferHost, _ stream: ByteStream, isAtomic: Bool) {
        self.host = host
        self.lines = CommandLines(host, stream)
        self.isAtomic = isAtomic
    }

    /// Reads the stream to its end and prints the counts.
    ///
    /// - Throws: ``Exit/failed`` if a command is invalid.
    package func run() async throws {
        var lines = self.lines
        var counts: [String: Int] = [:]
        var validCount = 0
        var problemCount = 0
        while let line = try await lines.next(settle: {}) {
            switch line.command {
            case .success(let command):
                validCount += 1
                counts[line.name, default: 0] += 1
                // Commands of an atomic batch cannot refer to what the batch creates.
                if !self.isAtomic { lines.names.assume(command) }
            case .failure(let problem):
                problemCount += 1
                let failure = CommandLines.failure(problem)
                CommandLines.report(
                    line.number,
                    field: problem.field,
                    failure: failure,
                    messages: self.host
                )
            }
        }
        self.report(counts, valid: validCount, invalid: problemCount)
        if problemCount > 0 { throw Exit.failed }
    }

    private func report(_ counts: [String: Int], valid: Int, invalid: Int) {
        let kinds = CommandReader.shapes.compactMap { shape in
            counts[shape.name].map { (shape.name, $0) }
        }
        guard !self.host.report.isJSON else {
            var object = JSONObject()
            object.add("commands", raw: String(valid + invalid))
            object.add("valid", raw: String(valid))
            object.add("invalid", raw: String(invalid))
            let members = kinds.map { "\"\($0.0)\":\($0.1)" }
            object.add("would", raw: "{" + members.joined(separator: ",") + "}")
            return self.host.print(object)
        }
        func count(_ value: Int) -> String { DecimalText.grouped(String(value)) }
        self.host.print(
            "\(count(valid + invalid)) commands: \(count(valid)) valid, \(count(invalid)) invalid, "
                + "nothing written"
        )
        for (name, number) in kinds { self.host.print("  \(name)  \(count(number))") }
        if self.isAtomic, valid > Limits.batchMax {
            self.host.print("  too many for one atomic batch, which has at most \(Limits.batchMax)")
        }
    }
}
