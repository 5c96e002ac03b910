import Bytes
import InventoryEngine
import InventoryModel
import InventoryTestSupport
import Testing

/// Each formula with an example small enough to compute by hand.
@Suite struct NamedInsightTests {
    private static let may = InsightWindow.last(10, .day)
    private static let now = "2024-05-10T23:30:00Z"

    /// A is in stock for 10 days and sells 2 a day; B arrives on the 6th and sells out on the 8th; C never
    /// moves.
    private func shop() throws -> Shop {
        var shop = try Shop(["A", "B", "C"])
        try shop.restock(1, 100, cost: 600, "2024-04-20T00:00:00Z")
        try shop.restock(2, 6, cost: 500, "2024-05-06T00:00:00Z")
        for day in 1...10 {
            let date = day < 10 ? "0\(day)" : "\(day)"
            try shop.sell(1, 2, "2024-05-\(date)T12:00:00Z")
        }
        try shop.sell(2, 6, "2024-05-08T00:00:00Z")
        return shop
    }

    @Test func `velocity counts all days of existence, in stock or not`() throws {
        let rows = try self.shop().rows(NamedInsight(.velocity, window: Self.may), at: Self.now)
        let a = try #require(rows["A"])
        #expect(a["units"] == .integer(20) && number(a["velocity"]) == 2)
        #expect(number(a["inStockDays"]) == 10 && number(a["movingAverage"]) == 2)
        #expect(number(a["ewma"]) == 2 && a["daysAveraged"] == .integer(7))
        let b = try #require(rows["B"])
        // It exists for five of the ten days.
        #expect(number(b["days"]) == 5 && number(b["velocity"]) == 1.2)
        #expect(number(b["inStockDays"]) == 2 && number(b["inStockVelocity"]) == 3)
        // Days 6 to 9: six units in four days.
        #expect(number(b["movingAverage"]) == 1.5 && b["daysAveraged"] == .integer(4))
        // It does not exist yet.
        let c = try #require(rows["C"])
        #expect(c["velocity"] == ResultCell.none && c["inStockVelocity"] == ResultCell.none)
    }

    @Test func `a window with fewer days than averaged returns their number`() throws {
        let insight = NamedInsight(.velocity, window: .last(3, .day))
        let rows = try self.shop().rows(insight, at: Self.now)
        #expect(rows["A"]?["daysAveraged"] == .integer(2))
    }

