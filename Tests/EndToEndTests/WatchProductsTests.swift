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
        #expect(row["reorderPoint"] as? String == "1.250 → 2.500")
        #expect(row["category"] as? String == "Food → Baking")
        #expect(row["leadTimeDays"] as? String == "0 → 4")
        #expect(row["categoryId"] == nil)
        let listed = try daemon.invctl("product", "list", "-o", "csv", "--fields", "reorderPoint")
        #expect(listed.output.contains("2.500"))
    }

    @Test func `a product without history is deleted, one with history archived`() async throws {
        let daemon = try Daemon()
        let client = daemon.client()
        try await client.done(.createCategory(name: "Food"))
        try await client.done(Self.sugar())
        let first = try await client.done(.deleteProduct(ProductID(1), ifRevision: nil))
        #expect(try Self.event(of: first, daemon) == "productDeleted")

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
