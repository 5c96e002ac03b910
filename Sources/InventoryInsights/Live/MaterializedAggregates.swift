internal import Bytes
internal import InventoryEngine
internal import InventoryModel

/// What a composable question adds up, kept from one answer to the next and fed the rows that are new.
///
/// It is recomputed when the window moves on, when the catalog changes, for a product's category, SKU
/// and unit are those of now, and when a sale is undone that was counted as a transaction.
struct MaterializedAggregates: Sendable {
    private struct Sums {
        var totals: GroupedTotals
        /// Rows of the source's table that were added.
        var rowCount: Int
        /// The catalog that the plan is of.
        var catalogLSN: LSN
    }

    private var sums: Sums?
    private var answer: InsightAnswer?

    /// Answers the question as of a view and a moment that are not before those of the last time.
    ///
    /// `query`: Always the same, of a source whose rows are only ever appended to.
    ///
    /// - Complexity: O(new rows + groups) while sums can be kept, else that of the question.
    mutating func answer(
        _ query: InsightQuery,
        _ view: ReadView,
        at moment: Instant
    ) throws(Refusal) -> InsightAnswer {
        // Taken out, so that what they hold is never copied; and gone, should anything be refused.
        let (kept, last) = (self.sums, self.answer)
        (self.sums, self.answer) = (nil, nil)
        guard var sums = kept, Self.isCurrent(sums, of: view, moment: moment) else {
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

    /// Too much to keep is added up anew the next time.
    private mutating func keep(_ sums: Sums, _ answer: InsightAnswer) {
        guard sums.totals.entryCount <= InsightLimits.liveInsightEntriesMax else { return }
        (self.sums, self.answer) = (sums, answer)
    }
}

extension InsightSource {
    /// Whether its rows are only ever appended to, so that sums over them can be kept.
    var isAppendedTo: Bool {
        switch self {
        case .sales, .movements, .refusals: true
        case .levels, .products: false
        }
    }
}
