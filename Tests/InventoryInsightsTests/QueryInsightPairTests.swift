import Bytes
import InventoryEngine
import InventoryInsights
import InventoryModel
import InventoryTestSupport
import Testing

/// What is both a query and an insight is computed once: their numbers are equal over random ledgers.
///
/// | query | insight | computed by |
/// |---|---|---|
/// | categoryRollup | categories | `ReadView.forEachStock` |
/// | levels | valuation | `ReadView.forEachStock`, `PastBalances` |
/// | lowStock | lowStock | `ReadView.lowLevels` |
/// | sales | sales | `MovementLedger.saleRow` |
/// | refusals | refused | rows of the table of unmet demand |
@Suite struct QueryInsightPairTests {
    /// The rows of a table; cells by the names of their columns.
    private struct Rows {
        private let table: ResultTable

        init(_ table: ResultTable) { self.table = table }

        var indices: Range<Int> { 0..<self.table.rowCount }

        func cell(_ row: Int, _ name: String) throws -> ResultCell {
            self.table.cell(row, try #require(self.table.column(named: name), "\(name)"))
        }

        /// A number; `nil` if the cell is empty.
        func number(_ row: Int, _ name: String) throws -> Int64? {
            if case .integer(let number) = try self.cell(row, name) { number } else { nil }
        }

        /// The cells of some columns.
        func cells(_ names: [String]) throws -> [[ResultCell]] {
            try self.indices.map { row in try names.map { try self.cell(row, $0) } }
        }

        /// The sums of a column by product.
        func sums(_ name: String) throws -> [Int64: Int64] {
            var sums: [Int64: Int64] = [:]
            for row in self.indices {
                let product = try #require(try self.number(row, "productId"))
                sums[product, default: 0] += try self.number(row, name) ?? 0
            }
            return sums
        }
    }

    private struct Shop {
        let view: ReadView
        let now: Instant

        init(seed: UInt64) {
            var ledger = RandomLedger(seed: seed, steps: 300, deletes: false)
            self.view = ledger.state.readView()
            self.now = ledger.moment()
        }

        func rows(_ query: Query) throws -> Rows {
            Rows(try self.view.answer(query, at: self.now).wholeTable())
        }

        func rows(_ insight: NamedInsight) throws -> Rows {
            Rows(try self.view.answer(insight, at: self.now).table)
        }
    }

    private static let seeds = Campaign.seeds(suite: 1...20)

    /// Sums of an insight's group, by stage.
    private struct Stock: Equatable {
        var onHand: Int64 = 0
        var available: Int64 = 0
        var value: Int64 = 0
        var retailValue: Int64 = 0
        var inTransitValue: Int64 = 0
        var inTransitRetail: Int64 = 0
    }

    /// The stock of each product in the insight, and of each category as the sum of its products.
    private func stock(
        _ rows: Rows
    ) throws -> (products: [Int64: Stock], categories: [Int64: Stock], totals: [Int64: [Int64]]) {
        var products: [Int64: Stock] = [:]
        var categories: [Int64: Stock] = [:]
        var totals: [Int64: [Int64]] = [:]
        for row in rows.indices {
            guard let category = try rows.number(row, "categoryId") else { continue }
            let value = try #require(try rows.number(row, "value"))
            let retail = try #require(try rows.number(row, "retailValue"))
            guard let product = try rows.number(row, "productId") else {
                totals[category] = [value, retail]
                continue
            }
            func add(to stock: inout Stock) throws {
                guard try rows.cell(row, "stage") == .text("onHand") else {
                    stock.inTransitValue += value
                    stock.inTransitRetail += retail
                    return
                }
                stock.onHand += try #require(try rows.number(row, "onHand"))
                stock.available += try #require(try rows.number(row, "available"))
                stock.value += value
                stock.retailValue += retail
            }
            try add(to: &products[product, default: Stock()])
            try add(to: &categories[category, default: Stock()])
        }
        return (products, categories, totals)
    }

    @Test(arguments: Self.seeds)
    func `the rollup of categories has the numbers of the insight`(seed: UInt64) throws {
        let shop = Shop(seed: seed)
        let past = LSN(shop.view.lsn.value / 2)
        for asOf in [nil, .lsn(past), .effective(shop.now)] as [AsOf?] {
            let query = try shop.rows(.categoryRollup(asOf: asOf))
            var insight = NamedInsight(.categories)
            insight.asOf = asOf
            let (products, categories, totals) = try self.stock(try shop.rows(insight))
            for row in query.indices {
                guard let category = try query.number(row, "categoryId") else { continue }
                let product = try query.number(row, "productId")
                let stock = product.map { products[$0] } ?? categories[category]
                let expected = stock ?? Stock()
                let place = Comment("\(String(describing: asOf)), category \(category), row \(row)")
                func check(_ name: String, _ number: Int64) throws {
                    // The quantities of different units have no sum.
                    guard let found = try query.number(row, name) else { return }
                    #expect(found == number, place)
                }
                try check("onHand", expected.onHand)
                try check("available", expected.available)
                #expect(try query.number(row, "value") == expected.value, place)
                #expect(try query.number(row, "retailValue") == expected.retailValue, place)
                #expect(try query.number(row, "inTransitValue") == expected.inTransitValue, place)
                // The insight's totals include what is in transit.
                guard product == nil, let total = totals[category] else { continue }
                let value = expected.value + expected.inTransitValue
                let retail = expected.retailValue + expected.inTransitRetail
                #expect(total == [value, retail], place)
            }
        }
    }

