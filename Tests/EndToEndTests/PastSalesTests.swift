import Foundation
import Glibc
import InventoryClient
import InventoryModel
import InventoryTestSupport
import Testing

/// `invctl import --as sales`: history, recognized by its receipts.
@Suite struct PastSalesTests {
    private static let head = "sku,quantity,price,occurredAt,reference\n"

    @discardableResult
    private func history(
        _ daemon: Daemon,
        _ file: String,
        _ more: [String] = []
    ) throws
        -> Finished
    {
        try daemon.invctl(["import", "-", "--as", "sales"] + more, input: Data(file.utf8))
    }

    private func list(_ daemon: Daemon, _ fields: String, _ words: String...) throws -> [String] {
        let words = words + ["-o", "csv", "--fields", fields]
        return Array(try daemon.invctl(words).lines.dropFirst())
    }

    private func total(_ daemon: Daemon) throws -> [String] {
        try self.list(daemon, "net,transactions", "insight", "sales", "--window", "all")
    }

    // MARK: - Catalog and history

    private static let catalog = """
        sku,name,category,price,stock,cost,barcode
        MUG,Mug,K,9.90,24,4.10,4006381333931
        PAN,Pan,K,39.00,3,21.00,

        """
    private static let lastYear =
        Self.head + """
            MUG,9,9.90,2025-11-03 10:00,B1
            PAN,10,35.00,2025-12-20 10:00,B3

            """

