import Bytes
import Foundation
import InventoryClient
import InventoryModel
import InventoryTestSupport
import Testing

/// `watch products` shows changed fields as the lists do.
@Suite struct WatchProductsTests {
    /// Returns the changes that `watch products` shows after an LSN, in order.
    private static func changes(
        after lsn: LSN,
        count: Int,
        _ daemon: Daemon
    ) throws -> [[String: Any]] {
        let words = ["watch", "products", "-o", "json", "--after", "\(lsn)", "--count", "\(count)"]
        return try daemon.invctl(words).output.split(separator: "\n").compactMap {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
    }

    private static func sugar() -> Command {
        var draft = ProductDraft(
            sku: "SUG-1",
            name: "Sugar",
            category: CategoryID(1),
            unit: Unit(code: "kg", decimals: 3),
            price: Price(568, per: 1_000)
        )
        draft.reorderPoint = 1_250
        return .createProduct(draft)
    }

    @Test func `quantities have the unit's decimals, and categories their names`() async throws {
        let daemon = try Daemon()
        let client = daemon.client()
        for name in ["Food", "Baking"] { try await client.done(.createCategory(name: name)) }
        try await client.done(Self.sugar())
        let update = ProductUpdate {
            $0.category = CategoryID(2)
            $0.reorderPoint = 2_500
            $0.leadTimeDays = 4
        }
        let done = try await client.done(.updateProduct(ProductID(1), update, ifRevision: nil))
        let row = try #require(
            try Self.changes(after: done.lsn.previous, count: 1, daemon).first
        )
        #expect(row["reorderPoint"] as? [String: Double] == ["from": 1.25, "to": 2.5])
        #expect(row["category"] as? [String: String] == ["from": "Food", "to": "Baking"])
        #expect(row["leadTimeDays"] as? [String: Int] == ["from": 0, "to": 4])
        #expect(row["categoryId"] == nil)
        let words = ["watch", "products", "--after", "\(done.lsn.previous)", "--count", "1"]
        let terminal = try daemon.terminal(words, columns: 200)
        #expect(terminal.waits(for: "category Food → Baking  reorderPoint 1.250 → 2.500"))
        let listed = try daemon.invctl("product", "list", "-o", "csv", "--fields", "reorderPoint")
        #expect(listed.output.contains("2.500"))
    }

    /// The step creates the category and its product; a watch that starts later knows neither.
    @Test func `a category has its name if it is new, or older than the watch`() async throws {
        let daemon = try Daemon()
        let client = daemon.client()
        let both: [Command] = [.createCategory(name: "Food"), Self.sugar()]
        let first = try await client.done(.batch(both, .atomic))
        let same = try Self.changes(after: first.lsn.previous, count: 2, daemon)
        #expect(same.last?["category"] as? String == "Food")
        var salt = ProductFields()
        (salt.sku, salt.name, salt.category) = ("SALT", "Salt", CategoryID(1))
        salt.price = Price(210, per: 1_000)
        let second = try await client.done(.createProduct(ProductDraft(salt)))
        let row = try #require(
            try Self.changes(after: second.lsn.previous, count: 1, daemon).first
        )
        #expect(row["category"] as? String == "Food")
        #expect(row["price"] as? String == "2.10")
        #expect(row["priceBasis"] as? Int == 1_000)
    }

    @Test func `a price has the quantity that it is for`() async throws {
        let daemon = try Daemon()
        let client = daemon.client()
        try await client.done(.createCategory(name: "Food"))
        var fields = ProductFields()
        (fields.sku, fields.name, fields.category) = ("R", "Resistor", CategoryID(1))
        fields.price = Price(210, per: 1_000)
        try await client.done(.createProduct(ProductDraft(fields)))
        let changed = try daemon.invctl("product", "set", "R", "--price", "2.20", "-o", "json")
        let product = try #require(
            try JSONSerialization.jsonObject(with: Data(changed.output.utf8)) as? [String: Any]
        )
        let revision = try #require(product["revision"] as? UInt64)
        let row = try #require(
            try Self.changes(after: LSN(revision).previous, count: 1, daemon).first
        )
        #expect(row["price"] as? [String: String] == ["from": "2.10", "to": "2.20"])
        #expect(row["priceBasis"] as? Int == product["priceBasis"] as? Int)
        let said = try daemon.terminal(
            ["watch", "products", "--after", "\(revision - 1)", "--count", "1"],
            columns: 200
        )
        #expect(said.waits(for: "R  price 2.10 per 1000 → 2.20 per 1000"))
    }

    @Test func `a location shows every field that can change`() throws {
        let daemon = try Daemon()
        try daemon.invctl("location", "add", "depot")
        let set = ["location", "set", "depot", "--kind", "warehouse", "--zone", "Europe/London"]
        let done = try daemon.invctl(set + ["-o", "json"])
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(done.output.utf8)) as? [String: Any]
        )
        let lsn = try #require(object["lsn"] as? UInt64)
        let row = try #require(try Self.changes(after: LSN(lsn).previous, count: 1, daemon).first)
        for name in ["code", "name", "zone", "kind"] {
            #expect(row[name] as? String == object[name] as? String, "\(name)")
        }
        #expect(row["kind"] as? String == "warehouse")
    }

    @Test func `events have neither columns nor the formats of rows`() throws {
        let daemon = try Daemon()
        for words in [["-o", "csv"], ["-o", "tsv"], ["--fields", "sku"]] {
            let refused = try daemon.invctl(["watch", "products", "--count", "1"] + words)
            #expect(refused.code == 2, "\(words): \(refused.output)")
        }
    }

    @Test func `a product without history is deleted, one with history archived`() async throws {
        let daemon = try Daemon()
        let client = daemon.client()
        try await client.done(.createCategory(name: "Food"))
        try await client.done(Self.sugar())
        let first = try await client.done(.deleteProduct(ProductID(1), ifRevision: nil))
        let deleted = try Self.changes(after: first.lsn.previous, count: 1, daemon).first
        #expect(deleted?["event"] as? String == "productDeleted")
        #expect(deleted?["sku"] as? String == "SUG-1", "the watch never knew the product")
        // The product existed before that step and not after it.
        let before = try await client.product(.id(ProductID(1)), asOf: .lsn(first.lsn.previous))
        #expect(before?.sku == "SUG-1")
        #expect(before?.status == .archived)
        #expect(try await client.product(.id(ProductID(1)), asOf: .lsn(first.lsn)) == nil)
        #expect(try await client.product(.id(ProductID(1)), asOf: .lsn(0)) == nil)
        #expect(try await client.product(.id(ProductID(1)), asOf: nil) == nil)
        #expect(try await client.product(.id(ProductID(9)), asOf: .lsn(first.lsn)) == nil)

        try await client.done(Self.sugar())
        let line = RestockLine(product: ProductID(2), quantity: 5_000)
        try await client.done(.restock(Restock(lines: [line])))
        try await client.done(.count(StockCount(product: ProductID(2), counted: 0)))
        let second = try await client.done(.deleteProduct(ProductID(2), ifRevision: nil))
        #expect(try Self.event(of: second, daemon) == "productArchived")
    }

    private static func event(of done: Outcome.Done, _ daemon: Daemon) throws -> String? {
        try Self.changes(after: done.lsn.previous, count: 1, daemon).first?["event"] as? String
    }
}
