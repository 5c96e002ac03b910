import Foundation
import InventoryModel
import Testing

/// `invctl import --mode upsert`: products that exist are changed, the others are added.
@Suite struct UpsertTests {
    private static let catalog = """
        sku,name,category,price,priceBasis,barcode,unit,decimals,stock,cost,reorderPoint,reorderTarget,packSize,leadTimeDays,brand,status
        MUG,Mug,Kitchen,9.90,1,4006381333931,pcs,0,24,4.10,5,40,6,7,Acme,active
        PAN,Pan,Kitchen,39.00,1,96385074,pcs,0,3,21.00,2,0,1,0,,active
        TEA,Tea,Food,5.00,0.100,,kg,3,2.500,1.00,1,0,1,0,,inactive

        """

    private static let fields =
        "sku,name,category,price,priceBasis,barcode,unit,unitDecimals,onHand,"
        + "reorderPoint,reorderTarget,packSize,leadTimeDays,brand,status"

    private func shop() throws -> Daemon {
        let daemon = try Daemon()
        let imported = try daemon.invctl("import", "-", input: Data(Self.catalog.utf8))
        try #require(imported.code == 0, "\(imported.errors)")
        return daemon
    }

    private func upsert(_ daemon: Daemon, _ rows: String, _ options: String...) throws -> Finished {
        let arguments = ["import", "-", "--mode", "upsert"] + options
        return try daemon.invctl(arguments, input: Data(rows.utf8))
    }

    private func list(_ daemon: Daemon, _ fields: String = Self.fields) throws -> [String] {
        let arguments = ["product", "list", "-o", "csv", "--sort", "sku", "--fields", fields]
        return Array(try daemon.invctl(arguments).lines.dropFirst())
    }

    private func value(_ daemon: Daemon, _ sku: String, _ field: String) throws -> String {
        let arguments = ["product", "get", sku, "-o", "csv", "--fields", field]
        return try daemon.invctl(arguments).lines.last ?? ""
    }

    /// A new value of each field, as it is written in a file and as a list shows it.
    private static let changes = [
        ("name", "Big mug", "Big mug"), ("category", "Gifts", "Gifts"), ("price", "10.90", "10.90"),
        ("priceBasis", "10", "10"), ("barcode", "5012345678900", "5012345678900"),
        ("stock", "20", "20"), ("reorderPoint", "8", "8"), ("reorderTarget", "50", "50"),
        ("packSize", "12", "12"), ("leadTimeDays", "14", "14"), ("brand", "Ünder", "Ünder"),
        ("status", "inactive", "inactive"),
    ]