    @Test func `a catalog keeps its stock when last year's sales are imported`() throws {
        let daemon = try Daemon()
        try daemon.invctl("import", "-", input: Data(Self.catalog.utf8))
        let done = try self.history(daemon, Self.lastYear)
        #expect(done.code == 0, "\(done.errors)")
        #expect(
            done.output.hasPrefix(
                "2 rows: 2 accepted, 0 rejected\nin the file: 2 products, 2 sales"
            )
        )
        #expect(
            try self.list(daemon, "sku,onHand", "product", "list", "--sort", "sku")
                == ["MUG,24", "PAN,3"]
        )
        #expect(try self.total(daemon) == ["439.10,2"])
        #expect(try self.list(daemon, "sku", "insight", "refused", "--window", "all") == [])
        // The value of the stock and the cost of goods sold are both those of the catalog.
        #expect(try self.list(daemon, "value", "stock", "show", "MUG") == ["98.40"])
        #expect(
            try self.list(daemon, "cost", "insight", "margin", "--window", "all", "--sort", "sku")
                == ["36.90", "210.00"]
        )
        // What was there before the first sale, after it, and before all.
        for (time, onHand) in [("2025-11-03T09:59:59Z", 9), ("2025-11-04", 0), ("2025-01-01", 0)] {
            #expect(
                try self.list(daemon, "onHand", "stock", "show", "MUG", "--effective", time)
                    == ["\(onHand)"],
                "\(time)"
            )
        }
        #expect(try daemon.invctl("verify").code == 0)
        // Ageing sees the stock of today only.
        #expect(try self.list(daemon, "oldestDays", "insight", "ageing") == ["0", "0"])
    }

    @Test func `history first, and then the stock of today`() throws {
        let daemon = try Daemon()
        try self.history(daemon, Self.lastYear)
        #expect(
            try self.list(daemon, "sku,onHand,price", "product", "list", "--sort", "sku")
                == ["MUG,0,9.90", "PAN,0,35.00"]
        )
        try daemon.invctl("stock", "count", "MUG=24", "PAN=3")
        #expect(
            try self.list(daemon, "sku,onHand", "product", "list", "--sort", "sku")
                == ["MUG,24", "PAN,3"]
        )
        #expect(try self.total(daemon) == ["439.10,2"])
        #expect(try daemon.invctl("verify").code == 0)
    }

    // MARK: - Months in any order

    /// Three months of two tills; the first and the second overlap by two days.
    private static let months: [String] = {
        var random = SplitMix64(seed: 11)
        var rows: [[String]] = [[], [], []]
        for day in 1...90 {
            let date = "2026-\(day <= 31 ? "01" : day <= 59 ? "02" : "03")-"
            let inMonth = day <= 31 ? day : day <= 59 ? day - 31 : day - 59
            let text = date + (inMonth < 10 ? "0" : "") + "\(inMonth)"
            for receipt in 0..<3 {
                let number = "N\(receipt)"
                for _ in 0...Int(random.below(3)) {
                    let row =
                        "S\(random.below(6)),\(1 + random.below(4)),\(1 + random.below(9)).50,"
                        + "\(text) 1\(receipt):00,\(number),\(["main", "depot"][receipt % 2])\n"
                    let month = day <= 31 ? 0 : day <= 59 ? 1 : 2
                    rows[month].append(row)
                    if day == 30 || day == 31 { rows[1].append(row) }
                }
            }
        }
        // The days that overlap come first, as they do in an export by date.
        return rows.map { "sku,quantity,price,occurredAt,reference,location\n" + $0.joined() }
    }()

    private static let stock = """
        sku,name,category,price,stock
        S0,a,K,1.00,5
        S1,b,K,2.00,6
        S2,c,K,3.00,7
        S3,d,K,4.00,8
        S4,e,K,5.00,9
        S5,f,K,6.00,10

        """

    /// All that a user sees of a shop: stock, the sales by their lines, and what they add up to.
    private func state(_ daemon: Daemon) throws -> [[String]] {
        [
            try self.list(daemon, "sku,price,onHand", "product", "list", "--sort", "sku"),
            try self.list(
                daemon,
                "occurredAt,location,reference,sku,quantity,amount,cost",
                "ledger",
                "sales"
            ).sorted(),
            try self.list(daemon, "net,units,transactions", "insight", "sales", "--window", "all"),
            try self.list(daemon, "sku,value", "insight", "valuation"),
        ]
    }

    @Test(arguments: [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]])
    func `three months that overlap give one state in any order`(order: [Int]) throws {
        func shop(_ order: [Int]) throws -> [[String]] {
            let daemon = try Daemon()
            try daemon.invctl("location", "add", "depot")
            try daemon.invctl("import", "-", input: Data(Self.stock.utf8))
            for month in order {
                let done = try self.history(daemon, Self.months[month])
                #expect(done.code == 0, "\(done.errors)")
            }
            #expect(try daemon.invctl("verify").code == 0)
            return try self.state(daemon)
        }
        #expect(try shop(order) == shop([0, 1, 2]))
    }

    // MARK: - Receipts

    private static let november =
        Self.head + """
            PEN,2,1.50,2026-11-02 09:00,R1
            PEN,1,1.50,2026-11-03 09:00,R2
            INK,1,6.00,2026-11-03 09:00,R2

            """

    @Test func `an export that overlaps adds what is new, and a line that differs is rejected`()
        throws
    {
        let daemon = try Daemon()
        try self.history(daemon, Self.november)
        let late =
            Self.head + """
                PEN,1,1.50,2026-11-03 09:00,R2
                INK,1,6.00,2026-11-03 09:00,R2
                PEN,3,1.50,2026-11-03 09:00,R2
                PEN,4,1.50,2026-11-04 09:00,R3

                """
        let done = try self.history(daemon, late)
        #expect(done.code == 0, "\(done.errors)")
        #expect(done.output.hasPrefix("4 rows: 2 accepted, 0 rejected, 2 already there"), "\(done)")
        #expect(try self.total(daemon) == ["21.00,3"])
        let other =
            Self.head + """
                PEN,1,1.50,2026-11-03 09:00,R2
                INK,2,6.00,2026-11-03 09:00,R2
                PEN,3,1.50,2026-11-03 09:00,R2
                PEN,7,1.50,2026-11-03 09:00,R2

                """
        let refused = try self.history(daemon, other)
        #expect(refused.code == 8)
        #expect(
            refused.output.hasPrefix("4 rows: 1 accepted, 1 rejected, 2 already there"),
            "\(refused)"
        )
        #expect(
            refused.errors.contains(
                "row 3  receipt_differs  line 2 of this receipt is recorded already"
            ),
            "\(refused.errors)"
        )
        #expect(try self.total(daemon) == ["31.50,3"])
    }

    @Test func `two tills with one number are two receipts, and so are two days`() throws {
        let daemon = try Daemon()
        try daemon.invctl("location", "add", "depot")
        let file = """
            sku,quantity,price,occurredAt,reference,location
            A,1,1.00,2026-10-01 10:00,7,main
            A,1,1.00,2026-10-01 10:00,7,depot
            A,1,1.00,2026-10-02 10:00,7,main

            """
        let done = try self.history(daemon, file)
        #expect(done.code == 0, "\(done.errors)")
        #expect(try self.total(daemon) == ["3.00,3"])
    }

    @Test func `rows without a reference are recorded each time, and the import says so`() throws {
        let daemon = try Daemon()
        let file = "sku,quantity,price,occurredAt\nA,1,1.00,2026-10-01\nA,1,1.00,2026-10-01\n"
        for (run, net) in [(1, "2.00,2"), (2, "4.00,4")] {
            let done = try self.history(daemon, file, ["--id", "run-\(run)"])
            #expect(done.code == 0)
            #expect(done.errors.contains("2 rows have no reference"), "\(done.errors)")
            #expect(try self.total(daemon) == [net])
        }
        // The same run again executes nothing.
        try self.history(daemon, file, ["--id", "run-2"])
        #expect(try self.total(daemon) == ["4.00,4"])
    }

    @Test func `a corrected file adds the row that was rejected`() throws {
        let daemon = try Daemon()
        let rows = ["A,1,1.00", "B,many,1.00", "C,1,1.00"]
        func file(_ rows: [String]) -> String {
            Self.head + rows.map { $0 + ",2026-10-01 12:00,R1\n" }.joined()
        }
        #expect(try self.history(daemon, file(rows)).code == 8)
        let corrected = try self.history(daemon, file([rows[0], "B,2,1.00", rows[2]]))
        #expect(corrected.code == 0, "\(corrected.errors)")
        #expect(corrected.output.hasPrefix("3 rows: 1 accepted, 0 rejected, 2 already there"))
        #expect(try self.total(daemon) == ["4.00,1"])
    }

    @Test func `a line that the server refuses is rejected without the others of its receipt`()
        throws
    {
        let daemon = try Daemon()
        let unit = ["--unit", "kg", "--decimals", "3", "--price", "1.00"]
        let names = ["--sku", "FLOUR", "--name", "Flour", "--category", "C"]
        try daemon.invctl("category", "add", "C")
        #expect(try daemon.invctl(["product", "add"] + names + unit).code == 0)
        // The quantity is beyond the limit in grams.
        let rows = ["A,1,1.00", "FLOUR,2000000000,0.00", "C,2,1.00"]
        let file = Self.head + rows.map { $0 + ",2026-10-01 12:00,R1\n" }.joined()
        let done = try self.history(daemon, file)
        #expect(done.code == 8)
        #expect(done.output.hasPrefix("3 rows: 2 accepted, 1 rejected"), "\(done)")
        #expect(done.errors.contains("row 3  out_of_range"), "\(done.errors)")
        #expect(try self.total(daemon) == ["3.00,1"])
    }

    @Test func `a receipt larger than a request is one receipt`() throws {
        let daemon = try Daemon()
        let rows = (0..<3_000).map { "S\($0 % 7),1,1.00,2026-10-01 12:00,R1\n" }
        let part = Self.head + rows.prefix(600).joined()
        #expect(try self.history(daemon, part).code == 0)
        let whole = try self.history(daemon, Self.head + rows.joined())
        #expect(whole.code == 0, "\(whole.errors)")
        #expect(
            whole.output.hasPrefix("3000 rows: 2400 accepted, 0 rejected, 600 already there"),
            "\(whole.output)"
        )
        #expect(try self.total(daemon) == ["3000.00,1"])
    }

    // MARK: - What rows say

    @Test func `prices and costs below a cent are rounded once, in the line`() throws {
        let daemon = try Daemon()
        let file = """
            sku,quantity,price,cost,occurredAt,reference
            SCREW,1000,0.0045,0.00125,2026-10-01,1
            NUT,3,0.3333,,2026-10-01,2

            """
        let done = try self.history(daemon, file)
        #expect(done.code == 0, "\(done.errors)")
        #expect(
            try self.list(daemon, "sku,amount,cost", "ledger", "sales", "--sort", "sku")
                == ["NUT,1.00,0.00", "SCREW,4.50,1.25"]
        )
        let fine = Self.head + "A,1,0.123456789,2026-10-01,3\nA,1,1.234,2026-10-01,4\n"
        let refused = try self.history(daemon, fine)
        #expect(refused.code == 8)
        #expect(refused.errors.contains("row 2  price: \"0.123456789\" is not a number"))
    }

    @Test func `a cost in the file is the cost of its sale, whatever the stock is worth`() throws {
        let daemon = try Daemon()
        try daemon.invctl("import", "-", input: Data(Self.catalog.utf8))
        let file =
            "sku,quantity,price,cost,occurredAt\nMUG,2,9.90,3.00,2025-11-03\nPAN,1,35.00,,2025-11-03\n"
        try self.history(daemon, file)
        #expect(
            try self.list(daemon, "cost", "insight", "margin", "--window", "all", "--sort", "sku")
                == ["6.00", "21.00"]
        )
        #expect(try self.list(daemon, "value", "stock", "show", "MUG") == ["98.40"])
    }

    @Test func `a product that was deleted gets its history under a new product`() throws {
        let daemon = try Daemon()
        try daemon.invctl("import", "-", input: Data(Self.catalog.utf8))
        try daemon.invctl("stock", "count", "MUG=0")
        try daemon.invctl("product", "delete", "MUG")
        let done = try self.history(daemon, Self.lastYear)
        #expect(done.code == 0, "\(done.errors)")
        #expect(try self.list(daemon, "sku,onHand", "product", "list") == ["PAN,3", "MUG,0"])
    }

    @Test func `a past sale can be returned by its receipt, and undone`() throws {
        let daemon = try Daemon()
        try daemon.invctl("import", "-", input: Data(Self.catalog.utf8))
        try self.history(daemon, Self.lastYear)
        let lsn = try #require(
            try self.list(daemon, "lsn", "ledger", "sales", "--ref", "B1").first
        )
        #expect(try daemon.invctl("return", "MUG=2", "--sale", lsn).code == 0)
        #expect(try self.list(daemon, "onHand", "stock", "show", "MUG") == ["26"])
        let other = try #require(
            try self.list(daemon, "lsn", "ledger", "sales", "--ref", "B3").first
        )
        #expect(try daemon.invctl("ledger", "reverse", other).code == 0)
        #expect(try self.list(daemon, "onHand", "stock", "show", "PAN") == ["3"])
        #expect(try daemon.invctl("verify").code == 0)
        let again = try self.history(daemon, Self.lastYear, ["--id", "again"])
        #expect(again.output.hasPrefix("2 rows: 1 accepted, 0 rejected, 1 already there"))
    }

    // MARK: - Interruptions

    @Test func `an import whose client was killed is run again and counts each line once`()
        async throws
    {
        let daemon = try Daemon()
        let path = daemon.directory.appending(path: "sales.csv").path
        let count = 20_000
        var file = Self.head
        for row in 0..<count { file += "S\(row % 50),1,1.00,2026-10-01 12:00,R\(row / 3)\n" }
        try Data(file.utf8).write(to: URL(fileURLWithPath: path))
        var kills = 0
        for run in 0..<3 {
            var environment = ProcessInfo.processInfo.environment
            environment["INVCTL_SERVER"] = daemon.address.description
            let null = open("/dev/null", O_WRONLY | O_CLOEXEC)
            defer { close(null) }
            let client = daemon.client()
            let before = try #require(try await client.statistics()["movements"])
            let running = try ChildProcess(
                Daemon.program("invctl"),
                // Each run is a new one: only the receipts are recognized.
                ["import", path, "--as", "sales", "--id", "run-\(run)"],
                environment: environment,
                output: null,
                errors: null
            )
            for _ in 0..<2_000 {
                let now = try #require(try await client.statistics()["movements"])
                if now > before || now >= 2 * Int64(count) { break }
                try await Task.sleep(for: .milliseconds(2))
            }
            running.signal(SIGKILL)
            if running.wait() == 128 + SIGKILL { kills += 1 }
        }
        #expect(kills > 0, "every run ended before it could be killed")
        let done = try daemon.invctl("import", path, "--as", "sales", "--id", "last")
        #expect(done.code == 0, "\(done.errors)")
        #expect(done.output.hasPrefix("\(count) rows: "))
        let parts = done.output.split(separator: " ").compactMap { Int($0) }
        #expect(done.output.contains("already there"))
        // rows, accepted, rejected, already there
        #expect(parts.count >= 4 && parts[1] + parts[3] == count && parts[2] == 0, "\(done.output)")
        let transactions = (count + 2) / 3
        #expect(try self.total(daemon) == ["\(count).00,\(transactions)"])
        _ = try await daemon.client().verified()
    }

    @Test func `apply records a sale of the past, and refuses it the second time`() throws {
        let daemon = try Daemon()
        try daemon.invctl("import", "-", input: Data(Self.catalog.utf8))
        let command =
            #"{"command":"recordPastSale","reference":"B9","day":"2025-11-03","#
            + #""occurredAt":"2025-11-03T10:00:00Z","openedAt":"2025-11-01T00:00:00Z","lines":["#
            + #"{"product":"MUG","quantity":2,"amount":"19.80","cost":"8.20"}]}"# + "\n"
        let done = try daemon.invctl("apply", "-", input: Data(command.utf8))
        #expect(done.code == 0, "\(done.errors)")
        let again = try daemon.invctl("apply", "-", "--id", "2", input: Data(command.utf8))
        #expect(again.code == 8 || again.code == 4)
        #expect(again.errors.contains("already_recorded"), "\(again)")
        let wrong = command.replacing("2025-11-03\"", with: "3.11.2025\"")
        let refused = try daemon.invctl("apply", "-", input: Data(wrong.utf8))
        #expect(refused.errors.contains("\"3.11.2025\" is not a day"), "\(refused.errors)")
        #expect(try self.list(daemon, "onHand", "stock", "show", "MUG") == ["24"])
    }
}
