import Testing

@testable import InventoryTransfer

/// Records are found whatever stands around them.
@Suite struct RecordReaderTests {
    /// The header, and the records with their row numbers.
    private static func read(
        _ text: String,
        _ layout: RecordLayout = RecordLayout()
    ) throws -> [String] {
        var reader = try RecordReader(FileBytes(Array(text.utf8)), layout)
        var lines = [reader.header.joined(separator: "·")]
        while try reader.next() {
            let fields = reader.header.indices.map { reader.text($0) }
            lines.append("\(reader.number) " + fields.joined(separator: "·"))
        }
        return lines
    }

    @Test(arguments: [",", ";", "\t", "|"])
    func `each delimiter is found`(_ delimiter: String) throws {
        let rows = ["sku,name,price", "A,x,1", "B,y,2"].map { $0.replacing(",", with: delimiter) }
        #expect(
            try Self.read(rows.joined(separator: "\n")) == ["sku·name·price", "2 A·x·1", "3 B·y·2"]
        )
    }

    @Test func `a delimiter is found among decimal commas, quotes and names with commas`() throws {
        #expect(
            try Self.read("a;b;c\n1,0;2,0;3,0\n4,0;5,0;6,0\n") == [
                "a·b·c", "2 1,0·2,0·3,0", "3 4,0·5,0·6,0",
            ]
        )
        #expect(try Self.read("a\tb\n\"x,y\tz\"\t5\"\n") == ["a·b", "2 x,y\tz·5\""])
        #expect(try Self.read("a,b\nx;y;z,1\n") == ["a·b", "2 x;y;z·1"])
        #expect(try Self.read("sku\nA\nB\n") == ["sku", "2 A", "3 B"])
    }

    @Test func `a stated delimiter is taken`() throws {
        #expect(try Self.read("sep=;\na;b,c\n1;2,5\n") == ["a·b,c", "2 1·2,5"])
        #expect(try Self.read("sep=;\r\na;b\r\n1;2\r\n") == ["a·b", "2 1·2"])
        let bar = RecordLayout(delimiter: FieldDelimiter(named: "|"))
        #expect(try Self.read("a,b|c\n1,2|3\n", bar) == ["a,b·c", "2 1,2·3"])
        #expect(FieldDelimiter(named: "tab")?.byte == 0x09)
        for name in ["", "ab", "x", "1", "\"", "é"] { #expect(FieldDelimiter(named: name) == nil) }
    }

    @Test func `titles above the header are passed over, and rows keep their numbers`() throws {
        var layout = RecordLayout()
        layout.isHeader = { $0.contains("sku") }
        let text = "Price list,,\n,,\n\"as of\nMonday\",,\nsku,name,price\nA,x,1\n"
        #expect(try Self.read(text, layout) == ["sku·name·price", "5 A·x·1"])
        // Without such a header, it is the record most like one.
        let known: @Sendable ([String]) -> Int = { $0.count { ["name", "price"].contains($0) } }
        layout.likeness = known
        layout.isHeader = { _ in false }
        #expect(try Self.read(text, layout) == ["sku·name·price", "5 A·x·1"])
        layout = RecordLayout(isHeader: { $0.contains("sku") })
        #expect(try Self.read("a,b\nA,1\n", layout) == ["a·b", "2 A·1"])
        #expect(try Self.read("", layout) == [""])
    }

    @Test func `empty records and the header again are no rows`() throws {
        let text = "sku,name\nA,x\n,\n\nsku,name\nB,y\n , \n"
        #expect(try Self.read(text) == ["sku·name", "2 A·x", "6 B·y"])
    }

    @Test
    func `a record with a value behind the last column is a problem that names the delimiter`()
        throws
    {
        func problems(_ text: String) throws -> [String?] {
            var reader = try RecordReader(FileBytes(Array(text.utf8)))
            var found: [String?] = []
            while try reader.next() { found.append(reader.problem) }
            return found
        }
        let head = "has 4 fields, the header has 3; a text with "
        #expect(
            try problems("sku,name,price\nA,Bolt,1,50\nB,Nut,2\nC,\"Nut, M8\",3,, ,\nD,x\n")
                == [head + "a comma needs quotes", nil, nil, nil]
        )
        #expect(
            try problems("sku;name;price\nA;b;1\nA;b;c;1\n")
                == [nil, head + "a semicolon needs quotes"]
        )
        #expect(
            try problems("sku\tname\tprice\nA\tb\t1\nA\tb\tc\t1\n")
                == [nil, head + "a tab needs quotes"]
        )
    }

    @Test func `totals and a second line of the header are beside the rows`() throws {
        func besides(_ text: String, key: Int = 0) throws -> [Bool] {
            var reader = try RecordReader(FileBytes(Array(text.utf8)))
            var found: [Bool] = []
            while try reader.next() { found.append(reader.isBesideRows(key: key)) }
            return found
        }
        #expect(
            try besides("sku,name,price\n,Text,EUR\nA,a,1\n,Total:,3\n") == [true, false, true]
        )
        // A unit's line only follows the header; a row with a number is never one.
        #expect(try besides("sku,name,price\nA,a,1\n,Text,EUR\n") == [false, false])
        #expect(try besides("sku,name,price\n,Nameless,1\n") == [false])
        // A label as the key is one of totals only at the end.
        #expect(try besides("sku,name,price\nTotal,Cereal,1\nTotal,,1\n\n") == [false, true])
        for text in ["Total;;4,00;9", "Summe;;4,00;", ";;;9", ";;€ 1.234.567,50;", ";;-3,5 %;"] {
            #expect(
                try besides("sku;name;price;stock\nA;a;1;2\n\(text)\n") == [false, true],
                "\(text)"
            )
        }
        // A subtotal has no text but its label; without a label only the last record is one of totals.
        #expect(
            try besides("sku,name,price\nSubtotal,,4.00\n,,4.00\nB,b,1\n,,5.00\n")
                == [true, false, false, true]
        )
        // A sale that lost its code has a time.
        let sales = "sku,quantity,price,occurredAt,reference\nA,1,1.00,2026-03-01,R1\n"
        #expect(try besides(sales + ",3,3.00,,\n") == [false, true])
        #expect(try besides(sales + ",3,3.00,2026-03-01,\n") == [false, false])
        #expect(try besides(sales + ",3,3.00,01.03.2026,\n") == [false, false])
        #expect(try besides("sku,stock\nA,1\n,5\n") == [false, false])
        #expect(try besides("sku,name\nA,Total eclipse\n,Total eclipse 1\n") == [false, false])
    }

    @Test func `an array of objects is a list of rows`() throws {
        let rows = ["a·b", "1 1·x", "2 2·}],{"]
        #expect(
            try Self.read("[{\"a\":1,\"b\":\"x\"}, {\"a\":\"2\",\"b\":\"}],{\"}]\n") == rows
        )
        #expect(
            try Self.read("\n[\n  {\"a\": 1,\n \"b\": \"x\"},\n  {\"b\": \"}],{\", \"a\": 2}\n]\n")
                == rows
        )
        #expect(try Self.read("[]") == [""])
        #expect(try Self.read(" [ ] ") == [""])
        #expect(try Self.read("{\"a\":1}\n{\"b\":\"\\\"\"}\n") == ["a·b", "1 1·", "2 ·\""])
        // A damaged first line is a row, not a header.
        #expect(
            try Self.read("oops\n{\"a\":1}\n\n{\"a\":2}\n{\"a\":3}\n") == [
                "a", "1 ", "2 1", "4 2", "5 3",
            ]
        )
        #expect(try Self.read("a,b\n{x},1\n{\"y,2\n") == ["a·b", "2 {x}·1", "3 {\"y·2"])
        // A column may be called [Shop].
        #expect(try Self.read("[Shop],b\n1,2\n") == ["[Shop]·b", "2 1·2"])
        for text in ["[{\"a\":1}", "[{\"a\":1},", "[{\"a\":1}] x", "[{\"a\":1},2]", "[{\"a\":[}]"] {
            #expect(throws: Failure.self, "\(text)") { try Self.read(text) }
        }
    }
}
