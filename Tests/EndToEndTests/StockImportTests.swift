import Foundation
import InventoryClient
import Testing

/// `invctl import --mode set|add`: the stock of existing products.
@Suite struct StockImportTests {
    private static func shop() throws -> Daemon {
        let daemon = try Daemon()
        let products = """
            sku,name,category,price,stock,cost,unit,decimals
            APPLE,Apple,Fruit,1.20,10,0.50,pcs,0
            FIG,Fig,Fruit,0.50,7,0.20,pcs,0
            FLOUR,Flour,Food,2.00,1.500,1.00,kg,3
            """
        try daemon.invctl("import", "-", "--quiet", input: Data(products.utf8))
        return daemon
    }

    private func onHand(_ daemon: Daemon) throws -> [String] {
        let fields = ["product", "list", "-o", "csv", "--fields", "sku,onHand"]
        return Array(try daemon.invctl(fields).lines.dropFirst())
    }

    @Test func `a dry run shows the counts, and the import sets them as on hand`() throws {
        let daemon = try Self.shop()
        let counted = Data("Code,Counted\nAPPLE,8\nfig,7\nFLOUR,1.25\nNONE,1\n".utf8)
        let dry = try daemon.invctl("import", "-", "--mode", "set", "--dry-run", input: counted)
        #expect(dry.code == 8)
        #expect(
            dry.output == """
                4 rows: 3 valid, 1 invalid, nothing written
                2 would change, 1 would not
                  row 2  APPLE  on hand 10 → 8 (-2)
                  row 4  FLOUR  on hand 1.500 → 1.250 (-0.250)

                """
        )
        #expect(dry.errors.hasPrefix("columns: sku ← Code (guessed), stock ← Counted (guessed)\n"))
        #expect(dry.errors.contains("row 5  sku: there is no product \"NONE\""))
        #expect(try self.onHand(daemon) == ["APPLE,10", "FIG,7", "FLOUR,1.500"])

