import Bytes
import Foundation
import Glibc
import InventoryClient
import InventoryModel
import InventoryTestSupport
import Testing

/// Exports of rows come back: what `export --what products`, `stock` and `sales` write, `import` reads to an equal
/// state.
@Suite struct ExportedRowsTests {
    private let folder = TemporaryDirectory()

    private func path(_ name: String) -> String { "\(self.folder.path)/\(name)" }

    private func done(_ daemon: Daemon, _ words: [String]) throws {
        let finished = try daemon.invctl(words)
        try #require(finished.code == 0, "\(words): \(finished.output) \(finished.errors)")
    }

    /// The fields of each product by its SKU, with its category by its name.
    private static func products(
        _ daemon: Daemon
    ) async throws -> [String: (fields: ProductFields, category: String)] {
        let search = ProductSearch(statuses: [.active, .inactive])
        let rows = try await daemon.client().products(search).rows
        return Dictionary(
            uniqueKeysWithValues: rows.map { row in
                var fields = row.product.fields
                fields.category = CategoryID(0)
                return (row.sku, (fields, row.categoryName))
            }
        )
    }

    @Test func `a product that is at one location only comes back there only`() async throws {
        let daemon = try Daemon()
        try self.done(daemon, ["category", "add", "Food"])
        try self.done(daemon, ["location", "add", "depot"])
        let product = ["--sku", "TEA", "--name", "Tea", "--category", "Food", "--price", "1"]
        try self.done(daemon, ["product", "add", "--opening", "7@0.50", "--at", "depot"] + product)
        try self.done(daemon, ["export", self.path("products.csv"), "--what", "products"])
        try self.done(daemon, ["export", self.path("stock.csv"), "--what", "stock"])
        let other = try Daemon()
        try self.done(other, ["location", "add", "depot"])
        try self.done(other, ["import", self.path("products.csv")])
        try self.done(other, ["import", self.path("stock.csv"), "--mode", "set"])
        let levels = try await other.client().levels(LevelQuery()).rows
        #expect(levels.map { $0.locationCode } == ["depot"])
        #expect(levels.map { $0.onHand } == [7])
    }

    @Test func `sales with a discount come back with the same money`() async throws {
        let daemon = try Daemon()
        let rows = """
            sku,quantity,price,occurredAt,reference
            A,2,5.00,2025-11-03 10:00,R1
            A,1,-3.00,2025-11-03 10:00,R1

            """
        let sales = try daemon.invctl(["import", "-", "--as", "sales"], input: Data(rows.utf8))
        try #require(sales.code == 0, "\(sales.errors)")
        try self.done(daemon, ["export", self.path("sales.csv"), "--what", "sales"])
        let other = try Daemon()
        try self.done(other, ["import", self.path("sales.csv"), "--as", "sales"])
        let net = [
            "insight", "sales", "--window", "all", "-o", "csv", "--fields", "net,transactions",
        ]
        #expect(try other.invctl(net).output == "net,transactions\n7.00,1\n")
        #expect(try daemon.invctl(net).output == "net,transactions\n7.00,1\n")
    }

    private struct Place: Hashable {
        var sku: String
        var location: String
    }

    /// What is on hand, and its value, where there is any.
    private static func stock(_ daemon: Daemon) async throws -> [Place: [Int64]] {
        let rows = try await daemon.client().levels(LevelQuery()).rows
        let stocked = rows.filter { $0.onHand != 0 }
        return Dictionary(
            uniqueKeysWithValues: stocked.map { row in
                (
                    Place(sku: row.sku, location: row.locationCode),
                    [row.onHand.baseUnits, row.value.minorUnits]
                )
            }
        )
    }

    /// A shop of products with a value in every field that no other has, and stock whose cost is no whole amount.
    private static func fill(_ daemon: Daemon, _ random: inout SplitMix64) async throws {
        let client = daemon.client()
        try await client.done(.createLocation(LocationDraft(code: "depot", name: "Depot")))
        for name in ["Food", "=Parts, \"small\"", "Größen"] {
            try await client.done(.createCategory(name: name))
        }
        for number in 1...40 {
            let decimals = UInt8(number % 4)
            let unit = Unit(code: ["pcs", "kg", "m", "l"][number % 4], decimals: decimals)
            func quantity(_ most: UInt64) -> Quantity { Quantity(Int64(random.next() % most) + 1) }
            let fields = ProductFields(
                sku: "P-\(number)",
                name: number % 5 == 0 ? "\"Quoted\", no. \(number)" : "Product \(number) 5\" \\n",
                barcode: number % 3 == 0 ? "BAR\(number)" : "",
                category: CategoryID(UInt32(number % 3 + 1)),
                unit: unit,
                price: Price(Int64(random.next() % 100_000), per: quantity(2_000).baseUnits),
                status: number % 7 == 0 ? .inactive : .active,
                reorderPoint: quantity(5_000),
                reorderTarget: quantity(9_000),
                packSize: quantity(1_300),
                leadTimeDays: UInt16(number),
                brand: number % 2 == 0 ? "Brand \(number)" : ""
            )
            let id = ProductID(
                UInt32(try await client.done(.createProduct(ProductDraft(fields))).id)
            )
            for location in [LocationID.main, LocationID(2)] {
                for _ in 0..<3 {
                    let line = RestockLine(
                        product: id,
                        location: location,
                        quantity: quantity(3_000),
                        unitCost: Money(Int64(random.next() % 50_000))
                    )
                    try await client.done(.restock(Restock(lines: [line])))
                }
            }
        }
    }

