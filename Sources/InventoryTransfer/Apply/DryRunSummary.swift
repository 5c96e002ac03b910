/// The counts of a dry run of commands, which the server decided.
struct DryRunSummary {
    private let valid: Int
    private let invalid: Int
    /// The valid commands by name.
    private let counts: [String: Int]

    init(valid: Int, invalid: Int, _ counts: [String: Int]) {
        self.valid = valid
        self.invalid = invalid
        self.counts = counts
    }

    /// Prints the counts.
    func print(by host: any TransferHost) {
        let kinds = CommandReader.shapes.compactMap { shape in
            self.counts[shape.name].map { (shape.name, $0) }
        }
        guard !host.report.isJSON else {
            var object = JSONObject()
            object.add("commands", raw: String(self.valid + self.invalid))
            object.add("valid", raw: String(self.valid))
            object.add("invalid", raw: String(self.invalid))
            let members = kinds.map { "\"\($0.0)\":\($0.1)" }
            object.add("would", raw: "{" + members.joined(separator: ",") + "}")
            return host.print(object)
        }
        func count(_ value: Int) -> String { DecimalText.grouped(String(value)) }
        host.print(
            "\(count(self.valid + self.invalid)) commands: \(count(self.valid)) valid, "
                + "\(count(self.invalid)) invalid, nothing written"
        )
        for (name, number) in kinds { host.print("  \(name)  \(count(number))") }
    }
}
