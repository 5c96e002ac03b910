import ArgumentParser
import Inventory
import InventoryInsights
import InventoryTestSupport
import Testing

@testable import invctl

/// Command lines and conditions, mutated by a seed and parsed in this process, many times over: each
/// is understood or refused, and none stops it.
@Suite struct MutatedFlagsTests {
    private static let lines: [[String]] = [
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

    private static func mutated(_ line: [String], _ random: inout SplitMix64) -> [String] {
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

    @Test func `no mutated command line stops the parser`() {
        var random = SplitMix64(seed: 40)
        var understood = 0
        var refused = 0
        for round in 0..<6_000 {
            let words = Self.mutated(Self.lines[round % Self.lines.count], &random)
            _ = CommandLineText.wantsJSON(words)
            let isUnknown = CommandLineText.unknownCommand(words, in: Invctl.self) != nil
            if !isUnknown, (try? Invctl.parseAsRoot(words)) != nil {
                understood += 1
            } else {
                refused += 1
            }
        }
        #expect(understood > 100 && refused > 1_000, "\(understood), \(refused)")
    }

    @Test func `no mutated condition stops the parser, however deep or long it is`() {
        let schema = [
            ResultField("sku", .text), ResultField("price", .money),
            ResultField("onHand", .quantity), ResultField("id", .integer),
            ResultField("at", .instant), ResultField("active", .boolean),
        ]
        let conditions = [
            "price >= 10.50 and not (sku ~ \"A B\" or active = true)", "onHand != none",
            "at < 2026-01-01T00:00:00Z", "sku !~ x and id <= -3", "not not not id = 1",
        ]
        var random = SplitMix64(seed: 41)
        for round in 0..<20_000 {
            let words = conditions[round % conditions.count].split(separator: " ").map(String.init)
            let text = Self.mutated(words, &random).joined(separator: " ")
            _ = try? RowCondition([text], schema)
        }
        let deep = String(repeating: "(", count: 100_000) + "id = 1"
        #expect(throws: Failure.self) { try RowCondition([deep], schema) }
        let denied = String(repeating: "not ", count: 100_000) + "id = 1"
        #expect(throws: Failure.self) { try RowCondition([denied], schema) }
        let long = String(repeating: "id = 1 or ", count: 100_000) + "id = 1"
        #expect(throws: Failure.self) { try RowCondition([long], schema) }
        let most = String(repeating: "id = 1 or ", count: 999) + "id = 1"
        #expect((try? RowCondition([most], schema)) != nil)
    }

    @Test(arguments: [
        #"\ud83d\ud0e0"#, #"\ud83d\ue000"#, #"\ud83d"#, #"\udc00"#, #"\u+0e4"#, #"\u00g4"#,
    ])
    func `half a character in a file's JSON is refused, and stops nothing`(escape: String) {
        let line = #"{"sku":""# + escape + #"","quantity":1}"#
        #expect(throws: Failure.self) { try RecordReader(FileBytes(Array(line.utf8))) }
    }

    @Test func `a character of two halves is read`() throws {
        var reader = try RecordReader(FileBytes(Array(#"{"sku":"\ud83d\ude00"}"#.utf8)))
        #expect(try reader.next())
        #expect(reader.text(0) == "\u{1F600}")
    }
}
