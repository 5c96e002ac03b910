/// Command lines, and mutations of their words by a seed.
package enum MutatedWords {
    /// Valid command lines.
    package static let lines: [[String]] = [
        ["product", "list", "--sort", "price", "--limit", "5", "--fields", "sku,price"],
        ["ledger", "list", "--kind", "sale", "--from", "2026-01-01", "--to", "2026-02-01"],
        ["sell", "LAP-01=2", "--ref", "R-1", "--id", "x-1"],
        ["stock", "adjust", "LAP-01=-1", "--reason", "damaged"],
        ["product", "add", "--sku", "X", "--name", "N", "--category", "C", "--price", "9.99"],
        ["import", "-", "--as", "sales", "--map", "sku=S", "--dry-run"],
        ["watch", "stock", "-o", "json"],
        ["bench", "sell", "--connections", "1", "--depth", "16"],
    ]
    private static let spiteful = [
        "", "-", "--", "---", "=", "\u{0}", "\u{FFFD}", "-1", "1e999", "99999999999999999999",
        "--help", "-o", "--where", "'", "\"", "not ( not", String(repeating: "(", count: 5_000),
        "\u{1F1E9}\u{1F1EA}", "a\u{0301}\u{0301}", "\r\n",
    ]

    /// Returns the line with up to four of its words removed, altered, duplicated or inserted.
    package static func mutated(_ line: [String], _ random: inout SplitMix64) -> [String] {
        var words = line
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let index = Int.random(in: 0...words.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0 where index < words.count:
                words.remove(at: index)
            case 1 where index < words.count:
                var scalars = Array(words[index].unicodeScalars)
                guard !scalars.isEmpty else { continue }
                let at = Int.random(in: 0..<scalars.count, using: &random)
                scalars[at] = Unicode.Scalar(UInt8.random(in: 0...255, using: &random))
                words[index] = String(String.UnicodeScalarView(scalars))
            case 2 where index < words.count:
                words.insert(words[index], at: index)
            case 3:
                words.insert(Self.lines.joined().randomElement(using: &random) ?? "", at: index)
            default:
                words.insert(Self.spiteful.randomElement(using: &random) ?? "", at: index)
            }
        }
        return words
    }
}
