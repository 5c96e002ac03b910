import Bytes
import Foundation
import InventoryClient
import InventoryModel
import InventoryTransfer
import Testing

/// Past balances, by time of recording and by time of occurrence.
@Suite struct PastTests {
    private static let past = """
        {"command":"createProduct","sku":"P","name":"P","category":"C","price":"1.00",\
        "opening":{"quantity":100,"occurredAt":"2025-01-01T00:00:00Z"}}
        {"command":"sell","lines":[{"product":"P","quantity":30}],\
        "occurredAt":"2025-01-10T00:00:00Z","imported":true}
        """

    private func daemon() throws -> Daemon {
        let daemon = try Daemon()
        #expect(try daemon.invctl("category", "add", "C").code == 0)
        let applied = try daemon.invctl("apply", "-", input: Data(Self.past.utf8))
        #expect(applied.code == 0, "\(applied.errors)")
        return daemon
    }

    @Test func `a past balance is by time of recording or of occurrence, and says which`()
        throws
    {
        let daemon = try self.daemon()
        func onHand(_ point: String...) throws -> (value: String, said: String) {
            let arguments = ["stock", "show", "P", "--fields", "onHand", "-o", "csv"] + point
            let shown = try daemon.invctl(arguments)
            #expect(shown.code == 0, "\(shown.errors)")
            return (shown.lines.last ?? "", shown.errors)
        }
        let early = try onHand("--effective", "2025-01-05")
        #expect(early.value == "100" && early.said.contains("happened"), "\(early)")
        #expect(try onHand("--effective", "2025-02-01").value == "70")
        let recorded = try onHand("--as-of", "2025-02-01")
        #expect(recorded.value == "0" && recorded.said.contains("recorded"), "\(recorded)")
        #expect(try onHand().said.isEmpty)
        for command in [["product", "get", "P"], ["product", "list"], ["insight", "valuation"]] {
            let shown = try daemon.invctl(command + ["--effective", "2025-01-05"])
            #expect(shown.code == 0 && shown.errors.contains("happened"), "\(command)")
            let both = command + ["--effective", "2025-01-05", "--as-of", "9"]
            #expect(try daemon.invctl(both).code == 2, "\(command)")
        }
    }

    @Test func `an answer as of a version names that version`() async throws {
        let daemon = try self.daemon()
        let client = daemon.client()
        let last = try await client.query(.levels(LevelQuery())).lsn
        let before = try await client.query(.levels(LevelQuery(asOf: .lsn(last.previous))))
        #expect(before.lsn == last.previous)
        let then = Instant(microseconds: 1_738_368_000_000_000)
        #expect(try await client.query(.levels(LevelQuery(asOf: .time(then)))).lsn == 0)
        #expect(try await client.query(.levels(LevelQuery(asOf: .effective(then)))).lsn == last)
    }

    // MARK: - Lists of the past

