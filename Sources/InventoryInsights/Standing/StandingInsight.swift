internal import ColumnStore
public import Inventory

/// The result of an insight, kept up to date as the data and the clock go on.
///
///     var standing = StandingInsight(.query(…))
///     let first = try standing.advance(to: view, at: now)
///     let later = try standing.advance(to: newerView, at: laterOn)   // = the question asked anew
///
/// A plain value without a clock, thread or socket: who holds it says to which version and moment it
/// is to be brought. Its answer always equals that of the same question asked then. Sums over what
/// is only ever appended to (sales, movements, refusals) are kept, and fed the rows that are new: a
/// change costs the groups it touches. They are added up anew when the window moves on or the
/// catalog changes, for a product's category and SKU are those of now. Named insights that are nothing
/// but such a question are kept like it. Balances, and the insights that have a formula of their own,
/// are asked anew each time.
public struct StandingInsight: Sendable {
    public let insight: Insight
    /// The answer as of the last ``advance(to:at:)``; nothing before the first.
    public private(set) var answer: InsightAnswer?
    /// The moment of that answer.
    private var moment = Instant(microseconds: .min)
    private var sums: Sums?

    /// What is kept of a question whose rows are only appended to.
    private struct Sums {
        var totals: GroupedTotals
        /// Rows of the source's table that were added.
        var rowCount: Int
        /// The catalog that the plan is of.
        var catalogLSN: UInt64
    }

    public init(_ insight: Insight) { self.insight = insight }

    /// Whether there may be something to do: the data has gone on, or the window moves on.
    public func isBehind(_ lsn: UInt64, at now: Instant) -> Bool {
        guard let answer else { return true }
        return answer.lsn < lsn || answer.window.movesAt.map { $0 <= now } ?? false
    }

    /// Brings the answer to a later view and moment.
    ///
    /// - Throws: The refusal that the question asked anew would get, or `out_of_range` for a result
    ///   of more than ``InsightLimits/standingRowsMax`` rows.
    /// - Complexity: O(new rows + groups) while sums can be kept, else that of the question.
    public mutating func advance(
        to view: ReadView,
        at now: Instant
    ) throws(Refusal) -> InsightAnswer {
        precondition(
            view.lsn >= self.answer?.lsn ?? 0,
            "from LSN \(self.answer?.lsn ?? 0) back to \(view.lsn)"
        )
        // A clock that was set back does not take back a window that was told of.
        self.moment = max(self.moment, now)
        let answer =
            if let query = try self.insight.composed(), query.source.isAppendedTo {
                try self.addUp(query, view)
            } else {
                try view.answer(self.insight, at: self.moment)
            }
        guard answer.table.rowCount <= InsightLimits.standingRowsMax else {
            throw Refusal(
                .outOfRange,
                .range(
                    "rows",
                    value: Int64(answer.table.rowCount),
                    lowest: 0,
                    highest: Int64(InsightLimits.standingRowsMax)
                )
            )
        }
        self.answer = answer
        return answer
    }

    // MARK: - Sums

    private mutating func addUp(
        _ query: InsightQuery,
        _ view: ReadView
    ) throws(Refusal) -> InsightAnswer {
        // Taken out, so that what it holds is never copied; and gone, should anything be refused.
        let kept = self.sums
        self.sums = nil
        guard var sums = kept, self.isCurrent(sums, view) else {
            return try self.addUpAnew(query, view)
        }
        let rows = try GroupedTotals.rows(of: sums.totals.plan, in: view)
        if rows.upperBound > sums.rowCount {
            try sums.totals.add(rows: sums.rowCount..<rows.upperBound, of: view)
            sums.rowCount = rows.upperBound
        } else if var answer = self.answer {
            (answer.lsn, answer.time) = (view.lsn, view.time)
            self.sums = sums
            return answer
        }
        let answer = try sums.totals.answer(of: view)
        self.keep(sums)
        return answer
    }

    private func isCurrent(_ sums: Sums, _ view: ReadView) -> Bool {
        guard sums.catalogLSN == view.tables.catalogLSN else { return false }
        return sums.totals.plan.window.movesAt.map { self.moment < $0 } ?? true
    }

    private mutating func addUpAnew(
        _ query: InsightQuery,
        _ view: ReadView
    ) throws(Refusal) -> InsightAnswer {
        let plan = try QueryPlan(query, at: self.moment, of: view)
        let rows = try GroupedTotals.rows(of: plan, in: view)
        let totals = try view.totals(plan)
        let answer = try totals.answer(of: view)
        self.keep(
            Sums(
                totals: totals,
                rowCount: rows.upperBound,
                catalogLSN: view.tables.catalogLSN
            )
        )
        return answer
    }

    /// Too much to keep is added up anew the next time.
    private mutating func keep(_ sums: Sums) {
        if sums.totals.entryCount <= InsightLimits.standingEntriesMax { self.sums = sums }
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