    @Test(arguments: Self.changes)
    func `a column changes its field and no other`(
        field: String,
        written: String,
        shown: String
    ) throws {
        let daemon = try self.shop()
        let before = try self.list(daemon)
        let rows = "sku,\(field)\nMUG,\(written)\nPAN,\n"
        let dry = try self.upsert(daemon, rows, "--dry-run")
        #expect(dry.code == 0, "\(dry.errors)")
        #expect(
            dry.lines.first?.hasPrefix("2 rows: 0 would be added, 1 would be changed, 1 unch")
                == true
        )
        #expect(dry.lines.dropFirst().count == 1, "\(dry.output)")
        // What a price is for is part of the price.
        let (named, becomes) = field == "priceBasis" ? ("price", "9.90 per 10") : (field, shown)
        #expect(dry.output.contains("row 2  MUG  \(named) "), "\(dry.output)")
        #expect(dry.output.contains(" → \(becomes)"), "\(dry.output)")
        #expect(try self.list(daemon) == before)
        let done = try self.upsert(daemon, rows)
        #expect(done.output == "2 rows: 0 added, 1 changed, 1 unchanged, 0 rejected\n")
        #expect(done.code == 0)
        let listed = field == "stock" ? "onHand" : field
        #expect(try self.value(daemon, "MUG", listed) == shown)
        let others = Self.fields.split(separator: ",").filter { $0 != listed }.joined(
            separator: ","
        )
        let after = try self.list(daemon, others)
        _ = try self.upsert(
            daemon,
            "sku,\(field)\nMUG,\(Self.original(of: field))\n"
        )
        #expect(try self.list(daemon, others) == after)
        #expect(try self.list(daemon) == before)
    }

    /// The cell of MUG in the catalog.
    private static func original(of field: String) -> String {
        let lines = Self.catalog.split(separator: "\n").map {
            $0.split(separator: ",", omittingEmptySubsequences: false)
        }
        return zip(lines[0], lines[1]).first { $0.0 == field }.map { String($0.1) } ?? ""
    }

    @Test func `a product is found by its SKU, else by its barcode, and the others are added`()
        throws
    {
        let daemon = try self.shop()
        let rows = """
            sku,barcode,name,category,price,stock,cost
            mug,,Cup,,,,
            ,96385074,Wok,,,,
            JAR,4006381333948,Jar,Glass,4.50,6,2.00
            P-2,,,,,,

            """
        let done = try self.upsert(daemon, rows)
        #expect(done.code == 8)
        #expect(done.output == "4 rows: 1 added, 2 changed, 0 unchanged, 1 rejected\n")
        #expect(done.errors.contains("row 5  name: is empty; there is no product \"P-2\""))
        #expect(
            try self.list(daemon, "sku,name,barcode,category,price,onHand,value") == [
                "JAR,Jar,4006381333948,Glass,4.50,6,12.00",
                "MUG,Cup,4006381333931,Kitchen,9.90,24,98.40",
                "PAN,Wok,96385074,Kitchen,39.00,3,63.00",
                "TEA,Tea,,Food,5.00,2.500,25.00",
            ]
        )
        // A new SKU with the barcode of a product is neither of them.
        let other = try self.upsert(
            daemon,
            "sku,barcode,name,category,price\nWOK,0000096385074,Wok,K,1\n"
        )
        #expect(other.code == 8)
        #expect(
            other.errors.contains(
                "row 2  barcode: the row is of WOK, but \"0000096385074\" is the barcode of PAN"
            )
        )
    }

    @Test
    func `an empty cell leaves a field, a mark clears it, and a field that has to be is refused`()
        throws
    {
        let daemon = try self.shop()
        let rows = "sku,barcode,brand,reorderTarget,leadTimeDays,price\nMUG,,,,,\nPAN,\\N,,\\N,,\n"
        #expect(
            try self.upsert(daemon, rows).output.hasPrefix("2 rows: 0 added, 1 changed, 1 unch")
        )
        #expect(try self.value(daemon, "PAN", "sku,barcode") == "PAN,")
        #expect(try self.value(daemon, "MUG", "barcode,brand") == "4006381333931,Acme")
        let cleared = "sku,barcode,brand,reorderTarget,leadTimeDays\nMUG,\\N,\\N,\\N,\\N\n"
        let dry = try self.upsert(daemon, cleared, "--dry-run")
        #expect(
            dry.output.contains(
                "row 2  MUG  barcode 4006381333931 → none, reorderTarget 40 → 0, "
                    + "leadTimeDays 7 → 0, brand Acme → none"
            ),
            "\(dry.output)"
        )
        _ = try self.upsert(daemon, cleared)
        #expect(
            try self.value(daemon, "MUG", "barcode,brand,reorderTarget,leadTimeDays") == ",,0,0"
        )
        for field in [
            "name", "category", "price", "priceBasis", "unit", "decimals", "status", "reorderPoint",
            "packSize", "stock", "cost",
        ] {
            let refused = try self.upsert(daemon, "sku,\(field)\nMUG,\\N\n")
            #expect(refused.code == 8, "\(field)")
            #expect(
                refused.errors.contains("row 2  \(field): cannot be cleared"),
                "\(refused.errors)"
            )
        }
    }

    @Test func `rows that contradict each other or the catalog are refused by number`() throws {
        let daemon = try self.shop()
        let before = try self.list(daemon)
        let rows = """
            sku,barcode,name,price
            MUG,96385074,,
            MUG,,Cup,
            ,4006381333931,Bowl,
            A,4006381333955,A,1.00
            B,04006381333955,B,1.00
            a,,A again,1.00
            ,5012345678900,Ghost,1.00
            ,,Nobody,1.00

            """
        let dry = try self.upsert(daemon, rows, "--dry-run")
        #expect(dry.code == 8)
        #expect(try self.list(daemon) == before)
        let done = try self.upsert(daemon, rows)
        #expect(done.output == "8 rows: 1 added, 1 changed, 0 unchanged, 6 rejected\n")
        #expect(done.code == 8)
        #expect(dry.errors == done.errors)
        for problem in [
            "row 2  barcode: the row is of MUG, but \"96385074\" is the barcode of PAN",
            "row 4  sku: duplicate of row 3 (\"MUG\")",
            "row 6  barcode: duplicate of row 5 (\"04006381333955\")",
            "row 7  sku: duplicate of row 5 (\"a\")",
            "row 8  barcode: no product has \"5012345678900\", and a new one needs a sku",
            "row 9  sku: is empty, and so is barcode",
        ] {
            #expect(done.errors.contains(problem), "\(done.errors)")
        }
    }

    @Test
    func
        `a dry run shows new products and fields before and after, and its counts are the real ones`()
        throws
    {
        let daemon = try self.shop()
        try daemon.invctl("location", "add", "depot")
        let rows = """
            sku,name,category,price,stock,stock@depot,brand
            MUG,Mug,Kitchen,10.90,20,4,
            TEA,Tea,Food,5.00,2.5,,Leaf
            JAR,Jar,Glass,4.50,1,2,
            BAD,Bad,Glass,-4.50,1,2,
            PAN,Pan,kitchen,39.00,3,0,

            """
        let dry = try self.upsert(daemon, rows, "--dry-run")
        #expect(
            dry.output == """
                5 rows: 1 would be added, 2 would be changed, 1 unchanged, 1 invalid, nothing written
                  row 2  MUG  price 9.90 → 10.90, stock 24 → 20, stock@depot 0 → 4
                  row 3  TEA  brand none → Leaf
                  row 4  JAR  new: name Jar, category Glass, price 4.50, stock 1, stock@depot 2

                """
        )
        #expect(dry.errors.contains("row 5  out_of_range  price"), "\(dry.errors)")
        let done = try self.upsert(daemon, rows)
        #expect(done.output == "5 rows: 1 added, 2 changed, 1 unchanged, 1 rejected\n")
        #expect(done.code == dry.code)
        let levels = try daemon.invctl(
            ["stock", "show", "-o", "csv", "--fields", "sku,location,onHand", "--sort", "sku"]
        )
        #expect(levels.output.contains("JAR,depot,2"))
        #expect(levels.output.contains("MUG,depot,4"))
        let again = try self.upsert(daemon, rows, "--changes", "0", "--dry-run")
        #expect(
            again.output.hasPrefix("5 rows: 0 would be added, 0 would be changed, 4 unchanged, 1")
        )
    }

    @Test func `a category that cannot be created rejects its rows, in a dry run too`() throws {
        let daemon = try self.shop()
        let long = String(repeating: "x", count: Limits.nameByteCountMax + 1)
        let rows =
            "sku,name,category,price\nA,A,K\u{1}K,1\nMUG,,K\u{1}K,\nB,B,\(long),1\nC,C,New,1\n"
        let dry = try self.upsert(daemon, rows, "--dry-run")
        #expect(dry.errors.contains("row 2  category: invalid_field  name"), "\(dry.errors)")
        #expect(dry.errors.contains("row 4  invalid_field  category has 201 bytes"))
        let done = try self.upsert(daemon, rows)
        #expect(done.errors == dry.errors)
        #expect(done.output == "4 rows: 1 added, 0 changed, 0 unchanged, 3 rejected\n")
    }

    @Test func `a list of products that is imported again changes nothing, not even a revision`()
        throws
    {
        let daemon = try self.shop()
        let listed = try daemon.invctl(["product", "list", "-o", "csv"]).output
        let before = try daemon.invctl(["product", "list", "-o", "json"]).output
        for _ in 0..<2 {
            let done = try self.upsert(daemon, listed)
            #expect(
                done.output == "3 rows: 0 added, 0 changed, 3 unchanged, 0 rejected\n",
                "\(done.errors)"
            )
        }
        #expect(try daemon.invctl(["product", "list", "-o", "json"]).output == before)
    }

    @Test func `a unit changes while a product has no history, and its quantities stay the same`()
        throws
    {
        let daemon = try Daemon()
        let rows = "sku,name,category,price,reorderPoint\nOIL,Oil,Food,8.00,4\n"
        _ = try self.upsert(daemon, rows)
        let done = try self.upsert(daemon, "sku,unit,decimals\nOIL,l,2\n")
        #expect(done.code == 0, "\(done.errors)")
        #expect(
            try self.value(daemon, "OIL", "unit,price,priceBasis,reorderPoint,packSize")
                == "l,8.00,1.00,4.00,1.00"
        )
        try daemon.invctl("stock", "restock", "OIL=1.5@1")
        let refused = try self.upsert(daemon, "sku,decimals\nOIL,0\n", "--dry-run")
        #expect(refused.code == 8)
        #expect(refused.errors.contains("row 2  invalid_field  unit"), "\(refused.errors)")
        // Its word can change at any time.
        #expect(try self.upsert(daemon, "sku,unit,decimals\nOIL,litre,2\n").code == 0)
        #expect(try self.value(daemon, "OIL", "unit,onHand") == "litre,1.50")
        try daemon.invctl("product", "set", "OIL", "--unit", "l")
        #expect(try self.value(daemon, "OIL", "unit,onHand") == "l,1.50")
    }

    /// Rows of which one part is refused, on products that have history.
    private static let half = [
        "sku,price,stock\nMUG,11,99999999999999\n", "sku,price,stock,decimals\nMUG,10.00,11,3\n",
        "sku,name,stock,cost\nMUG,Cup,30,-1\n",
        "sku,name,category,price,stock@main,stock@depot\nNEW,New,Kitchen,1,5,99999999999999\n",
        "sku,barcode,stock\nMUG,96385074,11\n",
        "sku,price,stock@main,stock@depot,cost\nMUG,8.00,5,885909950805,99999.00\n",
        "sku,name,stock@main,stock@depot\nMUG,Cup,5,-1\n",
        "sku,name,category,price,stock@main,stock@depot,cost\nNEW,New,Kitchen,1,5,885909950805,99999.00\n",
    ]

    @Test(arguments: Self.half)
    func `a row is executed as a whole or not at all`(rows: String) throws {
        let daemon = try self.shop()
        try daemon.invctl("location", "add", "depot", "--name", "Depot")
        let before = try daemon.invctl(["product", "list", "-o", "json"]).output
        let levels = try daemon.invctl(["stock", "show", "-o", "json"]).output
        let dry = try self.upsert(daemon, rows, "--dry-run")
        let done = try self.upsert(daemon, rows)
        #expect(done.output == "1 row: 0 added, 0 changed, 0 unchanged, 1 rejected\n")
        #expect(done.errors == dry.errors)
        #expect(done.code == 8)
        #expect(try daemon.invctl(["product", "list", "-o", "json"]).output == before)
        #expect(try daemon.invctl(["stock", "show", "-o", "json"]).output == levels)
    }

    @Test func `weighed goods can be sold first and get their unit from the catalog behind`() throws
    {
        let daemon = try Daemon()
        let sales = """
            reference,occurredAt,sku,name,quantity,price
            1,2026-08-01 09:00,T,Tea,0.25,8.00
            2,2026-09-01 09:00,T,Green tea,0.125,8.50

            """
        for file in [String(sales.split(separator: "\n").prefix(2).joined(separator: "\n")), sales]
        {
            let sold = try daemon.invctl(
                ["import", "-", "--as", "sales", "--decimal", "point"],
                input: Data(file.utf8)
            )
            try #require(sold.code == 0, "\(sold.errors)")
            let catalog = """
                sku,name,category,price,unit,decimals,stock,cost
                T,Leaf tea,Food,9.00,kg,3,2.500,4.00

                """
            let listed = try self.upsert(daemon, catalog)
            #expect(listed.code == 0, "\(listed.errors)")
            #expect(
                try self.value(daemon, "T", "name,category,price,unit,unitDecimals,onHand")
                    == "Leaf tea,Food,9.00,kg,3,2.500"
            )
        }
    }

    @Test func `the status archived archives a product, and does so once`() throws {
        let daemon = try self.shop()
        try daemon.invctl("stock", "count", "PAN=0")
        let rows = "sku,status\nPAN,archived\n"
        let dry = try self.upsert(daemon, rows, "--dry-run")
        #expect(dry.output.contains("row 2  PAN  status active → archived"))
        #expect(try self.upsert(daemon, rows).output.contains("1 changed"))
        #expect(try self.list(daemon, "sku") == ["MUG", "TEA"])
        #expect(try self.upsert(daemon, rows).output.contains("0 changed, 1 unchanged, 0 rejected"))
        #expect(try self.upsert(daemon, "sku,status\nMUG,archived\n").code == 8)
    }

    @Test func `what a preset knows of new products does not change those that exist`() throws {
        let daemon = try self.shop()
        let rows = "IPN,Name,Category Name,Units\nMUG,Mug,Kitchen,\nNUT,Nut,Parts,\n"
        let done = try self.upsert(daemon, rows, "--preset", "inventree")
        #expect(
            done.output == "2 rows: 1 added, 0 changed, 1 unchanged, 0 rejected\n",
            "\(done.errors)"
        )
        #expect(
            try self.list(daemon, "sku,price,status").prefix(2) == [
                "MUG,9.90,active", "NUT,0.00,active",
            ]
        )
    }

    @Test func `a retry with the same id continues, also after the server was killed`() async throws
    {
        let daemon = try Daemon()
        let rows =
            "sku,name,category,price,stock\n"
            + (1...2_000).map { "S\($0),Name \($0),C\($0 % 7),\($0).00,\($0)\n" }.joined()
        let file = daemon.directory.appending(path: "rows.csv")
        try Data(rows.utf8).write(to: file)
        let running = try RunningClient(
            daemon,
            ["import", file.path, "--mode", "upsert", "--id", "cat-1"]
        )
        _ = try await running.kill(beyond: 300, in: daemon)
        daemon.kill()
        try daemon.start()
        let done = try self.upsert(daemon, rows, "--id", "cat-1")
        #expect(done.code == 0, "\(done.errors)")
        // The client may have been done before it was killed.
        #expect(done.output.contains(" 0 rejected"), "\(done.output)")
        #expect(try self.list(daemon, "sku").count == 2_000)
        // Executed already: a price that someone set since stays.
        try daemon.invctl("product", "set", "S1", "--price", "77")
        _ = try self.upsert(daemon, rows, "--id", "cat-1")
        #expect(try self.value(daemon, "S1", "price") == "77.00")
        _ = try self.upsert(daemon, rows)
        #expect(try self.value(daemon, "S1", "price") == "1.00")
        #expect(try daemon.invctl(["verify"]).code == 0)
    }

    @Test func `a catalog of 100,000 products is compared in one stream`() throws {
        let daemon = try Daemon()
        let count = 100_000
        let rows =
            "sku,name,category,price,stock\n"
            + (1...count).map { "S\($0),Name \($0),C\($0 % 9),\($0).00,\($0 % 50)\n" }.joined()
        let added = try self.upsert(daemon, rows)
        #expect(added.output == "100000 rows: 100000 added, 0 changed, 0 unchanged, 0 rejected\n")
        let revision = try self.value(daemon, "S77", "revision")
        let same = try self.upsert(daemon, rows)
        #expect(same.output == "100000 rows: 0 added, 0 changed, 100000 unchanged, 0 rejected\n")
        #expect(try self.value(daemon, "S77", "revision") == revision)
        let some = try self.upsert(daemon, "sku,price\nS1000,1001.00\nS2,2.00\n")
        #expect(some.output == "2 rows: 0 added, 1 changed, 1 unchanged, 0 rejected\n")
        #expect(try self.value(daemon, "S1000", "price") == "1001.00")
    }
}