    /// Returns a shop with a product with stock and one without, then another, sales and edits.
    ///
    /// - Returns: The daemon, and the version and the time in between.
    private func grownShop() async throws -> (Daemon, lsn: String, time: String) {
        let daemon = try Daemon()
        func run(_ words: String...) throws {
            let done = try daemon.invctl(words)
            #expect(done.code == 0, "\(words): \(done.errors)")
        }
        let add = ["--name", "N", "--category", "C", "--price", "2.00", "--sku"]
        try run("category", "add", "C")
        #expect(
            try daemon.invctl(["product", "add"] + add + ["OLD", "--opening", "10"]).code == 0
        )
        #expect(try daemon.invctl(["product", "add"] + add + ["BARE"]).code == 0)
        let lsn = try await daemon.client().query(.categories(includingArchived: false)).lsn
        try await Task.sleep(for: .milliseconds(5))
        let time = TimeText.format(TimeText.now().microseconds)
        try await Task.sleep(for: .milliseconds(5))
        try run("sell", "OLD=3")
        #expect(try daemon.invctl(["product", "add"] + add + ["NEW", "--opening", "5"]).code == 0)
        #expect(try daemon.invctl(["product", "add"] + add + ["EMPTY"]).code == 0)
        try run("product", "set", "BARE", "--price", "3.00")
        return (daemon, "\(lsn)", time)
    }

    @Test func `a list of the past has the state of then, and no current revisions`() async throws {
        let (daemon, lsn, time) = try await self.grownShop()
        let csv = ["-o", "csv", "--quiet", "--fields"]
        for point in [["--as-of", lsn], ["--as-of", time]] {
            func lines(_ words: [String], _ fields: String) throws -> [String] {
                let shown = try daemon.invctl(words + csv + [fields] + point)
                #expect(shown.code == 0, "\(words) \(point): \(shown.errors)")
                return Array(shown.lines.dropFirst())
            }
            let products = try lines(["product", "list"], "sku,onHand,revision")
            #expect(products == ["OLD,10,", "BARE,0,"], "\(point): \(products)")
            let levels = try lines(["stock", "show"], "sku,onHand,revision")
            #expect(levels.first == "OLD,10,", "\(point): \(levels)")
            #expect(levels.map { $0.prefix(3) } == ["OLD", "BAR"], "\(point): \(levels)")
            #expect(try lines(["product", "get", "OLD"], "sku,onHand,revision") == ["OLD,10,"])
            let gone = try daemon.invctl(["product", "get", "NEW"] + point)
            #expect(gone.code == 3 && gone.output.isEmpty, "\(point): \(gone)")
            let worth = try lines(["insight", "valuation"], "category,products")
            #expect(worth == ["C,2", ",2"], "\(point): \(worth)")
            let count = try lines(
                ["query", "--from", "products", "--measure", "products"],
                "products"
            )
            #expect(count == ["2"], "\(point): \(count)")
        }
        // By time of occurrence there are no revisions.
        let effective = ["--effective", time]
        let happened = try daemon.invctl(
            ["product", "list"] + csv + ["sku,onHand,revision"] + effective
        )
        #expect(happened.lines.dropFirst() == ["OLD,10,", "BARE,0,"], "\(happened)")
        // Unchanged objects have their revision.
        let now = try daemon.invctl(["product", "list"] + csv + ["sku,onHand,revision"]).lines
        let last = try await daemon.client().query(.levels(LevelQuery())).lsn
        let same = try daemon.invctl(
            ["product", "list"] + csv + ["sku,onHand,revision", "--as-of", "\(last)"]
        )
        #expect(same.lines == now && now.count == 5, "\(same) \(now)")
    }

    @Test func `a refused query of the past prints only the error`() async throws {
        let (daemon, _, _) = try await self.grownShop()
        let queries = [
            ["product", "list"], ["product", "get", "OLD"], ["stock", "show"],
            ["stock", "show", "OLD"], ["insight", "valuation"], ["insight", "sales"],
            ["query", "--from", "levels", "--measure", "onHand"],
            ["query", "--from", "sales", "--measure", "net"],
        ]
        for words in queries {
            for format in ["table", "csv", "json", "ndjson", "tsv", "md"] {
                let said = try daemon.invctl(words + ["-o", format, "--as-of", "999999"])
                #expect(said.code != 0, "\(words) \(format)")
                #expect(said.output.isEmpty, "\(words) \(format): \(said.output)")
                #expect(said.errors.contains("out_of_range"), "\(said.errors)")
                #expect(said.errors.contains("asOf is 999999"), "\(said.errors)")
                #expect(!said.errors.contains("what was recorded by then"), "\(said.errors)")
            }
        }
    }

    @Test func `a total has its unit if all rows share it, otherwise it is omitted`() throws {
        let daemon = try Daemon()
        for arguments in [
            ["category", "add", "W"], ["category", "add", "X"],
            [
                "product", "add", "--sku", "APL", "--name", "Apples", "--category", "W", "--price",
                "4.00", "--unit", "kg", "--decimals", "3", "--opening", "12.5",
            ],
            [
                "product", "add", "--sku", "BOX", "--name", "Box", "--category", "X", "--price",
                "1.00", "--opening", "6",
            ],
            ["sell", "APL=0.5", "BOX=5"],
        ] {
            let done = try daemon.invctl(arguments)
            #expect(done.code == 0, "\(arguments): \(done.errors)")
        }
        let sales = ["insight", "sales", "--window", "all", "-o", "csv", "--fields", "net,units"]
        let all = try daemon.invctl(sales)
        #expect(all.lines.last == "7.00," && all.errors.contains("different units"), "\(all)")
        #expect(try daemon.invctl(sales + ["--category", "W"]).lines.last == "2.00,0.500")
        let ranked = ["insight", "top", "--window", "all", "--fields", "sku", "-o", "csv"]
        #expect(try daemon.invctl(ranked).lines == ["sku", "BOX", "APL"])
        let refused = try daemon.invctl(ranked + ["--measure", "units"])
        #expect(refused.code == 2 && refused.errors.contains("different units"), "\(refused)")
        let sorted = ["stock", "show", "--sort=-onHand", "--fields", "sku,onHand", "-o", "csv"]
        #expect(try daemon.invctl(sorted).lines == ["sku,onHand", "APL,12.000", "BOX,1"])
    }
}
