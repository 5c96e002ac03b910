import InventoryEngine
import InventoryModel
import InventoryTestSupport
import Testing

/// Quantities of different units are never summed, nor ranked against each other.
@Suite struct UnitTests {
    private static let now = "2024-05-10T12:00:00Z"

    /// Apples in kg and boxes by the piece, in separate categories: 12.5 kg and 6 boxes, of which half a kg
    /// and five are sold.
    private func shop() throws -> Shop {
        var shop = try Shop([])
        try shop.run(.createCategory(name: "Boxes"))
        try shop.addWeighed("APL", price: 400)
        let box = ProductDraft(
            sku: "BOX",
            name: "Box",
            category: CategoryID(2),
            price: Price(100)
        )
        try shop.run(.createProduct(box))
        try shop.restock(1, 12_500, cost: 200, "2024-05-01T00:00:00Z")
        try shop.restock(2, 6, cost: 30, "2024-05-01T00:00:00Z")
        try shop.sell(1, 500, "2024-05-08T12:00:00Z")
        try shop.sell(2, 5, "2024-05-09T12:00:00Z")
        return shop
    }

    private func query(
        _ source: InsightSource,
        _ groups: [[InsightDimension]],
        _ measures: [InsightMeasure],
        _ order: [InsightOrder] = []
    ) -> InsightQuery {
        InsightQuery(source: source, groups: groups, measures: measures, order: order)
    }

