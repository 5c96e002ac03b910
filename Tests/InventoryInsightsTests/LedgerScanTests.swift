import InventoryEngine
import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryInsights

/// The invariants of sums, after each part of the rows.
@Suite struct LedgerScanTests {
    /// The pieces of the rows that are added one after the other, which end anywhere in a segment.
    private static func pieces(_ count: Int, _ random: inout SplitMix64) -> [Range<Int>] {
        var pieces: [Range<Int>] = []
        var start = 0
        while start < count {
            let end = min(count, start + 1 + Int(random.below(UInt64(count))))
            pieces.append(start..<end)
            start = end
        }
        return pieces
    }

    private static func receipts(
        _ plan: QueryPlan,
        of view: ReadView,
        rows: Range<Int>
    ) -> Receipts? {
        guard plan.countsTransactions else { return nil }
        return Receipts(view, from: 0, upTo: rows.upperBound, happenedBy: plan.happenedBy)
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `no sum of a scan exceeds what it accounts for, whatever is added and merged`(
        seed: UInt64
    ) throws {
        var ledger = RandomLedger(seed: seed, steps: 120)
        var random = SplitMix64(seed: seed)
        let view = ledger.state.readView()
        var scanCount = 0
        for _ in 0..<150 {
            let query = ledger.query()
            guard query.source == .sales || query.source == .movements,
                var plan = try? QueryPlan(query, at: ledger.moment(), of: view)
            else { continue }
            plan.filter.refresh(for: view)
            let rows = try GroupedTotals.rows(of: plan, in: view)
            var limits = ScanLimits()
            limits.cachesAggregates = random.flag()
            if random.flag() { limits.slotsMax = 40 }
            let receipts = Self.receipts(plan, of: view, rows: rows)
            guard !plan.filter.matchesNone, !rows.isEmpty,
                var scan = LedgerScan(plan, of: view, limits: limits, receipts: receipts)
            else { continue }
            scan.checkInvariants()
            var other = scan.emptyCopy()
            for piece in Self.pieces(rows.count, &random) {
                try scan.add(piece)
                scan.checkInvariants()
                try other.add(piece)
            }
            other.checkInvariants()
            try scan.merge(other)
            scan.checkInvariants()
            for totals in try scan.finish() { totals.checkInvariants() }
            scanCount += 1
        }
        #expect(scanCount > 20)
    }

    @Test(arguments: [5, 6] as [UInt64])
    func `each group of totals has one slot and all its sums, after each part`(
        seed: UInt64
    ) throws {
        var ledger = RandomLedger(seed: seed, steps: 120)
        var random = SplitMix64(seed: seed)
        let view = ledger.state.readView()
        var count = 0
        for _ in 0..<150 {
            let query = ledger.query()
            guard query.source != .levels, query.source != .products,
                let plan = try? QueryPlan(query, at: ledger.moment(), of: view)
            else { continue }
            var totals = GroupedTotals(plan)
            totals.scanLimits.rowsMin = random.flag() ? 0 : 4_096
            let rows = try GroupedTotals.rows(of: plan, in: view)
            for piece in Self.pieces(rows.count, &random) where totals.canAdd(piece, of: view) {
                try totals.add(rows: piece, of: view)
                totals.checkInvariants()
            }
            count += 1
        }
        #expect(count > 20)
    }
}
