internal import InventoryModel

/// Reads all commands, tells what is wrong with which and what would be done, and does nothing.
///
/// What only the server decides, whether the stock and the revisions are there, is not known before.
package struct ApplyDryRun {
    private let host: any TransferHost
    private let lines: CommandLines
    private let isAtomic: Bool

    package init(_ host: any TransferHost, _ stream: ByteStream, isAtomic: Bool) {
        self.host = host
        self.lines = CommandLines(host, stream)
        self.isAtomic = isAtomic
    }

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
                // In one step nothing can be named that it makes.
                if !self.isAtomic { lines.names.pretend(command) }
            case .failure(let problem):
                problemCount += 1
                let failure = CommandLines.failure(problem)
                CommandLines.tell(
                    line.number,
                    field: problem.field,
                    failure: failure,
                    messages: self.host
                )
            }
        }
        self.tell(counts, valid: validCount, invalid: problemCount)
        if problemCount > 0 { throw Exit.failed }
    }

    private func tell(_ counts: [String: Int], valid: Int, invalid: Int) {
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
            return self.host.print(object.text)
        }
        func count(_ value: Int) -> String { DecimalText.grouped(String(value)) }
        self.host.print(
            "\(count(valid + invalid)) commands: \(count(valid)) valid, \(count(invalid)) invalid, "
                + "nothing written"
        )
        for (name, number) in kinds { self.host.print("  \(name)  \(count(number))") }
        if self.isAtomic, valid > Limits.batchMax {
            self.host.print("  too many for one step, which has at most \(Limits.batchMax)")
        }
    }
}