    @Test func `a sum over several units is empty, its amount is not`() throws {
        let shop = try self.shop()
        for (source, measures) in [
            (InsightSource.sales, [InsightMeasure.units, .returnedUnits, .netUnits]),
            (.levels, [.onHand, .available, .incoming]), (.products, [.reserved, .unavailable]),
            (.movements, [.onHandChange]),
        ] {
            let money: InsightMeasure =
                source == .sales ? .net : source == .movements ? .valueChange : .value
            let row = try #require(
                try shop.rows(self.query(source, [[]], measures + [money]), at: Self.now).first
            )
            for measure in measures {
                #expect(row["\(measure)"] == ResultCell.none, "\(source) \(measure)")
            }
            #expect(row["unit"] == ResultCell.none && row["unitDecimals"] == ResultCell.none)
            #expect(row["\(money)"] != ResultCell.none, "\(source) \(money)")
        }
    }

    @Test func `a sum of one unit is shown in it`() throws {
        let shop = try self.shop()
        let rows = try shop.rows(
            self.query(.sales, [[.category], [.day], []], [.units, .net]),
            at: Self.now
        )
        #expect(
            rows.map { $0["units"] } == [
                .integer(500), .integer(5), .integer(500), .integer(5), ResultCell.none,
            ]
        )
        #expect(
            rows.map { $0["unit"] } == [
                .text("kg"), .text("pcs"), .text("kg"), .text("pcs"), ResultCell.none,
            ]
        )
        #expect(rows[0]["unitDecimals"] == .integer(3) && rows[4]["net"] == .integer(700))
        var kilograms = self.query(.sales, [[]], [.units])
        kilograms.filter.categories = [CategoryID(1)]
        let row = try #require(try shop.rows(kilograms, at: Self.now).first)
        #expect(row["units"] == .integer(500) && row["unit"] == .text("kg"))
    }

    @Test func `a shop with one unit shows every sum in it, also empty ones`() throws {
        var shop = try Shop([])
        try shop.addWeighed("KG", price: 1_000)
        try shop.restock(1, 5_000, cost: 1, "2024-05-01T00:00:00Z")
        var query = self.query(.sales, [[.day], []], [.units])
        query.window = .last(2, .day)
        #expect(
            try shop.rows(query, at: Self.now).map { $0["unit"] }
                == Array(repeating: .text("kg"), count: 3)
        )
    }

    @Test func `quantities of different units are not ranked; amounts are`() throws {
        let shop = try self.shop()
        let byUnits = [InsightOrder(.measure(.units), descending: true)]
        let refusal = #expect(throws: Refusal.self) {
            try shop.rows(self.query(.sales, [[.product]], [.units], byUnits), at: Self.now)
        }
        #expect(refusal?.code == .invalidField)
        let ranked = NamedInsightParameters(measure: .units)
        for name in [NamedInsight.Name.top, .abc] {
            let refusal = #expect(throws: Refusal.self) {
                try shop.skus(NamedInsight(name, window: .all, parameters: ranked), at: Self.now)
            }
            guard case .field("measure", let problem) = refusal?.detail else {
                Issue.record("\(name): \(String(describing: refusal))")
                continue
            }
            #expect(problem.contains("net"), "\(problem)")
        }
        #expect(try shop.skus(NamedInsight(.top, window: .all), at: Self.now) == ["BOX", "APL"])
        #expect(
            try shop.skus(NamedInsight(.velocity, window: .all), at: Self.now) == ["BOX", "APL"]
        )
        // With one unit only, quantities are ranked.
        let filter = InsightFilter(categories: [CategoryID(1)])
        let apples = NamedInsight(.top, window: .all, filter: filter, parameters: ranked)
        #expect(try shop.skus(apples, at: Self.now) == ["APL"])
    }

    @Test func `the emptiest product comes first, in any unit`() throws {
        var shop = try self.shop()
        try shop.run(
            .updateProduct(ProductID(1), ProductUpdate(reorderPoint: 3_000), ifRevision: nil)
        )
        try shop.run(.updateProduct(ProductID(2), ProductUpdate(reorderPoint: 11), ifRevision: nil))
        try shop.sell(1, 9_750, "2024-05-09T13:00:00Z")
        try shop.sell(2, 1, "2024-05-09T13:00:00Z")
        #expect(try shop.skus(NamedInsight(.lowStock), at: Self.now) == ["BOX", "APL"])
        let table = try shop.view.answer(.lowStock(LowStockQuery())).wholeTable()
        #expect(table.columns[1].strings == ["BOX", "APL"])
    }

    @Test func `lost sales are ranked by amount`() throws {
        var shop = try self.shop()
        // 40 grams too much, and two boxes: 0.16 and 2.00.
        try shop.sell(1, 12_040, "2024-05-09T13:00:00Z", isDone: false)
        try shop.sell(2, 3, "2024-05-09T13:00:00Z", isDone: false)
        #expect(
            try shop.skus(NamedInsight(.refused, window: .all), at: Self.now) == ["BOX", "APL"]
        )
    }

    @Test func `a rollup has no sum of different units either`() throws {
        let table = try self.shop().view.answer(.categoryRollup(asOf: nil)).wholeTable()
        func column(_ name: String) throws -> [ResultCell] {
            let column = try #require(table.column(named: name))
            return (0..<table.rowCount).map { table.cell($0, column) }
        }
        #expect(
            try column("onHand")
                == [.integer(12_000), .integer(12_000), .integer(1), .integer(1), ResultCell.none]
        )
        #expect(try column("unit").last == ResultCell.none)
        #expect(try column("value").last == .integer(2_430))
    }

    @Test func `products by available are in the order of display units`() throws {
        let shop = try self.shop()
        // One box, and 12 kg; half a kg would come before it, though 500 is more than 1.
        let search = ProductSearch(sort: .available)
        #expect(
            try shop.view.answer(.products(search)).wholeTable().columns[1].strings == [
                "BOX", "APL",
            ]
        )
        var less = shop
        try less.sell(1, 11_500, "2024-05-09T13:00:00Z")
        let table = try less.view.answer(.products(search)).wholeTable()
        #expect(table.columns[1].strings == ["APL", "BOX"])
        var page = search
        page.after = ProductSearch.PageKey(integer: 500, id: ProductID(1))
        #expect(try less.view.answer(.products(page)).wholeTable().columns[1].strings == ["BOX"])
    }
}
