import InventoryEngine
import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryInsights

/// Sums out of the range of an amount are empty, without affecting other groups.
@Suite struct BeyondLimitTests {
    private static let now = "2024-05-11T00:00:00Z"

    /// An ordinary B beside A, which is so expensive that two of it have no valid price, in stock or sold.
    private func shop() throws -> Shop {
        var shop = try Shop(["A", "B"])
        for product in [UInt32(1), 2] {
            try shop.restock(product, 10, cost: 1, "2024-05-01T00:00:00Z")
        }
        let update = ProductUpdate(price: Price(Limits.moneyMax))
        try shop.run(.updateProduct(ProductID(1), update, ifRevision: nil))
        for product in [UInt32(1), 1, 2] { try shop.sell(product, 1, "2024-05-10T10:00:00Z") }
        return shop
    }

    @Test func `a retail value out of range is empty without affecting others`() throws {
        let shop = try self.shop()
        for name in [NamedInsight.Name.valuation, .categories] {
            let rows = try shop.rows(NamedInsight(name), at: Self.now).values
            let retail = rows.map { $0["retailValue"] }
            #expect(retail.contains(ResultCell.none), "\(name)")
            #expect(rows.allSatisfy { $0["value"] != ResultCell.none }, "\(name)")
        }
        let query = InsightQuery(
            source: .products,
            groups: [[.product]],
            measures: [.value, .retailValue]
        )
        let rows = try shop.rows(query, at: Self.now)
        #expect(rows.map { $0["value"] } == [.integer(8), .integer(9)])
        #expect(rows.map { $0["retailValue"] } == [ResultCell.none, .integer(9_000)])
    }

    @Test func `a sum of sales out of range is empty without affecting others`() throws {
        let shop = try self.shop()
        let query = InsightQuery(
            source: .sales,
            groups: [[.product], []],
            measures: [.net, .units, .averageValue, .margin, .marginPercent],
            order: [InsightOrder(.measure(.net), descending: true)]
        )
        let rows = try shop.rows(query, at: Self.now)
        #expect(rows.map { $0["net"] } == [.integer(1_000), ResultCell.none, ResultCell.none])
        #expect(rows.map { $0["margin"] } == [.integer(999), ResultCell.none, ResultCell.none])
        #expect(rows.map { $0["units"] } == [.integer(1), .integer(2), .integer(3)])
        #expect(rows.map { $0["averageValue"] }.last == ResultCell.none)
        #expect(rows.map { $0["marginPercent"] }.suffix(2) == [ResultCell.none, ResultCell.none])
    }

    @Test func `every named insight has a result`() throws {
        let shop = try self.shop()
        for name in NamedInsight.Name.allCases {
            _ = try shop.rows(NamedInsight(name, window: .all), at: Self.now)
        }
        let abc = try shop.rows(NamedInsight(.abc, window: .all), at: Self.now)
        #expect(abc["A"]?["class"] == ResultCell.none && abc["B"]?["class"] == .text("A"))
        let turnover = try shop.rows(NamedInsight(.turnover, window: .all), at: Self.now)
        #expect(turnover["A"]?["gmroi"] == ResultCell.none && number(turnover["B"]?["gmroi"]) > 0)
    }

    @Test func `a stock value out of range over a thousand locations is empty`() throws {
        var shop = try Shop(["A"])
        let count = Int(Int64.max / Limits.moneyMax) + 2
        for number in 2...count {
            try shop.run(.createLocation(LocationDraft(code: "L\(number)", name: "L")))
        }
        for number in 1...count {
            let line = RestockLine(
                product: ProductID(1),
                location: LocationID(UInt16(number)),
                quantity: 1,
                unitCost: Money(Limits.moneyMax)
            )
            try shop.run(.restock(Restock(lines: [line])))
        }
        let dead = NamedInsight(.dead, window: .all, parameters: NamedInsightParameters(days: 1))
        let row = try #require(try shop.rows(dead, at: "2026-01-01T00:00:00Z")["A"])
        #expect(row["onHand"] == .integer(Int64(count)) && row["value"] == ResultCell.none)
    }
}
