import Testing

@testable import TerminalKit

/// Tables formatted as lines within a width.
@Suite struct TextTableTests {
    private static let columns: [TextTable.Column] = [
        TextTable.Column("sku", .text), TextTable.Column("name", .text),
        TextTable.Column("onHand", .number, gap: " = "), TextTable.Column("available", .number),
    ]
    private static let rows = [
        ["LAP-01", "A laptop with a long name", "8", "7"], ["日本", "", "-12", "1234"],
    ]

    private static func lines(_ width: Int?, isChosen: Bool = false) -> ([String], [String]) {
        var table = TextTable(self.columns, width: width, isChosen: isChosen, hasColor: false)
        let lines = table.lines(self.rows)
        table.checkInvariants()
        return (lines, table.omitted)
    }

    @Test func `cells align under their headers, numbers right, wide characters by width`() {
        let (lines, omitted) = Self.lines(nil)
        #expect(
            lines == [
                "SKU     NAME                       ON HAND = AVAILABLE",
                "LAP-01  A laptop with a long name        8           7",
                "日本                                   -12        1234",
            ]
        )
        #expect(omitted.isEmpty)
    }

    @Test func `a narrow table truncates text, then omits columns`() {
        let (cut, none) = Self.lines(44)
        #expect(cut[1] == "LAP-01  A laptop with …        8           7")
        #expect(none.isEmpty)
        let (narrow, omitted) = Self.lines(30)
        #expect(
            narrow == [
                "SKU     NAME           ON HAND",
                "LAP-01  A laptop wit…        8",
                "日本                       -12",
            ]
        )
        #expect(omitted == ["available"])
        #expect(Self.lines(1, isChosen: true).1 == ["name", "onHand", "available"])
    }

    @Test func `columns give way by their worth, and what fits again comes back`() {
        func table(_ width: Int) -> (line: String, omitted: [String]) {
            var table = TextTable(
                [
                    TextTable.Column("id", .number, worth: .record),
                    TextTable.Column("sku", .text, worth: .vital),
                    TextTable.Column("recordedAt", .other, worth: .record),
                    TextTable.Column("price", .number),
                    TextTable.Column("amount", .number, worth: .vital),
                    TextTable.Column(" ", .text, worth: .decoration),
                ],
                width: width,
                isChosen: false,
                hasColor: false
            )
            let row = ["1", "LAP-01", "2026-11-24 12:00:00Z", "9.99", "19.98", "██████"]
            return (table.lines([row])[1], table.omitted)
        }
        #expect(table(80).line == " 1  LAP-01  2026-11-24 12:00:00Z   9.99   19.98  ██████")
        // The picture goes first and is no column that is missing.
        #expect(table(48).line == " 1  LAP-01  2026-11-24 12:00:00Z   9.99   19.98")
        #expect(table(48).omitted == [])
        // Without the time there is room for the number and the picture again.
        #expect(table(40).line == " 1  LAP-01   9.99   19.98  ██████")
        #expect(table(40).omitted == ["recordedAt"])
        #expect(table(21).line == "LAP-01   9.99   19.98")
        #expect(table(14).line == "LAP-01   19.98")
        #expect(table(14).omitted == ["id", "recordedAt", "price"])
        #expect(table(5).line == "LAP-01")
    }

    @Test func `a remark is broken at blanks`() {
        #expect(TextWidth.wrapped("one two three", to: 7) == ["one two", "three"])
        #expect(TextWidth.wrapped("much-too-long a", to: 5) == ["much-too-long", "a"])
        #expect(TextWidth.wrapped("", to: 5) == [])
    }

    @Test func `later rows widen a column only if the width is unlimited`() {
        for (width, isWider) in [(nil, true), (80, false)] {
            var table = TextTable(
                [TextTable.Column("sku", .text), TextTable.Column("at", .text)],
                width: width,
                isChosen: false,
                hasColor: false
            )
            #expect(table.lines([["A", "x"]]) == ["SKU  AT", "A    x"])
            let later = table.lines([["ABCDEF", "y"]])
            #expect(later == [isWider ? "ABCDEF  y" : "AB…  y"])
        }
    }

    @Test func `colors repeat what the text says`() {
        var table = TextTable(
            [
                TextTable.Column("status", .text, colors: ["ok": 32]),
                TextTable.Column("n", .number),
            ],
            width: nil,
            isChosen: false,
            hasColor: true
        )
        #expect(
            table.lines([["ok", "1"], ["so-so", "-1"]]) == [
                "\u{1B}[1mSTATUS   N\u{1B}[0m", "\u{1B}[32mok    \u{1B}[0m   1",
                "so-so   \u{1B}[31m-1\u{1B}[0m",
            ]
        )
    }

    @Test func `bars scale to the largest value, and a sparkline needs a time series`() throws {
        let bars = try #require(Bars([4, 0, -1, 1, .nan], isTime: true))
        #expect(bars.bars == [String(repeating: "█", count: 20), "", "", "█████", ""])
        #expect(bars.sparkline == "█▁▁▂▁")
        #expect(Bars([1, 2], isTime: false)?.sparkline == nil)
        #expect(Bars([0, -1], isTime: true) == nil)
    }
}
