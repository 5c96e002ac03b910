import Foundation
import InventoryClient
import InventoryModel
import InventoryTestSupport
import Testing

/// What the server knows of a run of an import, and `undo --run`.
@Suite struct ImportUndoTests {
    private let folder = TemporaryDirectory()

    private func write(_ name: String, _ text: String) throws -> String {
        let path = "\(self.folder.path)/\(name)"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    private func list(_ daemon: Daemon, _ fields: String, _ words: String...) throws -> [String] {
        Array(try daemon.invctl(words + ["-o", "csv", "--fields", fields]).lines.dropFirst())
    }

    private static let head = "sku,quantity,price,occurredAt,reference\n"

    @Test func `an interrupted import has the counts of what it booked, without its client`()
        async throws
    {
        let daemon = try Daemon()
        let rows = (0..<60_000).map { "S\($0 % 50),1,1.00,2026-10-01 12:00,R\($0 / 3)\n" }
        let early = Self.head + rows.prefix(600).joined()
        #expect(
            try daemon.invctl(["import", self.write("a.csv", early), "--as", "sales"]).code == 0
        )
        let file = try self.write("till\u{1B} 7.csv", Self.head + rows.joined())
        let words = ["import", file, "--as", "sales", "--quiet", "--id", "till-7"]
        let running = try RunningClient(daemon, words, input: "/dev/null")
        _ = try await running.kill(beyond: 3_000, in: daemon)
        let counts = "file,kind,state,booked,alreadyThere,refused"
        let shown = try self.list(daemon, counts, "ledger", "imports", "--id", "till-7")
        let sales = try await daemon.client().statistics()["movements"]
        let booked = Int(sales ?? 0) / 2 - 600
        #expect(booked > 0)
        #expect(shown == ["till 7.csv,sales,begun,\(booked),600,0"])

        // Resumed, the run has booked each other line once, whatever outcomes were forgotten.
        let resumed = try daemon.invctl(words)
        #expect(resumed.code == 0, "\(resumed.errors)")
        #expect(resumed.output.hasPrefix("60000 rows: 59400 accepted, 0 rejected, 600 already"))
        #expect(
            try self.list(daemon, counts, "ledger", "imports", "--id", "till-7")
                == ["till 7.csv,sales,finished,59400,600,0"]
        )
    }

    @Test
    func `undo of a run takes back what it booked, continues after a kill, and says the rest`()
        async throws
    {
        let daemon = try Daemon()
        let rows = (0..<6_000).map { "S\($0 % 50),1,1.00,2026-10-01 12:00,R\($0)\n" }
        let file = try self.write("sales.csv", Self.head + rows.joined())
        #expect(try daemon.invctl("import", file, "--as", "sales", "--id", "october").code == 0)
        let other = Self.head + "S1,5,1.00,2026-10-02 12:00,T1\n"
        try daemon.invctl(["import", "-", "--as", "sales"], input: Data(other.utf8))

        let dry = try daemon.invctl("undo", "--run", "october", "--dry-run")
        #expect(
            dry.output.hasPrefix("would undo 6,000 steps of the import of sales.csv"),
            "\(dry)"
        )
        let running = try RunningClient(
            daemon,
            ["undo", "--run", "october", "--yes"],
            input: "/dev/null"
        )
        _ = try await running.kill(beyond: 12_600, in: daemon)
        let rest = try daemon.invctl("undo", "--run", "october", "--yes", "-o", "json")
        #expect(rest.code == 0, "\(rest.errors)")
        #expect(rest.output.contains("\"steps\":6000"), "\(rest.output)")
        #expect(
            try self.list(daemon, "net,units", "insight", "sales", "--window", "all") == ["5.00,5"]
        )
        let again = try daemon.invctl("undo", "--run", "october")
        #expect(again.output.contains("6,000 steps undone or returned before"), "\(again.output)")
        // What was taken back is imported again under a new name.
        let second = try daemon.invctl("import", file, "--as", "sales", "--id", "november")
        #expect(second.output.hasPrefix("6000 rows: 6000 accepted"), "\(second)")
        _ = try await daemon.client().verified()
        let none = try daemon.invctl("undo", "--run", "nobody")
        #expect(none.code == 3 && none.errors.contains("there is no import with the id 'nobody'"))
    }

    @Test func `the file of an undone run is imported again, as a run with a number`() throws {
        let daemon = try Daemon()
        let file = try self.write(
            "till.csv",
            Self.head + "PEN,2,1.50,2026-11-02 09:00,R1\nPEN,1,1.50,2026-11-02 09:00,R2\n"
        )
        let words = ["import", file, "--as", "sales"]
        func runs() throws -> [String] { try self.list(daemon, "run,state", "ledger", "imports") }
        #expect(try daemon.invctl(words).code == 0)
        let name = try #require(try self.list(daemon, "run", "ledger", "imports").first)
        for number in 2...3 {
            let last = number == 2 ? name : "\(name)-\(number - 1)"
            // A part of the run that is undone leaves it finished.
            let lsn = try #require(try self.list(daemon, "lsn", "ledger", "sales").first)
            #expect(try daemon.invctl("ledger", "reverse", lsn).code == 0)
            #expect(try runs().first == "\(last),finished")
            let known = try daemon.invctl(words)
            #expect(known.output.hasPrefix("imported before, on 20"), "\(known)")
            #expect(try daemon.invctl("undo", "--run", last).code == 0)
            #expect(try runs().first == "\(last),undone")

            let dry = try daemon.invctl(words + ["--dry-run"])
            #expect(dry.output.hasPrefix("2 rows: 2 accepted, 0 rejected; nothing"), "\(dry)")
            let again = try daemon.invctl(words)
            #expect(again.code == 0 && again.output.hasPrefix("2 rows: 2 accepted"), "\(again)")
            #expect(again.errors.contains(/this file was imported on 20.* and undone since/))
            #expect(try runs().first == "\(name)-\(number),finished")
            #expect(try daemon.invctl(words).output.hasPrefix("imported before, on 20"))
        }
        #expect(
            try runs() == ["\(name)-3,finished", "\(name)-2,undone", "\(name),undone"]
        )
        #expect(
            try self.list(daemon, "net,units", "insight", "sales", "--window", "all") == ["4.50,3"]
        )
    }

    @Test func `an undone run with a name stays undone, and other kinds are not asked about`()
        throws
    {
        let daemon = try Daemon()
        let file = try self.write("catalog.csv", "sku,name,category,price,stock\nC,Cup,F,5.00,10\n")
        #expect(try daemon.invctl("import", file, "--id", "first").code == 0)
        #expect(try daemon.invctl("undo", "--run", "first").code == 0)
        let named = try daemon.invctl("import", file, "--id", "first")
        #expect(named.output.contains(/imported before, on 20.*, and undone since: 1 row/))
        let other = try daemon.invctl("import", file)
        #expect(
            other.errors.contains(/this file was imported on 20.* and undone since/),
            "\(other)"
        )
    }

    @Test func `stock of a delivery that was sold meanwhile stays, with the reason`() throws {
        let daemon = try Daemon()
        let catalog =
            "sku,name,category,price,stock,cost\nC,Cheese,F,5.00,10,2.00\nD,Dill,F,1.00,3,0.50\n"
        try daemon.invctl(["import", "-", "--id", "first"], input: Data(catalog.utf8))
        try daemon.invctl("sell", "D=1")
        let undone = try daemon.invctl("undo", "--run", "first")
        #expect(undone.code == 8)
        #expect(undone.output.contains("undid 1 step of the import"), "\(undone.output)")
        #expect(undone.output.contains("1 step cannot be undone"), "\(undone.output)")
        #expect(
            undone.errors.contains("D  insufficient_stock  D at main: asked 3, can take back 2")
        )
        #expect(
            try self.list(daemon, "sku,onHand", "product", "list", "--sort", "sku")
                == ["C,0", "D,2"]
        )
    }

    @Test func `an import of known sales is told apart from one of new ones`() throws {
        let daemon = try Daemon()
        let november =
            Self.head + "PEN,2,1.50,2026-11-02 09:00,R1\nPEN,1,1.50,2026-11-03 09:00,R2\n"
        let first = try daemon.invctl(["import", "-", "--as", "sales"], input: Data(november.utf8))
        #expect(first.lines.first == "2 rows: 2 accepted, 0 rejected")
        #expect(first.lines.last?.hasPrefix("in the file: 1 product, 2 sales") == true)
        let words = ["import", "-", "--as", "sales", "--id", "again", "-o", "json"]
        let second = try daemon.invctl(words, input: Data(november.utf8))
        #expect(
            second.output.hasPrefix("{\"rows\":2,\"accepted\":0,\"rejected\":0,\"alreadyThere\":2,")
        )
        #expect(
            try self.list(daemon, "booked,alreadyThere", "ledger", "imports") == ["0,2", "2,0"]
        )
    }

    // MARK: - Products known only from imported sales

    /// Three months of one shop; names, categories and prices change, and no catalog has them.
    private static let months = [
        """
        sku,name,category,quantity,price,occurredAt,reference
        TEA,Tea,Drinks,2,3.00,2026-01-10 10:00,A1
        OLD,Old name,Shelf,1,9.00,2026-01-11 10:00,A2
        TIE,Ash,Wood,1,2.00,2026-01-31 10:00,A3

        """,
        """
        sku,name,category,quantity,price,occurredAt,reference
        TEA,Green tea,Hot drinks,2,3.20,2026-02-10 10:00,B1
        TIE,Birch,Trees,1,2.50,2026-01-31 10:00,B3
        NEW,New,Shelf,1,7.00,2026-02-12 10:00,B2

        """,
        """
        sku,quantity,price,occurredAt,reference
        TEA,1,3.50,2026-03-10 10:00,C1
        TEA,1,3.40,2026-03-02 10:00,C2
        NEW,-1,7.00,2026-03-03 10:00,C3

        """,
    ]

    @Test(arguments: [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]])
    func `three months without a catalog give the same products in any order`(
        order: [Int]
    ) throws {
        let daemon = try Daemon()
        for month in order {
            let words = ["import", "-", "--as", "sales", "--negative", "return"]
            let done = try daemon.invctl(words, input: Data(Self.months[month].utf8))
            #expect(done.code == 0, "\(done.errors)")
        }
        #expect(
            try self.list(daemon, "sku,name,category,price", "product", "list", "--sort", "sku")
                == [
                    "NEW,New,Shelf,7.00", "OLD,Old name,Shelf,9.00",
                    "TEA,Green tea,Hot drinks,3.50",
                    "TIE,Birch,Wood,2.50",
                ]
        )
        #expect(try daemon.invctl("verify").code == 0)
    }

    /// A month of sales, one of write-offs, returns, discounts and gifts, and a correction of each.
    private static let mishaps = [
        """
        sku,name,category,quantity,price,occurredAt,reference
        PN1,Good name,Shelf,2,5.00,2026-03-01,K1
        PN2,Pear,Fruit,1,1.00,2026-03-01,K1

        """,
        """
        sku,name,category,quantity,price,occurredAt,reference
        PN1,damaged,Bin,-1,0,2026-03-02,K2
        PN2,10 % off,Vouchers,1,-0.10,2026-03-03,K3
        PN3,broken,Bin,-1,0,2026-03-04,K4
        PN3,Broken,Bin,-1,0,2026-03-05,K5
        PN4,gift,Gifts,1,0,2026-03-06,K6

        """,
        """
        sku,name,category,quantity,price,occurredAt,reference
        PN1,free sample,Gifts,1,0,2026-03-07,K7
        PN4,Plum,Fruit,1,0.80,2026-01-01,K8

        """,
    ]

    @Test(arguments: [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]])
    func `a product has the name and category of a sale with a price, if it has one, in any order`(
        order: [Int]
    ) throws {
        let daemon = try Daemon()
        for month in order {
            let words = ["import", "-", "--as", "sales", "--negative", "write-off"]
            let done = try daemon.invctl(words, input: Data(Self.mishaps[month].utf8))
            #expect(done.code == 0, "\(done.errors)")
        }
        #expect(
            try self.list(daemon, "sku,name,category,price", "product", "list", "--sort", "sku")
                == [
                    "PN1,Good name,Shelf,5.00", "PN2,Pear,Fruit,1.00", "PN3,Broken,Bin,0.00",
                    "PN4,Plum,Fruit,0.80",
                ]
        )
        #expect(try daemon.invctl("verify").code == 0)
    }

    /// The same products, spelled in different ways, with and without names.
    private static let spellings = [
        """
        sku,name,quantity,price,occurredAt,reference
        abc-1,,1,1.00,2026-01-10,A1
        ABC-1,,1,1.00,2026-01-05,A2
        pen,Pen,1,2.00,2026-01-10,A1
        gift,,1,0,2026-01-10,A1

        """,
        """
        sku,name,quantity,price,occurredAt,reference
        Abc-1,,1,1.00,2026-02-10,B1
        PEN,Pencil,1,2.00,2026-02-10,B1
        Gift,,1,0,2026-02-10,B1

        """,
        """
        sku,name,quantity,price,occurredAt,reference
        ABC-1,,1,0,2026-03-10,C1
        Pen,,1,2.00,2026-02-10,C1
        GIFT,,1,0,2026-03-10,C1

        """,
    ]

    @Test(arguments: [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]])
    func `a SKU is spelled as in the latest sale with a price, in any order`(order: [Int]) throws {
        let daemon = try Daemon()
        func isImported(_ text: String) throws {
            let done = try daemon.invctl(["import", "-", "--as", "sales"], input: Data(text.utf8))
            #expect(done.code == 0, "\(done.errors)")
        }
        for month in order { try isImported(Self.spellings[month]) }
        // Of two sales at one time the larger spelling remains, also of products without such a sale.
        #expect(
            try self.list(daemon, "sku,name", "product", "list").sorted() == [
                "Abc-1,Abc-1", "Pen,Pencil", "gift,gift",
            ]
        )
        // A person decides.
        #expect(try daemon.invctl("product", "set", "pen", "--sku", "pEN").code == 0)
        try isImported("sku,quantity,price,occurredAt,reference\nPEN,1,9.00,2026-09-01,D1\n")
        #expect(
            try self.list(daemon, "sku,price", "product", "list").contains("pEN,2.00")
        )
        #expect(try daemon.invctl("verify").code == 0)
    }

    @Test func `sales change no product that a person described`() throws {
        let daemon = try Daemon()
        try daemon.invctl(["import", "-", "--as", "sales"], input: Data(Self.months[0].utf8))
        try daemon.invctl("product", "set", "TEA", "--price", "4.00")
        try daemon.invctl(["import", "-", "--as", "sales"], input: Data(Self.months[1].utf8))
        #expect(
            try self.list(daemon, "sku,name,price", "product", "list", "--sort", "sku") == [
                "NEW,New,7.00", "OLD,Old name,9.00", "TEA,Tea,4.00", "TIE,Birch,2.50",
            ]
        )
    }

    // MARK: - Cost

    @Test func `sales that are recorded without a known cost are counted, and what helps is said`()
        throws
    {
        let daemon = try Daemon()
        let catalog = "sku,name,category,price,stock,cost\nMUG,Mug,K,9.90,24,4.10\n"
        try daemon.invctl(["import", "-"], input: Data(catalog.utf8))
        let file =
            "sku,quantity,price,cost,occurredAt\nMUG,1,9.90,,2026-01-03\n"
            + "PAN,1,35.00,,2026-01-03\nPAN,1,35.00,20.00,2026-01-04\nPOT,2,5.00,,2026-01-03\n"
        let words = ["import", "-", "--as", "sales"]
        let dry = try daemon.invctl(words + ["--dry-run"], input: Data(file.utf8))
        #expect(dry.errors.contains("2 rows have no known cost"), "\(dry.errors)")
        let done = try daemon.invctl(words + ["-o", "json"], input: Data(file.utf8))
        #expect(done.output.contains("\"withoutCost\":2"), "\(done.output)")
        #expect(done.output.contains("a catalog with costs that is imported before"))
        let known = "sku,quantity,price,occurredAt\nMUG,1,9.90,2026-01-05\n"
        let silent = try daemon.invctl(words, input: Data(known.utf8))
        #expect(!silent.errors.contains("no known cost"), "\(silent.errors)")
    }
}
