import Foundation
import InventoryEngine
import InventoryInsights
import InventoryModel
import InventoryTestSupport
import Testing

/// Random queries over random ledgers, each compared with a model that examines every row.
///
/// A run is a ledger and 250 queries; `make long-insight-queries` repeats it any number of times.
@Suite struct RandomQueryTests {
    private static let queriesPerLedger = 250

    @Test func `random queries equal a model that examines every row`()
        throws
    {
        for seed in Campaign.seeds(suite: 1...40) {
            var ledger = RandomLedger(seed: seed, steps: 60 + Int(seed % 5) * 40)
            try self.check(&ledger, seed, queries: Self.queriesPerLedger)
        }
    }

    @Test func `queries on ledgers that end near the end of a segment are right`() throws {
        for (seed, count) in [(9_001, 8_191), (9_002, 8_192), (9_003, 16_390)] {
            var ledger = RandomLedger(seed: UInt64(seed), steps: 40, deletes: false)
            while try ledger.movementCount() + 300 < count { ledger.step(300) }
            while try ledger.movementCount() < count { ledger.step(1) }
            try self.check(&ledger, UInt64(seed), queries: 2)
        }
    }

    /// Executes random queries on a ledger in every way: row by row or by segments, with much memory or
    /// hardly any, with one thread or with three.
    private func check(_ ledger: inout RandomLedger, _ seed: UInt64, queries: Int) throws {
        let view = ledger.state.readView()
        let model = try NaiveModel(view)
        for number in 0..<queries {
            let query = ledger.query()
            let now = ledger.moment()
            guard let expected = try model.answer(query, at: now.microseconds) else {
                let refusal = #expect(throws: Refusal.self, "seed \(seed): \(query)") {
                    try Self.answer(query, now, view, way: number + Int(seed))
                }
                #expect(refusal?.code == .invalidField)
                continue
            }
            let answer = try Self.answer(query, now, view, way: number + Int(seed))
            let table = answer.table
            let rows = (0..<table.rowCount).map { row in
                (0..<table.columns.count).map { table.cell(row, $0) }
            }
            let isRight = rows == expected.rows && table.schema.map(\.name) == expected.columns
            guard !isRight else { continue }
            Issue.record(
                """
                seed \(seed), query \(number), at \(now.microseconds): \(query)
                \(Self.difference(rows, expected.rows))
                columns \(table.schema.map(\.name)) for \(expected.columns)
                """
            )
            return
        }
    }

    private static func answer(
        _ query: InsightQuery,
        _ now: Instant,
        _ view: ReadView,
        way: Int
    ) throws -> InsightAnswer {
        let threads = way % 3 + 1
        let isStock = query.source == .levels || query.source == .products
        if isStock || way % 4 == 0 { return try view.answer(query, at: now, threads: threads) }
        var totals = GroupedTotals(try QueryPlan(query, at: now, of: view))
        totals.scanLimits.rowsMin = 0
        if way % 4 == 1 { totals.scanLimits.slotsMax = 40 }
        let rows = try GroupedTotals.rows(of: totals.plan, in: view)
        try totals.add(rows: rows, of: view, threads: threads)
        return try totals.answer(of: view)
    }

    private static func difference(_ rows: [[ResultCell]], _ expected: [[ResultCell]]) -> String {
        let at =
            zip(rows, expected).enumerated().first { $1.0 != $1.1 }?.offset
            ?? min(rows.count, expected.count)
        func text(_ rows: [[ResultCell]]) -> String { at < rows.count ? "\(rows[at])" : "none" }
        return """
            row \(at) of \(rows.count): \(text(rows))
            of the model's \(expected.count): \(text(expected))
            """
    }
}

extension RandomLedger {
    func movementCount() throws -> Int {
        let stats = try Records(self.state.readView(), .stats)
        for row in stats where row.text("name") == "movements" { return Int(row.integer("value")) }
        return 0
    }
}
