import Bytes
import InventoryEngine
import InventoryInsights
import InventoryModel
import InventoryTestSupport
import Testing

/// Queries served by cached segment aggregates: the same results as without them, independent of earlier
/// queries and of later changes of products.
@Suite struct CachedSegmentsTests {
    private static let measures: [InsightMeasure] = [
        .units, .returnedUnits, .netUnits, .gross, .returns, .net, .cost, .margin, .marginPercent,
        .rows,
    ]

    /// Sales, returns, reversals and deliveries in order, many lines at a time.
    private struct Shop {
        var ledger = RandomLedger(seed: 500, steps: 10, deletes: false)
        private var sales: [UInt64] = []

        mutating func step() {
            let lines = 40 + self.ledger.below(80)
            switch self.ledger.below(12) {
            case 0:
                self.ledger.run(
                    .restock(Restock(lines: (0..<lines).map { _ in self.restockLine() }))
                )
            case 1 where !self.sales.isEmpty:
                let lsn = self.sales.remove(at: self.ledger.below(self.sales.count))
                self.ledger.run(.reverse(Reversal(lsn: LSN(lsn), reason: .correction)))
            case 2:
                self.ledger.run(
                    .returnSale(SaleReturn(lines: (0..<lines).map { _ in self.saleLine() }))
                )
            default:
                let before = self.ledger.state.lsn
                self.ledger.run(.sell(Sale(lines: (0..<lines).map { _ in self.saleLine() })))
                if self.ledger.state.lsn > before { self.sales.append(self.ledger.state.lsn.value) }
            }
        }

        mutating func grow(to count: Int) throws {
            while try self.ledger.movementCount() < count { self.step() }
        }

        mutating func stockUp() {
            for location in 1...2 {
                let lines = (1...9).map {
                    RestockLine(
                        product: ProductID(UInt32($0)),
                        location: LocationID(UInt16(location)),
                        quantity: 1_000_000,
                        unitCost: Money(Int64(20 + $0))
                    )
                }
                self.ledger.run(.restock(Restock(lines: lines)))
            }
        }

        private mutating func saleLine() -> SaleLine {
            SaleLine(
                product: ProductID(UInt32(1 + self.ledger.below(9))),
                location: LocationID(UInt16(1 + self.ledger.below(2))),
                quantity: Quantity(Int64(1 + self.ledger.below(4))),
                price: self.ledger.below(3) == 0 ? Money(Int64(self.ledger.below(90_000))) : nil
            )
        }

        private mutating func restockLine() -> RestockLine {
            RestockLine(
                product: ProductID(UInt32(1 + self.ledger.below(9))),
                location: LocationID(1),
                quantity: Quantity(Int64(1 + self.ledger.below(30))),
                unitCost: Money(Int64(50 + self.ledger.below(100)))
            )
        }

        mutating func recategorise() {
            let product = ProductID(UInt32(1 + self.ledger.below(9)))
            let category = CategoryID(UInt32(1 + self.ledger.below(3)))
            self.ledger.run(
                .updateProduct(product, ProductUpdate(category: category), ifRevision: nil)
            )
        }

        /// A query of a few sums that the cache may serve.
        mutating func query(_ view: ReadView) -> InsightQuery {
            let sets: [[[InsightDimension]]] = [
                [[]], [[.category]], [[.day]], [[.hour]], [[.category, .hour]],
                [[.category, .weekday]], [[.category], []], [[.category, .day], [.month], []],
                [[.hourOfDay, .category], [.location]],
            ]
            let first = self.ledger.below(CachedSegmentsTests.measures.count)
            let count = 1 + self.ledger.below(4)
            var query = InsightQuery(
                source: .sales,
                groups: sets[self.ledger.below(sets.count)],
                measures: Array(CachedSegmentsTests.measures[first...].prefix(count))
            )
            query.zone = RandomLedger.zones[self.ledger.below(RandomLedger.zones.count)]
            if self.ledger.below(2) == 0 {
                let end = view.time.microseconds
                let from = end - Int64(self.ledger.below(20)) * RandomLedger.hour / 3
                let to = from + Int64(1 + self.ledger.below(20)) * RandomLedger.hour / 3
                query.window = .between(Instant(microseconds: from), Instant(microseconds: to))
            }
            switch self.ledger.below(8) {
            case 0, 1:
                query.filter.categories = [CategoryID(UInt32(1 + self.ledger.below(3)))]
            case 2: query.filter.categories = [CategoryID(1), CategoryID(3)]
            case 3: query.filter.actor = ["ann", "bob"][self.ledger.below(2)]
            case 4:
                query.filter.kinds = MovementKindSet([
                    MovementKindSet(.sale), MovementKindSet(.return),
                ])
            case 5: query.filter.products = [ProductID(UInt32(1 + self.ledger.below(9)))]
            default: break
            }
            return query
        }
    }