    @Test(arguments: ["csv", "tsv", "ndjson"])
    func `products and stock come back with every field`(format: String) async throws {
        let daemon = try Daemon()
        var random = SplitMix64(seed: 7)
        try await Self.fill(daemon, &random)
        let (products, stock) = (self.path("products.\(format)"), self.path("stock.\(format)"))
        try self.done(daemon, ["export", products, "--what", "products"])
        try self.done(daemon, ["export", stock, "--what", "stock"])

        let copy = try Daemon()
        try self.done(copy, ["location", "add", "depot"])
        // Nothing in an export has to be guessed.
        try self.done(copy, ["import", products, "--no-guess"])
        #expect(try await Self.stock(copy).isEmpty, "products have their stock in the other file")
        try self.done(copy, ["import", stock, "--mode", "set", "--no-guess"])
        let (old, new) = (try await Self.products(daemon), try await Self.products(copy))
        #expect(Set(old.keys) == Set(new.keys))
        for (sku, product) in old {
            guard let other = new[sku] else { continue }
            let fields = product.fields.differences(from: other.fields).fields
            #expect(fields.isEmpty, "\(sku): \(fields)")
            #expect(product.category == other.category)
        }
        let (before, after) = (try await Self.stock(daemon), try await Self.stock(copy))
        #expect(before.count == 80)
        for (place, level) in before { #expect(after[place] == level, "\(place)") }

        // The same files again put back what was sold and counted since.
        try self.done(copy, ["sell", "P-1=2"])
        try self.done(copy, ["stock", "count", "P-2=0", "--at", "depot"])
        try self.done(copy, ["import", stock, "--mode", "set"])
        let again = try await Self.stock(copy)
        for (place, level) in before { #expect(again[place]?[0] == level[0], "\(place)") }
        #expect(again == before)
        _ = try await copy.client().verified()
    }

    @Test func `sales come back with their money, receipts and returns`() async throws {
        let daemon = try Daemon()
        let client = daemon.client()
        try await client.done(.createCategory(name: "Food"))
        for (sku, unit) in [("RICE", Unit(code: "kg", decimals: 3)), ("BOX", .piece)] {
            let fields = ProductFields(
                sku: sku,
                name: sku,
                category: CategoryID(1),
                unit: unit,
                price: Price(210, per: unit.baseUnits * 10)
            )
            let opening = OpeningStock(quantity: 90_000, unitCost: Money(70))
            try await client.done(.createProduct(ProductDraft(fields, opening: opening)))
        }
        for words in [
            ["sell", "RICE=1.234", "BOX=7@9.99", "--ref", "R1"], ["sell", "BOX=3", "--ref", "R2"],
            ["return", "BOX=2@9.99", "--ref", "R3"], ["sell", "RICE=0.5"],
        ] {
            try self.done(daemon, words)
        }
        let products = self.path("products.csv")
        let (stock, sales) = (self.path("stock.csv"), self.path("sales.csv"))
        for (file, what) in [(products, "products"), (stock, "stock"), (sales, "sales")] {
            try self.done(daemon, ["export", file, "--what", what])
        }
        func totals(_ daemon: Daemon) throws -> [String] {
            try daemon.invctl([
                "insight", "sales", "--window", "all", "-o", "csv",
                "--fields", "net,gross,returns,transactions",
            ]).lines
        }
        let copy = try Daemon()
        try self.done(copy, ["import", products])
        try self.done(copy, ["import", stock, "--mode", "set"])
        let imported = try copy.invctl("import", sales, "--as", "sales", "-o", "json")
        #expect(imported.code == 0, "\(imported.output) \(imported.errors)")
        #expect(try totals(copy) == totals(daemon))
        func lines(_ daemon: Daemon) throws -> [String] {
            try daemon.invctl([
                "ledger", "sales", "-o", "csv", "--fields",
                "occurredAt,sku,location,quantity,amount,reference",
            ]).lines.sorted()
        }
        #expect(try lines(copy) == lines(daemon))
    }

    /// The command of the README; without the module of Python it names there is nothing to run it with.
    @Test(.enabled("Python's module duckdb is not installed") { Self.hasDuckDB })
    func `the README's command makes a Parquet file of an export`() async throws {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(3, stock: 7)
        for number in 0..<3 { try self.done(daemon, ["sell", "P-\(number)=2"]) }
        try self.done(daemon, ["export", self.path("sales.csv"), "--what", "sales"])
        let root = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("python3 -c") })
        let command = String(line).replacing("/tmp/", with: self.folder.path + "/")
        let made = try Self.shell(command)
        #expect(made.code == 0, "\(made.output)")
        let file = try Data(contentsOf: URL(fileURLWithPath: self.path("sales.parquet")))
        #expect(file.prefix(4) == Data("PAR1".utf8))
        let rows = "SELECT count(*), sum(amount) FROM '\(self.path("sales.parquet"))'"
        let read = try Self.shell(
            "python3 -c \"import duckdb; print(duckdb.sql(\\\"\(rows)\\\"))\""
        )
        #expect(read.output.contains("59.94"), "\(read.output)")
    }

    private static let hasDuckDB: Bool = {
        (try? Self.shell("python3 -c 'import duckdb'"))?.code == 0
    }()

    /// Runs a command line of a shell, and returns all that it prints.
    private static func shell(_ command: String) throws -> (output: String, code: Int32) {
        let folder = TemporaryDirectory()
        let path = "\(folder.path)/output"
        let process = try ChildProcess(
            URL(fileURLWithPath: "/bin/sh"),
            ["-c", "exec >'\(path)' 2>&1; \(command)"],
            environment: ProcessInfo.processInfo.environment,
            output: STDERR_FILENO,
            errors: STDERR_FILENO
        )
        let code = process.wait()
        return (try String(contentsOfFile: path, encoding: .utf8), code)
    }
}