    @Test func `cover is available stock divided by in-stock velocity`() throws {
        let rows = try self.shop().rows(NamedInsight(.cover, window: Self.may), at: Self.now)
        #expect(number(rows["A"]?["daysOfCover"]) == 40)
        #expect(
            rows["A"]?["stockOutAt"] == .integer(try Shop.at("2024-06-20T00:00:00Z").microseconds)
        )
        #expect(number(rows["A"]?["risk"]) == 0)
        // Sold out: no cover, and a risk of 1. No sales: it lasts forever.
        #expect(number(rows["B"]?["daysOfCover"]) == 0 && number(rows["B"]?["risk"]) == 1)
        var idle = try Shop(["D"])
        try idle.restock(1, 5, cost: 1, "2024-05-01T00:00:00Z")
        let forever = try idle.rows(NamedInsight(.cover, window: Self.may), at: Self.now)
        #expect(forever["D"]?["daysOfCover"] == ResultCell.none)
        #expect(
            forever["D"]?["stockOutAt"] == ResultCell.none && number(forever["D"]?["risk"]) == 0
        )
    }

    @Test func `a reorder point includes safety stock, an order is whole packs`() throws {
        var shop = try self.shop()
        let update = ProductUpdate(reorderTarget: 60, packSize: 12, leadTimeDays: 10)
        try shop.run(.updateProduct(ProductID(1), update, ifRevision: nil))
        try shop.run(.updateProduct(ProductID(2), update, ifRevision: nil))
        let rows = try shop.rows(NamedInsight(.reorder, window: Self.may), at: Self.now)
        let a = try #require(rows["A"])
        #expect(number(a["demand"]) == 2 && number(a["deviation"]) == 0)
        #expect(a["safetyStock"] == .integer(0) && a["reorderPoint"] == .integer(20))
        #expect(a["suggestedOrder"] == .integer(0))
        // B: six units on one of its four days; mean 1.5, deviation 3; z(95 %) · √(10 · 9) = 15.60.
        let b = try #require(rows["B"])
        #expect(number(b["demand"]) == 1.5 && isClose(number(b["deviation"]), 3))
        #expect(b["safetyStock"] == .integer(16) && b["reorderPoint"] == .integer(31))
        #expect(b["suggestedOrder"] == .integer(60))
    }

    @Test func `a product without a whole day uses its configured reorder point`() throws {
        var shop = try self.shop()
        let update = ProductUpdate(reorderPoint: 4, reorderTarget: 20, packSize: 6)
        try shop.run(.updateProduct(ProductID(3), update, ifRevision: nil))
        let today = NamedInsight(.reorder, window: .last(1, .day))
        let c = try #require(try shop.rows(today, at: Self.now)["C"])
        #expect(number(c["demand"]) == 0 && c["reorderPoint"] == .integer(4))
        #expect(c["available"] == .integer(0) && c["suggestedOrder"] == .integer(24))
    }

    @Test func `a product created today is ordered beside older ones`() throws {
        var shop = try self.shop()
        let update = ProductUpdate(reorderPoint: 17, reorderTarget: 40)
        let draft = ProductDraft(
            sku: "NEW",
            name: "New",
            category: CategoryID(1),
            price: Price(1),
            opening: OpeningStock(quantity: 100)
        )
        try shop.run(.createProduct(draft))
        try shop.run(.updateProduct(ProductID(4), update, ifRevision: nil))
        let sale = SaleLine(product: ProductID(4), location: .main, quantity: 90)
        try shop.run(.sell(Sale(lines: [sale])))
        let rows = try shop.rows(NamedInsight(.reorder, window: .all), at: "2025-02-19T23:00:00Z")
        let new = try #require(rows["NEW"])
        #expect(new["reorderPoint"] == .integer(17) && new["suggestedOrder"] == .integer(30))
    }

    @Test func `ABC classes depend on the share before a product`() throws {
        var shop = try Shop(["A", "B", "C", "D"])
        for (product, quantity) in [(1, 80), (2, 15), (3, 5), (4, 1)] {
            try shop.restock(UInt32(product), 100, cost: 1, "2024-05-01T00:00:00Z")
            try shop.sell(UInt32(product), Int64(quantity), "2024-05-02T00:00:00Z")
        }
        let lsn = try shop.sell(4, 1, "2024-05-03T00:00:00Z")
        try shop.run(.reverse(Reversal(lsn: lsn, reason: .correction)))
        try shop.run(.reverse(Reversal(lsn: lsn.previous, reason: .correction)))
        let rows = try shop.rows(NamedInsight(.abc, window: .all), at: Self.now)
        #expect(
            ["A", "B", "C", "D"].map { rows[$0]?["class"] }
                == ["A", "B", "C", "C"].map { .text($0) }
        )
        #expect(number(rows["A"]?["share"]) == 0.8 && number(rows["B"]?["shareBefore"]) == 0.8)
        #expect(number(rows["C"]?["shareBefore"]) == 0.95 && number(rows["D"]?["share"]) == 0)
    }

    @Test func `top has rank changes, growth and new products`() throws {
        var shop = try Shop(["A", "B", "C"])
        for product in UInt32(1)...3 {
            try shop.restock(product, 100, cost: 1, "2024-04-01T00:00:00Z")
        }
        try shop.sell(1, 4, "2024-05-08T00:00:00Z")
        try shop.sell(2, 3, "2024-05-08T00:00:00Z")
        try shop.sell(1, 2, "2024-05-10T00:00:00Z")
        try shop.sell(2, 6, "2024-05-10T00:00:00Z")
        try shop.sell(3, 2, "2024-05-10T00:00:00Z")
        let rows = try shop.rows(NamedInsight(.top, window: .last(2, .day)), at: Self.now)
        let b = try #require(rows["B"])
        #expect(b["rank"] == .integer(1) && b["previousRank"] == .integer(2))
        #expect(b["rankChange"] == .integer(1) && number(b["growth"]) == 1)
        // Both sold two now: the tie is broken by id.
        #expect(rows["A"]?["rank"] == .integer(2) && number(rows["A"]?["growth"]) == -0.5)
        #expect(rows["C"]?["isNew"] == .integer(1) && rows["C"]?["growth"] == ResultCell.none)
        let all = try shop.rows(NamedInsight(.top, window: .all, limit: 1), at: Self.now)
        #expect(all.count == 1 && all["B"]?["previous"] == ResultCell.none)
    }

    @Test func `stock is dead after 90 days without a sale or since its arrival`() throws {
        var shop = try Shop(["A", "B", "C", "D"])
        for product in UInt32(1)...3 {
            try shop.restock(product, 10, cost: 100, "2024-01-01T00:00:00Z")
        }
        try shop.restock(4, 10, cost: 100, "2024-03-01T00:00:00Z")
        try shop.sell(1, 1, "2024-02-10T12:00:00Z")
        try shop.sell(2, 1, "2024-02-11T12:00:00Z")
        try shop.sell(3, 10, "2024-01-02T00:00:00Z")
        let rows = try shop.rows(NamedInsight(.dead, window: .all), at: Self.now)
        #expect(rows.keys.sorted() == ["A"] && rows["A"]?["idleDays"] == .integer(90))
        let short = NamedInsight(
            .dead,
            window: .all,
            parameters: NamedInsightParameters(days: 60)
        )
        #expect(try shop.rows(short, at: Self.now).keys.sorted() == ["A", "B", "D"])
        #expect(try shop.rows(short, at: Self.now)["D"]?["lastSoldAt"] == ResultCell.none)
    }

    @Test func `turnover uses the time integral of the ledger`() throws {
        let rows = try self.shop().rows(NamedInsight(.turnover, window: Self.may), at: Self.now)
        let b = try #require(rows["B"])
        // Six at 500 for two of its five days: 1,200 on average.
        #expect(b["averageInventory"] == .integer(1_200) && number(b["turnover"]) == 2.5)
        #expect(number(b["daysOfInventory"]) == 2 && number(b["gmroi"]) == 2.5)
        #expect(b["opening"] == .integer(0) && b["received"] == .integer(6))
        #expect(number(b["sellThrough"]) == 1)
        let c = try #require(rows["C"])
        #expect(c["sellThrough"] == ResultCell.none && c["turnover"] == ResultCell.none)
    }

    @Test func `ageing assigns stock to the latest arrivals`() throws {
        var shop = try Shop(["A", "B"])
        try shop.restock(1, 10, cost: 1, "2023-09-01T00:00:00Z")
        try shop.restock(1, 10, cost: 1, "2024-02-25T00:00:00Z")
        try shop.restock(1, 10, cost: 1, "2024-04-10T00:00:00Z")
        try shop.sell(1, 15, "2024-05-01T00:00:00Z")
        let a = try #require(try shop.rows(NamedInsight(.ageing, window: .all), at: Self.now)["A"])
        #expect(a["days0to30"] == .integer(10) && a["days31to60"] == .integer(0))
        #expect(a["days61to90"] == .integer(5) && a["days181plus"] == .integer(0))
        #expect(a["oldestDays"] == .integer(75))
        #expect(try shop.rows(NamedInsight(.ageing, window: .all), at: Self.now)["B"] == nil)
    }

    @Test func `time without stock is measured from the first movement`() throws {
        let rows = try self.shop().rows(NamedInsight(.availability, window: Self.may), at: Self.now)
        let b = try #require(rows["B"])
        #expect(number(b["observedDays"]) == 5 && number(b["stockOutDays"]) == 3)
        #expect(number(b["inStockShare"]) == 0.4 && b["stockOuts"] == .integer(1))
        #expect(rows["C"]?["inStockShare"] == ResultCell.none)
        #expect(number(rows["A"]?["inStockShare"]) == 1)
    }

    @Test func `unmet and served demand determine the fill rate`() throws {
        var shop = try self.shop()
        let lsn = try shop.sell(2, 4, "2024-05-09T00:00:00Z", isDone: false)
        #expect(lsn == shop.state.lsn)
        let rows = try shop.rows(NamedInsight(.refused, window: .all), at: Self.now)
        let b = try #require(rows["B"])
        #expect(b["refusals"] == nil && b["rows"] == .integer(1) && b["asked"] == .integer(4))
        #expect(b["refusedUnits"] == .integer(4) && number(b["fillRate"]) == 0.6)
        #expect(b["lostSales"] == .integer(4_000))
        #expect(rows["A"] == nil)
    }

    @Test func `sales, margin, heatmap, valuation and categories are composed`() throws {
        let shop = try self.shop()
        let sales = try shop.rows(NamedInsight(.sales, window: Self.may), at: Self.now)
        #expect(
            sales["0"]?["gross"] == .integer(26_000) && sales["0"]?["transactions"] == .integer(11)
        )
        let margin = try shop.rows(NamedInsight(.margin, window: Self.may), at: Self.now)
        #expect(margin["A"]?["margin"] == .integer(8_000))
        #expect(number(margin["B"]?["marginPercent"]) == 50)
        let heat = try shop.rows(NamedInsight(.heatmap, window: Self.may), at: Self.now)
        #expect(heat.count == 168)
        let value = try shop.rows(NamedInsight(.valuation, window: .all), at: Self.now)
        #expect(value.count == 2 && value["0"]?["value"] == .integer(48_000))
        let rollup = try shop.rows(NamedInsight(.categories, window: .all), at: Self.now)
        #expect(rollup["A"]?["onHand"] == .integer(80))
    }

    @Test func `low stock has the largest shortage first, and the order`() throws {
        var shop = try self.shop()
        let update = ProductUpdate(reorderPoint: 4, reorderTarget: 20, packSize: 6)
        try shop.run(.updateProduct(ProductID(2), update, ifRevision: nil))
        let rows = try shop.rows(NamedInsight(.lowStock, window: Self.may), at: Self.now)
        #expect(rows.keys.sorted() == ["B", "C"])
        #expect(
            rows["B"]?["suggestedOrder"] == .integer(24) && number(rows["B"]?["daysOfCover"]) == 0
        )
        #expect(number(rows["B"]?["inStockVelocity"]) == 3)
    }

    @Test func `every insight works on an empty shop, and refuses unused parts`()
        throws
    {
        let shop = try Shop(["A"])
        for name in NamedInsight.Name.allCases {
            _ = try shop.rows(NamedInsight(name), at: Self.now)
            let parameters = NamedInsightParameters(
                by: name == .top ? .hour : .reason,
                measure: .asked
            )
            let refusal = #expect(throws: Refusal.self) {
                try shop.rows(NamedInsight(name, parameters: parameters), at: Self.now)
            }
            #expect(refusal?.code == .invalidField, "\(name)")
            let said = String(describing: refusal)
            #expect(said.contains("\(name)"), "\(said)")
        }
        for (insight, part) in [
            (NamedInsight(.dead, window: .last(3, .day)), "window"),
            (NamedInsight(.velocity, filter: InsightFilter(actor: "ann")), "filter.actor"),
            (NamedInsight(.cover, parameters: NamedInsightParameters(days: 3)), "days"),
            (
                NamedInsight(.abc, parameters: NamedInsightParameters(isAscending: true)),
                "ascending"
            ),
            (
                NamedInsight(.sales, parameters: NamedInsightParameters(serviceLevel: 1)),
                "serviceLevel"
            ),
        ] {
            let refusal = #expect(throws: Refusal.self) { try shop.rows(insight, at: Self.now) }
            guard case .field(part, _) = refusal?.detail else {
                Issue.record("\(insight.name): \(String(describing: refusal))")
                continue
            }
        }
        let level = NamedInsight(.reorder, parameters: NamedInsightParameters(serviceLevel: 7))
        #expect(throws: Refusal.self) { try shop.rows(level, at: Self.now) }
    }
}