    /// Executes a query in one way: row by row, by segments without a cache, or with it.
    private static func table(
        _ query: InsightQuery,
        _ view: ReadView,
        threads: Int = 1,
        _ limits: (inout ScanLimits) -> Void
    ) throws -> ResultTable {
        var totals = GroupedTotals(try QueryPlan(query, at: .zero, of: view))
        limits(&totals.scanLimits)
        let rows = try GroupedTotals.rows(of: totals.plan, in: view)
        try totals.add(rows: rows, of: view, threads: threads)
        return try totals.answer(of: view).table
    }

    private static func expectSame(_ query: InsightQuery, _ view: ReadView) throws {
        let expected = try Self.table(query, view) { $0.rowsMin = .max }
        for (way, threads) in [(0, 1), (1, 1), (2, 3)] {
            let table = try Self.table(query, view, threads: threads) {
                $0.rowsMin = 0
                $0.cachesAggregates = way > 0
            }
            #expect(table == expected, "way \(way) of \(query)")
        }
    }

    @Test func `cached aggregates do not change results, also after category changes`() throws {
        var shop = Shop()
        shop.stockUp()
        try shop.grow(to: 26_000)
        var views = [shop.ledger.state.readView()]
        for round in 0..<5 {
            for _ in 0..<14 {
                let view = views[max(0, views.count - 1 - shop.ledger.below(2))]
                try Self.expectSame(shop.query(view), view)
            }
            // Results of an older view must not serve a newer one, nor the reverse.
            if round < 3 { shop.recategorise() }
            if round == 1 { shop.ledger.run(.createCategory(name: "Fifth")) }
            for _ in 0..<20 { shop.step() }
            views.append(shop.ledger.state.readView())
        }
    }

    @Test func `results with cached aggregates equal a model of every row`() throws {
        var shop = Shop()
        shop.stockUp()
        try shop.grow(to: 17_000)
        for _ in 0..<2 {
            let view = shop.ledger.state.readView()
            let model = try NaiveModel(view)
            for _ in 0..<6 {
                let query = shop.query(view)
                let expected = try #require(try model.answer(query, at: 0))
                for _ in 0..<2 {
                    let table = try view.answer(query, at: .zero).table
                    let rows = (0..<table.rowCount).map { row in
                        (0..<table.columns.count).map { table.cell(row, $0) }
                    }
                    #expect(rows == expected.rows, "\(query)")
                }
            }
            shop.recategorise()
        }
    }

    @Test func `sums of too many categories are not cached`() throws {
        var shop = Shop()
        shop.stockUp()
        for number in 5..<300 { shop.ledger.run(.createCategory(name: "Category \(number)")) }
        for product in 1...9 {
            let category = CategoryID(UInt32(290 + product))
            shop.ledger.run(
                .updateProduct(
                    ProductID(UInt32(product)),
                    ProductUpdate(category: category),
                    ifRevision: nil
                )
            )
        }
        try shop.grow(to: 9_000)
        let view = shop.ledger.state.readView()
        for groups in [[.category], [.category, .hour], []] as [[InsightDimension]] {
            var query = InsightQuery(source: .sales, groups: [groups], measures: [.net, .rows])
            for filtered in [false, true] {
                query.filter.categories = filtered ? [CategoryID(295)] : []
                for _ in 0..<2 { try Self.expectSame(query, view) }
            }
        }
    }
}
