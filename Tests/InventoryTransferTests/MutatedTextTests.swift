import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryTransfer

/// Conditions and files, mutated by a seed or by hand: each is accepted or refused, and none crashes
/// the process.
@Suite struct MutatedTextTests {
    @Test func `no mutated condition crashes the parser, however deep or long it is`() {
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
            let text = MutatedWords.mutated(words, &random).joined(separator: " ")
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
    func `an unpaired surrogate in a file's JSON is refused`(escape: String) {
        let line = #"{"sku":""# + escape + #"","quantity":1}"#
        #expect(throws: Failure.self) { try RecordReader(FileBytes(Array(line.utf8))) }
    }

    @Test func `a surrogate pair is read as one character`() throws {
        var reader = try RecordReader(FileBytes(Array(#"{"sku":"\ud83d\ude00"}"#.utf8)))
        #expect(try reader.next())
        #expect(reader.text(0) == "\u{1F600}")
    }
}
