import Foundation
import InventoryClient
import InventoryTestSupport
import Testing

/// Rows and files that must not come in as something else than what they are.
@Suite struct ImportedRowTests {
    private func run(_ daemon: Daemon, _ text: String, _ words: String...) throws -> Finished {
        try daemon.invctl(["import", "-", "--category", "C"] + words, input: Data(text.utf8))
    }

    // MARK: - More values than columns

    @Test(arguments: [[], ["--mode", "upsert"], ["--dry-run"]])
    func `a row of products with more values than the header has names is rejected`(
        words: [String]
    ) throws {
        let daemon = try Daemon()
        let text = "sku,name,price\nEX1,Bolt,1,50\nEX2,Nut,2,,\nEX3,\"Nut, M8\",1.50\n"
        let words = ["import", "-", "--category", "C"] + words
        let done = try daemon.invctl(words, input: Data(text.utf8))
        #expect(done.code == 8, "\(done)")
        #expect(
            done.errors.contains(
                "row 2  has 4 fields, the header has 3; a text with a comma needs quotes"
            ),
            "\(done.errors)"
        )
        #expect(done.output.contains("1 rejected") || done.output.contains("1 invalid"), "\(done)")
    }

    @Test func `a count and a sale with more values than columns are rejected`() throws {
        let daemon = try Daemon()
        #expect(try self.run(daemon, "sku,name,price,stock\nA,a,1.00,5\n").code == 0)
        let count = try self.run(daemon, "sku;stock\nA;7;9\n", "--mode", "set")
        #expect(count.code == 8, "\(count)")
        #expect(
            count.errors.contains("has 3 fields, the header has 2; a text with a semicolon needs"),
            "\(count.errors)"
        )
        let sale = try self.run(
            daemon,
            "sku,quantity,price,occurredAt\nA,1,1.00,2026-03-01,x\n",
            "--as",
            "sales"
        )
        #expect(sale.code == 8 && sale.errors.contains("has 5 fields, the header has 4"), "\(sale)")
    }

    // MARK: - Totals

    @Test(arguments: [
        "Total,,4.00,9", "Summe,,4.00,", ",,,9", ",Total,4.00,9", "Subtotal,,4.00,9\n,,,9",
    ])
    func `totals of a list are passed over and counted`(totals: String) throws {
        let count = totals.split(separator: "\n").count
        for words in [[], ["--mode", "upsert"], ["--dry-run"]] {
            let daemon = try Daemon()
            let text = "sku,name,price,stock\nA,a,4.00,9\n\(totals)\n"
            let words = ["import", "-", "--category", "C"] + words
            let done = try daemon.invctl(words, input: Data(text.utf8))
            #expect(done.code == 0, "\(words) \(done)")
            #expect(done.output.contains("\(count) passed over"), "\(words) \(done.output)")
        }
    }

    @Test func `totals of sales are passed over, and a product may be called Total`() throws {
        let daemon = try Daemon()
        let sales = "sku,quantity,price,occurredAt,reference\nA,3,1.00,2026-03-01,R1\n"
        for (id, totals) in [",3,3.00,,", "Total,3,3.00,,", "Grand total:,3,3.00,,"].enumerated() {
            let done = try self.run(
                daemon,
                sales + totals + "\n",
                "--as",
                "sales",
                "--id",
                "\(id)"
            )
            #expect(done.code == 0 && done.output.contains("1 passed over"), "\(totals) \(done)")
        }
        // A sale that lost its code is none of totals.
        let lost = try self.run(daemon, sales + ",3,3.00,2026-03-01,R2\n", "--as", "sales")
        #expect(lost.code == 8 && lost.errors.contains("row 3  sku: is empty"), "\(lost)")
        let cereal = try self.run(daemon, "sku,name,price\nTotal,Cereal,3.00\n")
        #expect(cereal.output.hasPrefix("1 row: 1 accepted"), "\(cereal)")
    }

    @Test(arguments: ["set", "add"])
    func `totals of counted stock are passed over, unless a product is called so`(
        mode: String
    ) throws {
        let daemon = try Daemon()
        #expect(try self.run(daemon, "sku,name,price\nA,a,4.00\nB,b,4.00\n").code == 0)
        let text = "sku,name,stock,cost\nA,a,9,\nSubtotal,,9,\nB,b,1,\nSubtotal,,1,\nTotal,,10,\n"
        for words in [["--dry-run"], []] {
            let words = ["import", "-", "--mode", mode, "--id", "1"] + words
            let done = try daemon.invctl(words, input: Data(text.utf8))
            #expect(done.code == 0, "\(done)")
            #expect(done.output.contains("2 rows: 2 "), "\(done.output)")
            #expect(done.output.contains("3 passed over"), "\(done.output)")
        }
        // With a text beside it, it is the row of a product that is not there.
        let text2 = "sku,name,stock\nTotal,Cereal,2\nA,a,9\n"
        let missing = try self.run(daemon, text2, "--mode", mode)
        #expect(missing.code == 8, "\(missing)")
        #expect(missing.errors.contains("row 2  sku: there is no product \"Total\""))
        #expect(try self.run(daemon, "sku,name,price\nTotal,Cereal,3.00\n").code == 0)
        let cereal = try self.run(daemon, "sku,stock\nTotal,5\n", "--mode", mode)
        #expect(cereal.output.hasPrefix("1 row: 1 accepted"), "\(cereal)")
    }

    // MARK: - Files

    @Test func `a file for rejected rows is replaced only with --force, a device is written to`()
        throws
    {
        let daemon = try Daemon()
        let folder = TemporaryDirectory()
        let path = "\(folder.path)/rejects.txt"
        func imported(_ words: String...) throws -> Finished {
            try daemon.invctl(
                ["import", "-", "--rejects"] + words,
                input: Data("sku,name,price\nA,a,x\n".utf8)
            )
        }
        #expect(try imported(path).code == 8)
        let first = try String(contentsOfFile: path, encoding: .utf8)
        #expect(first.contains("row 2  price: "), "\(first)")
        try "mine".write(toFile: path, atomically: true, encoding: .utf8)
        let before = try daemon.invctl("export", "--digest").output
        let refused = try imported(path)
        #expect(refused.code == 4 && refused.errors.contains("--force"), "\(refused)")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
        #expect(try daemon.invctl("export", "--digest").output == before)
        #expect(try imported(path, "--force").code == 8)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == first)
        let pipe = try imported("/dev/stdout")
        #expect(pipe.code == 8 && pipe.output.contains("row 2  price: "), "\(pipe)")
    }

    @Test(arguments: [
        ("add", "TV,2,-4"), ("set", "TV,20,885909950805"), ("set", "TV,20,-1"), ("add", "TV,2,1.5"),
    ])
    func `a record of several locations is executed as a whole or not at all`(
        mode: String,
        row: String
    ) throws {
        let daemon = try Daemon()
        try daemon.invctl("location", "add", "depot", "--name", "Depot")
        let catalog =
            "sku,name,category,price,stock@main,stock@depot,cost\nTV,Telly,C,199.00,5,3,120\n"
        #expect(try self.run(daemon, catalog).code == 0)
        let levels = try daemon.invctl(["stock", "show", "-o", "csv"]).output
        for words in [["--dry-run"], []] {
            let rows = "sku,stock@main,stock@depot\n\(row)\n"
            let done = try daemon.invctl(
                ["import", "-", "--mode", mode] + words,
                input: Data(rows.utf8)
            )
            #expect(done.code == 8, "\(done)")
            #expect(done.output.hasPrefix("1 row: 0 "), "\(done)")
            #expect(try daemon.invctl(["stock", "show", "-o", "csv"]).output == levels)
        }
    }

    @Test func `the imported file is never replaced by its rejected rows`() throws {
        let daemon = try Daemon()
        let folder = TemporaryDirectory()
        let (path, link) = ("\(folder.path)/rows.csv", "\(folder.path)/link.csv")
        let rows = "sku,name,price\nA,a,x\nB,b,1\n"
        try rows.write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
        for rejects in [path, link] {
            for words in [[], ["--force"]] {
                let refused = try daemon.invctl(["import", path, "--rejects", rejects] + words)
                #expect(refused.code == 2, "\(refused)")
                #expect(refused.errors.contains("is the file to import"), "\(refused.errors)")
                #expect(try String(contentsOfFile: path, encoding: .utf8) == rows)
            }
        }
        #expect(try daemon.invctl("product", "list", "-o", "csv").lines.count == 1)
    }

    @Test(arguments: [["--as", "sales"], ["--mode", "set"], ["--mode", "upsert"], []])
    func `an empty file is an error`(words: [String]) throws {
        let daemon = try Daemon()
        for text in ["", "\n \n"] {
            let done = try daemon.invctl(["import", "-"] + words, input: Data(text.utf8))
            #expect(done.code == 1, "\(done)")
            #expect(done.errors.contains("the file is empty"), "\(done.errors)")
        }
    }

    @Test func `a first line that is no header is shown in part`() throws {
        let daemon = try Daemon()
        let line = String(repeating: "x", count: 5_000)
        let done = try daemon.invctl("import", "-", input: Data("\(line)\n1\n".utf8))
        #expect(done.code == 2, "\(done)")
        let shown = String(repeating: "x", count: 59) + "…"
        #expect(done.errors.contains("the file has \(shown): use --map"), "\(done.errors)")
    }

    @Test(arguments: ["BST", "IST", "Nowhere/City"])
    func `an abbreviation of several zones is no zone of an import`(zone: String) throws {
        let daemon = try Daemon()
        let sales = "sku,quantity,price,occurredAt\nA,1,1.00,2026-03-01 12:00\n"
        let done = try self.run(daemon, sales, "--as", "sales", "--zone", zone)
        #expect(done.code == 2, "\(done)")
        #expect(
            done.errors.contains(
                "--zone is '\(zone)', not an IANA time zone such as Europe/London"
            ),
            "\(done.errors)"
        )
    }
}