    /// Half a unit at each of two locations: two roundings, not one of the sum.
    @Test func `the retail value is rounded once for each level`() throws {
        var shop = try InventoryInsightsTests.Shop([])
        try shop.addWeighed("APL", price: 1)
        let back = LocationDraft(code: "back", name: "Back")
        try shop.run(.createLocation(back))
        for location in [LocationID.main, LocationID(2)] {
            let line = RestockLine(product: ProductID(1), location: location, quantity: 500)
            try shop.run(.restock(Restock(lines: [line])))
        }
        let query = Rows(try shop.view.answer(.categoryRollup(asOf: nil)).wholeTable())
        #expect(try query.indices.map { try query.number($0, "retailValue") } == [2, 2, 2])
        let now = try InventoryInsightsTests.Shop.at("2025-05-01T00:00:00Z")
        let insight = Rows(try shop.view.answer(NamedInsight(.categories), at: now).table)
        #expect(try insight.indices.map { try insight.number($0, "retailValue") } == [2, 2, 2])
    }

    @Test(arguments: Self.seeds)
    func `the levels add up to the valuation`(seed: UInt64) throws {
        let shop = Shop(seed: seed)
        let byProduct = NamedInsightParameters(by: .product)
        let insight = NamedInsight(.valuation, parameters: byProduct)
        let (levels, valuation) = (try shop.rows(.levels(LevelQuery())), try shop.rows(insight))
        let values = try levels.sums("value")
        for row in valuation.indices {
            guard let product = try valuation.number(row, "productId"),
                try valuation.cell(row, "stage") == .text("onHand")
            else { continue }
            #expect(try valuation.number(row, "value") == values[product])
        }
    }

    @Test(arguments: Self.seeds)
    func `low stock has the same rows in the same order`(seed: UInt64) throws {
        let shop = Shop(seed: seed)
        let names = ["productId", "sku", "location", "available", "reorderPoint", "incoming"]
        let query = try shop.rows(.lowStock(LowStockQuery())).cells(names)
        #expect(query.count > 3)
        #expect(try shop.rows(NamedInsight(.lowStock)).cells(names) == query)
    }

    @Test(arguments: Self.seeds)
    func `the lines of sales add up to the insight`(seed: UInt64) throws {
        let shop = Shop(seed: seed)
        let sales = try shop.rows(.sales(SalesQuery()))
        var expected: [ResultCell: [Int64]] = [:]
        for row in sales.indices {
            let sku = try sales.cell(row, "sku")
            for (index, name) in ["quantity", "amount", "cost"].enumerated() {
                expected[sku, default: [0, 0, 0]][index] += try sales.number(row, name) ?? 0
            }
        }
        let measures: [InsightMeasure] = [.netUnits, .net, .cost]
        let query = InsightQuery(source: .sales, groups: [[.product]], measures: measures)
        let composed = Rows(try shop.view.answer(query, at: shop.now).table)
        var sums: [ResultCell: [Int64]] = [:]
        for row in composed.indices {
            sums[try composed.cell(row, "sku")] = try measures.map {
                try #require(try composed.number(row, "\($0)"))
            }
        }
        #expect(sums == expected)
        let total = try shop.rows(NamedInsight(.sales, window: .all))
        #expect(try total.number(0, "net") == expected.values.reduce(0) { $0 + $1[1] })
    }

    @Test(arguments: Self.seeds)
    func `the rows of unmet demand add up to the insight`(seed: UInt64) throws {
        let shop = Shop(seed: seed)
        let refusals = try shop.rows(.refusals(RefusalQuery()))
        let insight = try shop.rows(NamedInsight(.refused, window: .all))
        #expect(try insight.sums("asked") == refusals.sums("asked"))
        let (asked, available) = (try refusals.sums("asked"), try refusals.sums("available"))
        let missing = asked.merging(available) { $0 - $1 }
        #expect(try insight.sums("refusedUnits") == missing)
        #expect(!missing.isEmpty)
    }
}
