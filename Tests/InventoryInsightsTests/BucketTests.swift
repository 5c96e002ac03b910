import Bytes
import Foundation
import InventoryEngine
import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryInsights

/// Time in results: days of 25 hours, empty buckets, rows added later.
@Suite struct BucketTests {
    private static let hour: Int64 = 3_600_000_000

    private static func at(_ text: String) throws -> Instant {
        let date = try Date(text, strategy: .iso8601)
        return Instant(microseconds: Int64(date.timeIntervalSince1970) * 1_000_000)
    }

    private func integers(_ name: String, _ answer: InsightAnswer) throws -> [Int64] {
        let column = try #require(answer.table.column(named: name))
        return answer.table.columns[column].integers
    }

    @Test func `a window of 25 hours has 25 hourly rows, and its day one row`() throws {
        let view = RandomLedger(seed: 1, steps: 150).state.readView()
        var query = InsightQuery(
            source: .sales,
            window: .between(
                try Self.at("2024-10-26T23:00:00Z"),
                try Self.at("2024-10-28T00:00:00Z")
            ),
            zone: "Europe/London",
            groups: [[.hour]],
            measures: [.net, .rows]
        )
        let hours = try view.answer(query, at: .zero)
        #expect(hours.table.rowCount == 25)
        let starts = try self.integers("hour", hours)
        #expect(zip(starts, starts.dropFirst()).allSatisfy { $1 - $0 == Self.hour })
        query.groups = [[.day]]
        let day = try view.answer(query, at: .zero)
        #expect(day.table.rowCount == 1)
        #expect(try self.integers("day", day) == [starts[0]])
        let rows = try self.integers("rows", hours).reduce(0, +)
        let whole = try self.integers("rows", day)
        #expect(rows > 0 && whole == [rows])
        #expect(day.window.zone == "Europe/London" && day.window.movesAt == nil)
        #expect(day.keyColumnCount == 1 && day.lsn == view.lsn)
    }

    @Test func `empty buckets have rows only in a bounded window`() throws {
        let view = RandomLedger(seed: 1, steps: 60).state.readView()
        let past = Instant(microseconds: 1_000_000_000_000_000)
        func count(_ window: InsightWindow, _ groups: [[InsightDimension]]) throws -> Int {
            let query = InsightQuery(
                source: .sales,
                window: window,
                groups: groups,
                measures: [.net]
            )
            return try view.answer(query, at: past).table.rowCount
        }
        #expect(try count(.last(7, .day), [[.day]]) == 7)
        #expect(try count(.last(7, .day), [[.hour]]) == 168)
        #expect(try count(.previous(3, .month), [[.month], []]) == 4)
        #expect(try count(.between(nil, past), [[.day]]) == 0)
        #expect(try count(.last(7, .day), [[.day, .product]]) == 0)
        #expect(try count(.last(7, .day), [[.weekday, .hourOfDay]]) == 168)
        #expect(try count(.last(7, .day), [[]]) == 1)
    }

    @Test func `incrementally added rows equal the totals of all rows`() throws {
        for seed in UInt64(300)..<330 {
            var ledger = RandomLedger(seed: seed, steps: 30)
            var query = ledger.query()
            while query.source == .levels || query.source == .products || query.asOf != nil
                || !query.filter.categories.isEmpty || query.groups.joined().contains(.category)
            {
                query = ledger.query()
            }
            let now = ledger.moment()
            let plan = try QueryPlan(query, at: now, of: ledger.state.readView())
            var totals = GroupedTotals(plan)
            var done = 0
            for _ in 0..<40 {
                ledger.step()
                let view = ledger.state.readView()
                let rows = try GroupedTotals.rows(of: plan, in: view)
                // A sale that was counted and is undone now is counted anew.
                if !totals.canAdd(done..<rows.upperBound, of: view) {
                    (totals, done) = (GroupedTotals(plan), 0)
                }
                try totals.add(rows: done..<rows.upperBound, of: view)
                done = rows.upperBound
                do throws(Refusal) {
                    let fresh = try view.answer(query, at: now)
                    let added = try totals.answer(of: view)
                    #expect(added == fresh, "seed \(seed): \(query)")
                } catch {
                    // Units that differ by now have no order.
                    #expect(throws: error) { try totals.answer(of: view) }
                }
            }
        }
    }

    @Test func `a sum out of range is empty, and one back in range is not`()
        throws
    {
        var state = InventoryState()
        func apply(_ changes: [Change]) {
            let time = Instant(microseconds: Int64(state.lsn.next.value) * 1_000)
            state.evolve(
                Entry(lsn: state.lsn.next, time: time, actor: "", changes: changes)
            )
        }
        func run(_ command: Command) {
            let time = Instant(microseconds: Int64(state.lsn.next.value) * 1_000)
            apply(state.decide(command, at: time).changes)
        }
        apply(InventoryState.bootstrap(currency: try #require(Currency(code: "EUR"))))
        run(.createCategory(name: "All"))
        run(
            .createProduct(
                ProductDraft(
                    sku: "S",
                    name: "N",
                    category: CategoryID(1),
                    price: Price(Limits.moneyMax),
                    opening: OpeningStock(quantity: 5)
                )
            )
        )
        let sale = Command.sell(Sale(lines: [SaleLine(product: ProductID(1), quantity: 1)]))
        run(sale)
        let sold = state.lsn
        run(sale)
        let query = InsightQuery(source: .sales, measures: [.net])
        let beyond = try state.readView().answer(query, at: .zero).table
        #expect(beyond.rowCount == 1 && beyond.cell(0, 0) == .none, "no sum that is wrapped")
        run(.reverse(Reversal(lsn: sold, reason: .correction)))
        let answer = try state.readView().answer(query, at: .zero)
        #expect(try self.integers("net", answer) == [Limits.moneyMax])
    }
}
