import Foundation
import Glibc
import InventoryClient
import InventoryModel
import Testing

/// Lists in every format, on a terminal and piped; conditions, order, limits, columns.
@Suite struct OutputTests {
    /// Four products of two categories, one with a name that is wide on a terminal.
    private static func shop(_ arguments: [String] = []) throws -> Daemon {
        let daemon = try Daemon(arguments)
        let rows = """
            sku,name,category,price,stock,unit,decimals
            APP-1,"Apple, red",Fruit,1.20,10,pcs,0
            PEA-1,梨 Pear,Fruit,2.50,3,pcs,0
            SAW-1,Saw | fine,Tools,19.99,0,pcs,0
            OIL-1,Oil,Tools,5.68,1.5,kg,3
            """
        #expect(try daemon.invctl("import", "-", input: Data(rows.utf8)).code == 0)
        return daemon
    }

    @Test func `every format has the same rows`() throws {
        let daemon = try Self.shop()
        let fields = ["product", "list", "--fields", "sku,name,price,onHand", "-o"]
        #expect(
            try daemon.invctl(fields + ["csv"]).output == """
                sku,name,price,onHand
                APP-1,"Apple, red",1.20,10
                PEA-1,梨 Pear,2.50,3
                SAW-1,Saw | fine,19.99,0
                OIL-1,Oil,5.68,1.500

                """
        )
        #expect(try daemon.invctl(fields + ["tsv"]).lines[1] == "APP-1\tApple, red\t1.20\t10")
        #expect(
            try daemon.invctl(fields + ["md"]).lines == [
                "| sku | name | price | onHand |", "| --- | --- | ---: | ---: |",
                "| APP-1 | Apple, red | 1.20 | 10 |", "| PEA-1 | 梨 Pear | 2.50 | 3 |",
                "| SAW-1 | Saw \\| fine | 19.99 | 0 |", "| OIL-1 | Oil | 5.68 | 1.500 |",
            ]
        )
        let json = try daemon.invctl(fields + ["json"]).output
        let objects = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [[String: Any]]
        #expect(objects?.count == 4)
        #expect(objects?[1]["name"] as? String == "梨 Pear")
        #expect(objects?[3]["price"] as? String == "5.68")
        #expect(objects?[3]["onHand"] as? Double == 1.5)
        let lines = try daemon.invctl(fields + ["ndjson"]).lines
        #expect(lines.count == 4)
        for line in lines { _ = try JSONSerialization.jsonObject(with: Data(line.utf8)) }
        // Piped without a format: no alignment, no colour, a header.
        let plain = try daemon.invctl("product", "list", "--fields", "sku,price")
        #expect(plain.output == "sku\tprice\nAPP-1\t1.20\nPEA-1\t2.50\nSAW-1\t19.99\nOIL-1\t5.68\n")
    }

    @Test func `a table fits the terminal, numbers to the right, wide characters counted`() throws {
        let daemon = try Self.shop()
        let wide = try daemon.terminal(
            "product",
            "list",
            "--fields",
            "sku,name,price,onHand",
            columns: 60
        )
        #expect(wide.wait() == 0)
        #expect(
            wide.screen.lineStrings == [
                "SKU    NAME        PRICE  ON HAND", "APP-1  Apple, red   1.20       10",
                "PEA-1  梨 Pear      2.50        3", "SAW-1  Saw | fine  19.99        0",
                "OIL-1  Oil          5.68    1.500",
            ]
        )
        #expect(wide.isSane)
        for columns in [20, 33, 40, 79] {
            let narrow = try daemon.terminal("product", "list", "--pager", "off", columns: columns)
            #expect(narrow.wait() == 0)
            let lines = String(decoding: narrow.raw, as: UTF8.self)
                .replacing(/\u{1B}\[[0-9;]*m/, with: "").split(separator: "\r\n")
            let table = lines.prefix { !$0.hasPrefix("(") }
            #expect(table.count == 5)
            #expect(table.allSatisfy { $0.count <= columns }, "\(columns): \(table)")
            #expect(lines.joined(separator: " ").contains("do not fit"))
        }
    }

    @Test func `colour follows the conventions and is off in pipes by default`() throws {
        let daemon = try Self.shop()
        func isColored(_ arguments: [String], _ environment: [String: String] = [:]) throws -> Bool
        {
            var settings = ["INVCTL_PAGER": ""]
            settings.merge(environment) { $1 }
            let terminal = try daemon.terminal(arguments, environment: settings)
            #expect(terminal.wait() == 0)
            return terminal.raw.contains(0x1B)
        }
        #expect(try isColored(["product", "list"]))
        #expect(try !isColored(["product", "list"], ["NO_COLOR": "1"]))
        #expect(try !isColored(["product", "list"], ["TERM": "dumb"]))
        #expect(try !isColored(["product", "list", "--color", "never"]))
        #expect(try isColored(["product", "list", "--color", "always"], ["NO_COLOR": "1"]))
        #expect(try !daemon.invctl("product", "list", "-o", "table").output.contains("\u{1B}"))
        let always = try daemon.invctl("product", "list", "-o", "table", "--color", "always")
        #expect(always.output.contains("\u{1B}[1m"))
    }

    @Test func `every list can be filtered, sorted and limited`() throws {
        let daemon = try Self.shop()
        func skus(_ arguments: String...) throws -> [String] {
            let result = try daemon.invctl(
                ["product", "list", "-o", "csv", "--fields", "sku"] + arguments
            )
            #expect(result.code == 0, "\(result.errors)")
            return Array(result.lines.dropFirst())
        }
        #expect(try skus("--where", "price > 2.5") == ["SAW-1", "OIL-1"])
        #expect(try skus("--where", "price >= 2.50 and category = fruit") == ["PEA-1"])
        #expect(try skus("--where", "onHand < 2 and onHand > 0") == ["OIL-1"])
        #expect(try skus("--where", "name ~ 'APPLE, R' or not (category = Fruit)").count == 3)
        #expect(try skus("--where", "barcode = none").count == 4)
        #expect(try skus("--where", "category!=Fruit", "--where", "price<10") == ["OIL-1"])
        #expect(try skus("--sort", "price") == ["APP-1", "PEA-1", "OIL-1", "SAW-1"])
        #expect(try skus("--sort", "category,-price") == ["PEA-1", "APP-1", "SAW-1", "OIL-1"])
        #expect(try skus("--sort", "-price", "--limit", "2") == ["SAW-1", "OIL-1"])
        #expect(
            try skus("--where", "category = Tools", "--limit", "1") == ["SAW-1"],
            "the limit counts matching rows"
        )
        #expect(try skus("--limit", "0").count == 4)
        let levels = try daemon.invctl(
            "stock",
            "show",
            "--where",
            "available = 0",
            "--fields",
            "sku",
            "-o",
            "csv"
        )
        #expect(levels.lines == ["sku", "SAW-1"])
    }

    @Test(arguments: [
        (["--where", "colour = red"], "there is no column 'colour'"),
        (["--where", "price >"], "a value is missing after price >"),
        (["--where", "price = cheap"], "'cheap' is not a number, as price is"),
        (["--where", "(price = 1"], "a ) is missing"),
        (["--where", "createdAt > yesterday"], "'yesterday' is not a time"),
        (["--sort", "pric"], "Did you mean price"),
        (["--fields", "sku,nam"], "Did you mean name"),
        (["-o", "xml"], "--output is 'xml'; it can be table, vertical, plain, json"),
    ])
    func `invalid options are named`(_ arguments: [String], _ said: String) throws {
        let daemon = try Daemon()
        let result = try daemon.invctl(["product", "list"] + arguments)
        #expect(result.code == 2)
        #expect(result.errors.contains(said), "\(result.errors)")
        #expect(result.output.isEmpty)
    }

    @Test func `long lists go through the pager on a terminal, short ones do not`() async throws {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(60, stock: 1)
        let pager = ["INVCTL_PAGER": "sed 's/^/paged /'"]
        let long = try daemon.terminal("product", "list", rows: 10, environment: pager)
        #expect(long.wait() == 0)
        #expect(long.screen.text.contains("paged P-59") || long.screen.text.contains("paged 60"))
        let short = try daemon.terminal(
            "product",
            "list",
            "--limit",
            "3",
            rows: 10,
            environment: pager
        )
        #expect(short.wait() == 0)
        #expect(!short.screen.text.contains("paged"))
        let left = try daemon.terminal(
            "product",
            "list",
            rows: 10,
            environment: ["INVCTL_PAGER": "head -1 >/dev/null"]
        )
        #expect(left.wait() == 0, "quitting the pager is not an error")
    }

    @Test func `a list streams, and ends quietly when its reader closes the pipe`() async throws {
        let daemon = try Daemon()
        let ids = try await daemon.client().stockedProducts(2_000, stock: 100)
        let client = daemon.client()
        for _ in 0..<30 {
            let sales = ids.map { id in
                Command.sell(Sale(lines: [SaleLine(product: id, quantity: 1)]))
            }
            _ = try await client.send(.batch(sales, .errorsOnly))
        }
        let folder = daemon.directory.path + ".pipe"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let line = """
            "$0" ledger list -o csv | head -3 > \(folder); echo "${PIPESTATUS[0]}" >> \(folder)
            """
        var environment = ProcessInfo.processInfo.environment
        environment["INVCTL_SERVER"] = daemon.address.description
        let process = try ChildProcess(
            URL(fileURLWithPath: "/bin/bash"),
            ["-c", line, Daemon.program("invctl").path],
            environment: environment,
            output: STDERR_FILENO,
            errors: STDERR_FILENO
        )
        #expect(process.wait() == 0)
        let said = try String(contentsOfFile: folder, encoding: .utf8).split(separator: "\n")
        #expect(said.count == 4)
        #expect(said.first?.hasPrefix("lsn,line,recordedAt") ?? false)
        #expect(said.last == "0")
    }
}
