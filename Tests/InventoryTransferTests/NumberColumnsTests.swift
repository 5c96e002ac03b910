import Testing

@testable import InventoryTransfer

/// A number is read in the format of its column, and refused if that leaves two readings.
@Suite struct NumberColumnsTests {
    /// Reads a column of texts as amounts of euros, or with other decimals.
    private static func read(
        _ texts: [String],
        decimals: UInt8 = 2,
        _ style: NumberColumns.Style = NumberColumns.Style(),
        isMoney: Bool = true
    ) throws -> [Int64?] {
        let file = (["n;x"] + texts.map { "\($0);x" }).joined(separator: "\n")
        let layout = RecordLayout(delimiter: FieldDelimiter(named: ";"))
        var records = try RecordReader(FileBytes(Array(file.utf8)), layout)
        let numbers = NumberColumns(records, [0], style: style, currency: "EUR")
        var read: [Int64?] = []
        while try records.next() {
            switch numbers.read(records, 0, decimals: decimals, isMoney: isMoney) {
            case .units(let units): read.append(units)
            case .empty, .problem: read.append(nil)
            }
        }
        return read
    }

    @Test func `plain numbers are what they always were`() throws {
        let texts = ["2.50", "-1", "+3.1", "1.2000", "5.", ".5", "1.005", "ten", "1e3", "--1"]
        let wanted: [Int64?] = [250, -100, 310, 120, 500, 50, nil, nil, nil, nil]
        #expect(try Self.read(texts) == wanted)
    }

    @Test func `the whole column decides what a single separator is`() throws {
        // 1,250 is 1250 beside 0.99, 1.25 beside 0,99, and nothing alone or beside both.
        #expect(try Self.read(["1,250", "0.99"]) == [125_000, 99])
        #expect(try Self.read(["1,250", "0,99"]) == [125, 99])
        #expect(try Self.read(["1.250", "0,99"]) == [125_000, 99])
        #expect(try Self.read(["1.250", "0.99"]) == [125, 99])
        #expect(try Self.read(["1,250"]) == [nil])
        #expect(try Self.read(["1.250"]) == [nil])
        #expect(try Self.read(["1,250", "0,99", "0.99"]) == [nil, 99, 99])
        #expect(try Self.read(["1,250", "1.234,50"]) == [125, 123_450])
        #expect(try Self.read(["1,250", "1,234,567"]) == [125_000, 123_456_700])
        // Where three decimals can be meant, a point is the mark unless the column says otherwise.
        #expect(try Self.read(["1.250"], decimals: 3) == [1_250])
        #expect(try Self.read(["1.250", "0,5"], decimals: 3) == [1_250_000, 500])
        #expect(try Self.read(["1,250"], decimals: 3) == [nil])
    }

    @Test func `an option decides for all numbers`() throws {
        let comma = NumberColumns.Style(mark: .comma)
        #expect(
            try Self.read(["2,50", "1.250", "1.234.567,8", "1.5", "12"], comma)
                == [250, 125_000, 123_456_780, nil, 1_200]
        )
        let point = NumberColumns.Style(mark: .point)
        #expect(
            try Self.read(["2.50", "1,250", "1'234.50", "1,5", "1.250"], point)
                == [250, 125_000, 123_450, nil, 125]
        )
    }

    @Test func `thousands are groups of three`() throws {
        #expect(
            try Self.read(["1 234,50", "1\u{A0}234\u{202F}567,50", "1’234", "1'234.5"])
                == [123_450, 123_456_750, 123_400, 123_450]
        )
        #expect(
            try Self.read(["12,34,567.00", "1,23.4", "1 23", "1'2345", "0,123,456", "1,,2"])
                == [nil, nil, nil, nil, nil, nil]
        )
    }

    @Test func `signs stand before, behind or around a number`() throws {
        #expect(
            try Self.read(["5.00-", "(5.00)", "\u{2212}5.00", "-€5.00", "€-5.00", "- 5.00"])
                == [-500, -500, -500, -500, -500, -500]
        )
    }

    @Test func `only the database's currency is taken`() throws {
        let own = ["2,50 €", "€2,50", "EUR 2,50", "2,50 eur", "2,50\u{A0}€"]
        #expect(try Self.read(own) == [250, 250, 250, 250, 250])
        #expect(
            try Self.read(["$2.50", "2.50 USD", "£1", "2 kg", "EUR 2 €"]) == [
                nil, nil, nil, nil, nil,
            ]
        )
        // A quantity has none.
        #expect(try Self.read(["2 €", "EUR 2"], isMoney: false) == [nil, nil])
    }

    @Test func `a number of a spreadsheet has 15 valid digits`() throws {
        let style = NumberColumns.Style(mark: .point, isBinary: true)
        #expect(
            try Self.read(
                [
                    "2.1259999999999999", "0.30000000000000004", "9.9000000000000004", "1E-2",
                    "1.5E+3",
                ],
                decimals: 3,
                style
            ) == [2_126, 300, 9_900, 10, 1_500_000]
        )
        #expect(try Self.read(["2.1259999999999999"], decimals: 2, style) == [nil])
    }

    @Test func `what it says names both readings`() throws {
        let file = FileBytes(Array("n\n\"1,250\"\n".utf8))
        var records = try RecordReader(file, RecordLayout(delimiter: .comma))
        _ = try records.next()
        let numbers = NumberColumns(records, [0], style: NumberColumns.Style(), currency: "EUR")
        #expect(
            numbers.read(records, 0, decimals: 2)
                == .problem("\"1,250\" can be 1250 or 1.250; use --decimal point or comma")
        )
    }
}
