import Bytes
import InventoryEngine
import InventoryInsights
import InventoryModel
import InventoryTestSupport
import Testing

/// Aggregation by segments in its slow-path cases.
@Suite struct ScanTests {
    private struct Shop {
        /// Later than all sales.
        private static let opened: Int64 = 1_700_000_000_000_000
        var state = InventoryState()

        init() throws {
            self.apply(InventoryState.bootstrap(currency: try #require(Currency(code: "EUR"))))
            self.run(.createCategory(name: "All"))
            self.run(
                .createProduct(
                    ProductDraft(
                        sku: "S",
                        name: "N",
                        category: CategoryID(1),
                        price: Price(3),
                        opening: OpeningStock(quantity: 1_000_000)
                    )
                )
            )
        }

        private mutating func apply(_ changes: [Change]) {
            let time = Instant(microseconds: Self.opened + Int64(self.state.lsn.next.value))
            self.state.evolve(
                Entry(lsn: self.state.lsn.next, time: time, actor: "", changes: changes)
            )
        }

        mutating func run(_ command: Command) {
            let time = Instant(microseconds: Self.opened + Int64(self.state.lsn.next.value))
            self.apply(self.state.decide(command, at: time).changes)
        }

        mutating func sell(_ quantity: Int64, price: Int64? = nil, lines: Int = 1, at: Int64) {
            let line = SaleLine(
                product: ProductID(1),
                quantity: Quantity(quantity),
                price: price.map { Money($0) }
            )
            self.run(
                .sell(
                    Sale(
                        lines: Array(repeating: line, count: lines),
                        occurred: Occurrence(at: Instant(microseconds: at), isImported: true)
                    )
                )
            )
        }

        func table(_ query: InsightQuery, threads: Int = 1) throws -> ResultTable {
            let view = self.state.readView()
            var totals = GroupedTotals(try QueryPlan(query, at: .zero, of: view))
            totals.scanLimits.rowsMin = 0
            let rows = try GroupedTotals.rows(of: totals.plan, in: view)
            try totals.add(rows: rows, of: view, threads: threads)
            return try totals.answer(of: view).table
        }
    }

    @Test func `a segment whose sums could exceed 64 bits is added row by row`() throws {
        var shop = try Shop()
        // One amount that would exceed the range if every row of the segment had it.
        shop.sell(1, price: Limits.moneyMax - 10_000, at: 0)
        shop.sell(1, lines: 1_500, at: 0)
        let query = InsightQuery(source: .sales, measures: [.net, .rows])
        let table = try shop.table(query)
        #expect(table.cell(0, 0) == .integer(Limits.moneyMax - 10_000 + 4_500))
        #expect(table.cell(0, 1) == .integer(1_501))
    }

    @Test func `full segments with sums close to 64 bits are added right`() throws {
        // If every row had the amount, one segment of the first would be too much, two of the second.
        let rows = Int64(8_192)
        for large in [Limits.moneyMax / 3 - 100_000, .max / (rows + rows / 2)] {
            var shop = try Shop()
            for _ in 0..<3 {
                shop.sell(1, price: large, at: 0)
                for _ in 0..<6 { shop.sell(2, lines: 1_500, at: 0) }
            }
            let expected = 3 * large + 3 * 6 * 1_500 * 2 * 3
            for groups in [[], [.category], [.category, .day]] as [[InsightDimension]] {
                let query = InsightQuery(
                    source: .sales,
                    groups: [groups],
                    measures: [.net, .units, .rows]
                )
                for threads in [1, 1, 3] {
                    let table = try shop.table(query, threads: threads)
                    // The measures, then the unit and its decimals.
                    let at = table.columns.count - 5
                    #expect(table.cell(0, at) == .integer(expected), "\(large)")
                    #expect(table.cell(0, at + 1) == .integer(3 * (1 + 6 * 1_500 * 2)))
                    #expect(table.cell(0, at + 2) == .integer(3 * (1 + 6 * 1_500)))
                }
            }
        }
    }

    @Test func `rows out of time order are added to their hours`() throws {
        var shop = try Shop()
        var random = SplitMix64(seed: 8)
        let hour: Int64 = 3_600_000_000
        var expected: [Int64: Int64] = [:]
        for _ in 0..<3_000 {
            // Also within an hour's first and last minutes, where one cell of the cache has two hours.
            let at = Int64(random.next() % UInt64(400 * hour))
            let quantity = Int64(1 + random.next() % 9)
            shop.sell(quantity, at: at)
            expected[at / hour * hour, default: 0] += quantity
        }
        for threads in 1...3 {
            let query = InsightQuery(source: .sales, groups: [[.hour]], measures: [.units])
            let table = try shop.table(query, threads: threads)
            let hours = table.columns[0].integers
            let isRight = hours == expected.keys.sorted()
            #expect(isRight, "\(hours.count) hours for \(expected.count)")
            for (row, hour) in hours.enumerated() {
                #expect(table.columns[1].integers[row] == expected[hour])
            }
        }
    }

    @Test func `the first rows of many groups equal those of the full order`() throws {
        var ledger = RandomLedger(seed: 77, steps: 400)
        let view = ledger.state.readView()
        for _ in 0..<60 {
            let measure: InsightMeasure = [.gross, .net, .cost, .margin][ledger.below(4)]
            var query = InsightQuery(
                source: .sales,
                groups: [[.product, .location, .day]],
                measures: [measure],
                order: [InsightOrder(.measure(measure), descending: ledger.below(2) == 0)]
            )
            let all = try view.answer(query, at: .zero).table
            query.limit = UInt32(1 + ledger.below(40))
            let some = try view.answer(query, at: .zero).table
            let count = min(Int(query.limit), all.rowCount)
            #expect(some.rowCount == count)
            for row in 0..<count {
                for column in all.columns.indices {
                    #expect(some.cell(row, column) == all.cell(row, column), "row \(row)")
                }
            }
        }
    }
}