        let done = try daemon.invctl("import", "-", "--mode", "set", input: counted)
        #expect(done.code == 8)
        #expect(done.output == "4 rows: 3 accepted, 1 rejected\n")
        #expect(try self.onHand(daemon) == ["APPLE,8", "FIG,7", "FLOUR,1.250"])
        let ledger = try daemon.invctl(
            "ledger",
            "list",
            "-o",
            "csv",
            "--fields",
            "kind,sku,onHandDelta",
            "--where",
            "kind = count"
        )
        #expect(
            ledger.lines.dropFirst().sorted()
                == ["count,APPLE,-2", "count,FIG,0", "count,FLOUR,-0.250"]
        )
    }

    @Test func `changes are added once by each run`() throws {
        let daemon = try Self.shop()
        let moved = Data(
            "sku,stock,cost,reference\nAPPLE,5,0.60,PO-7\nFIG,-2,,\nAPPLE,1,,\nFLOUR,0,,\n".utf8
        )
        let dry = try daemon.invctl("import", "-", "--mode", "add", "--dry-run", input: moved)
        #expect(dry.output.hasPrefix("4 rows: 4 valid, 0 invalid, nothing written\n3 would change"))
        // Two rows of the same product add up.
        #expect(dry.output.contains("row 2  APPLE  on hand 10 → 15 (+5)"), "\(dry.output)")
        #expect(dry.output.contains("row 4  APPLE  on hand 15 → 16 (+1)"), "\(dry.output)")
        for _ in 0..<2 {
            let words = ["import", "-", "--mode", "add", "--id", "first"]
            let done = try daemon.invctl(words, input: moved)
            #expect(done.output.contains("4 rows: 4 accepted, 0 rejected"), "\(done.errors)")
            #expect(done.code == 0)
            #expect(try self.onHand(daemon) == ["APPLE,16", "FIG,5", "FLOUR,1.500"])
        }
        let ledger = try daemon.invctl(
            "ledger",
            "list",
            "-o",
            "csv",
            "--fields",
            "kind,sku,onHandDelta,cost,reference",
            "--where",
            "sku = APPLE"
        )
        // A delivery if the row has a cost, otherwise an adjustment at the stock's average cost.
        #expect(ledger.output.contains("restock,APPLE,5,3.00,PO-7"))
        #expect(ledger.output.contains("adjust,APPLE,1,"))
        // The same file without that id is another delivery.
        try daemon.invctl("import", "-", "--mode", "add", input: moved)
        #expect(try self.onHand(daemon) == ["APPLE,22", "FIG,3", "FLOUR,1.500"])
    }

    @Test func `invalid rows are reported with the column, and change nothing`() throws {
        let daemon = try Self.shop()
        let rows = """
            sku,stock
            APPLE,ten
            FIG,7
            "fig ",8
            FLOUR,1.2345
            ,4
            APPLE,-1
            """
        let set = try daemon.invctl("import", "-", "--mode", "set", input: Data(rows.utf8))
        #expect(set.code == 8)
        #expect(set.output == "6 rows: 1 accepted, 5 rejected\n")
        #expect(set.errors.contains("row 2  stock: \"ten\" is not a number"))
        #expect(set.errors.contains("row 4  sku: duplicate of row 3"))
        #expect(
            set.errors.contains("row 5  stock: \"1.2345\" is not a number with at most 3 decimals")
        )
        #expect(set.errors.contains("row 6  sku: is empty"))
        #expect(set.errors.contains("row 7  stock: -1 is below 0"))
        #expect(try self.onHand(daemon) == ["APPLE,10", "FIG,7", "FLOUR,1.500"])
        let below = Data("sku,stock\nFIG,-8\n".utf8)
        let counted = try daemon.invctl("import", "-", "--mode", "set", input: below)
        #expect(counted.errors.contains("row 2  stock: -8 is below 0"))
        let sales = try daemon.invctl("import", "-", "--as", "sales", "--mode", "set", input: below)
        #expect(sales.code == 2)
        let missing = try daemon.invctl(
            "import",
            "-",
            "--mode",
            "set",
            input: Data("sku\nFIG\n".utf8)
        )
        #expect(missing.code == 2)
        #expect(missing.errors.contains("no column for stock"))
    }

    @Test func `a column of own reorder points sets those of locations, as an export writes them`()
        throws
    {
        let daemon = try Self.shop()
        let points = Data("sku,stock,ownReorderPoint\nAPPLE,10,4\nFIG,7,\nFLOUR,1.5,0.250\n".utf8)
        let dry = try daemon.invctl("import", "-", "--mode", "set", "--dry-run", input: points)
        #expect(dry.code == 0, "\(dry.errors)")
        #expect(dry.output.contains("row 2  APPLE  reorder point set to 4"), "\(dry.output)")
        let done = try daemon.invctl("import", "-", "--mode", "set", input: points)
        #expect(done.code == 0, "\(done.errors)")
        let fields = ["stock", "show", "-o", "csv", "--fields", "sku,reorderPoint,ownReorderPoint"]
        let expected = ["APPLE,4,4", "FIG,10,", "FLOUR,0.250,0.250"]
        #expect(try daemon.invctl(fields).lines.dropFirst() == expected[...])
        // What an export writes changes nothing when it is imported again.
        let exported = try daemon.invctl("export", "-", "--what", "stock")
        let again = try daemon.invctl(
            "import",
            "-",
            "--mode",
            "set",
            input: Data(exported.output.utf8)
        )
        #expect(again.code == 0, "\(again.errors)")
        #expect(try daemon.invctl(fields).lines.dropFirst() == expected[...])
        let wrong = Data("sku,stock,ownReorderPoint\nAPPLE,10,-1\n".utf8)
        let refused = try daemon.invctl("import", "-", "--mode", "set", input: wrong)
        #expect(refused.code == 8 && refused.errors.contains("ownReorderPoint: is below 0"))
    }
}
