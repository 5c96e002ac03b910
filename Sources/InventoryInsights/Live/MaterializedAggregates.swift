internal import Bytes
internal import InventoryEngine
internal import InventoryModel

/// The materialized aggregates of a composable query, to which only new rows are added.
///
/// They are recomputed when the window moves, when the catalog changes (a product's category, SKU and unit
/// are the current ones), and when a sale counted as a transaction is undone.
struct MaterializedAggregates: Sendable {
    private struct Sums {
        var totals: GroupedTotals
        /// The number of rows of the source's table that were added.
        var rowCount: Int
        /// The version of the plan's catalog.
        var catalogLSN: LSN
    }

    private var sums: Sums?
    private var answer: InsightAnswer?

    /// Answers the query as of a view and a moment, neither of them before those of the last call.
    ///
    /// `query` is always the same, with an append-only source.
    ///
    /// - Complexity: O(new rows + groups) if sums are materialized, else that of the query.
    mutating func answer(
        _ query: InsightQuery,
        _ view: ReadView,
        at moment: Instant
    ) throws(Refusal) -> InsightAnswer {
        // Moved out, so that they are never copied, and dropped if the query is refused.
        let (cached, last) = (self.sums, self.answer)
        (self.sums, self.answer) = (nil, nil)
        guard var sums = cached, Self.isCurrent(sums, of: view, moment: moment) else {
            return try self.addUp(query, of: view, moment: moment)
        }
        let rows = try GroupedTotals.rows(of: sums.totals.plan, in: view)
        if query.source == .sales, rows.upperBound > sums.rowCount,
            !sums.totals.canAdd(sums.rowCount..<rows.upperBound, of: view)
        {
            return try self.addUp(query, of: view, moment: moment)
        }
        if rows.upperBound > sums.rowCount {
            try sums.totals.add(rows: sums.rowCount..<rows.upperBound, of: view)
            sums.rowCount = rows.upperBound
        } else if var answer = last {
            (answer.lsn, answer.time) = (view.lsn, view.time)
            (self.sums, self.answer) = (sums, answer)
            return answer
        }
        let answer = try sums.totals.answer(of: view)
        self.keep(sums, answer)
        return answer
    }

    /// Stops the process unless sums and answer are of the same view, and within the limit.
    func checkInvariants() {
        precondition(
            (self.sums == nil) == (self.answer == nil),
            "sums and their answer are retained together"
        )
        guard let sums, let answer else { return }
        sums.totals.checkInvariants()
        precondition(
            sums.totals.entryCount <= InsightLimits.liveInsightEntriesMax,
            "\(sums.totals.entryCount) entries are retained"
        )
        precondition(
            sums.catalogLSN <= answer.lsn,
            "the catalog of LSN \(sums.catalogLSN) at LSN \(answer.lsn)"
        )
    }

    private static func isCurrent(_ sums: Sums, of view: ReadView, moment: Instant) -> Bool {
        guard sums.catalogLSN == view.tables.catalogLSN else { return false }
        return sums.totals.plan.window.movesAt.map { moment < $0 } ?? true
    }

    private mutating func addUp(
        _ query: InsightQuery,
        of view: ReadView,
        moment: Instant
    ) throws(Refusal) -> InsightAnswer {
        let plan = try QueryPlan(query, at: moment, of: view)
        let rows = try GroupedTotals.rows(of: plan, in: view)
        let totals = try view.totals(plan)
        let answer = try totals.answer(of: view)
        self.keep(
            Sums(
                totals: totals,
                rowCount: rows.upperBound,
                catalogLSN: view.tables.catalogLSN
            ),
            answer
        )
        return answer
    }

    /// Stores the sums; if they are too large, they are recomputed next time.
    private mutating func keep(_ sums: Sums, _ answer: InsightAnswer) {
        guard sums.totals.entryCount <= InsightLimits.liveInsightEntriesMax else { return }
        (self.sums, self.answer) = (sums, answer)
    }
}

extension InsightSource {
    /// Whether its rows are append-only, so that sums over them can be materialized.
    var isAppendedTo: Bool {
        switch self {
        case .sales, .movements, .refusals: true
        case .levels, .products: false
        }
    }
}
