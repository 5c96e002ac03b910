public import Bytes
public import InventoryEngine
public import InventoryModel

/// The result of an insight, updated incrementally as the data and the clock advance: a live query.
///
///     var live = IncrementalInsight(.query(…))
///     let first = try live.advance(to: view, at: now)
///     let later = try live.advance(to: newerView, at: laterOn)   // = the query re-executed
///
/// A plain value without a clock, thread or socket: its owner passes the view and the moment. The answer
/// always equals that of the same query executed then. Sums over append-only rows (sales, movements,
/// unmet demand) are materialized, also those of named insights, and only new rows are added: a change
/// costs the groups it affects; see `MaterializedAggregates`. Balances are summed again each time, and so
/// is the history of stock over time that some named insights use.
public struct IncrementalInsight: Sendable {
    /// The query.
    public let insight: Insight
    /// The answer of the last ``advance(to:at:)``; `nil` before the first.
    public private(set) var answer: InsightAnswer?
    /// The moment of that answer.
    private var moment = Instant(microseconds: .min)
    private var retained: [InsightQuery: MaterializedAggregates] = [:]

    /// Creates a live query without a result; ``advance(to:at:)`` computes the first.
    public init(_ insight: Insight) { self.insight = insight }

    /// Whether the answer may be outdated: the data has advanced, or the window moves on.
    public func isBehind(_ lsn: LSN, at now: Instant) -> Bool {
        guard let answer else { return true }
        return answer.lsn < lsn || answer.window.movesAt.map { $0 <= now } ?? false
    }

    /// Updates the answer to a later view and moment.
    ///
    /// - Throws: The refusal of the re-executed query, or `out_of_range` for a result of more than
    ///   `InsightLimits/liveInsightRowsMax` rows.
    /// - Complexity: O(new rows + groups) if sums are materialized, else that of the query.
    public mutating func advance(
        to view: ReadView,
        at now: Instant
    ) throws(Refusal) -> InsightAnswer {
        precondition(
            view.lsn >= self.answer?.lsn ?? 0,
            "from LSN \(self.answer?.lsn ?? 0) back to \(view.lsn)"
        )
        // A clock that was set back does not move a published window back.
        self.moment = max(self.moment, now)
        var executor = QueryExecutor(view, at: self.moment, keeping: self.retained)
        // Moved out, so that it is never copied, and dropped if the query is refused.
        self.retained = [:]
        let answer = try executor.answer(self.insight)
        self.retained = executor.retained
        guard answer.table.rowCount <= InsightLimits.liveInsightRowsMax else {
            let (count, most) = (answer.table.rowCount, InsightLimits.liveInsightRowsMax)
            throw Refusal(
                .outOfRange,
                .field(
                    "rows",
                    problem: """
                        are \(count), and a result that is subscribed to has \(most) at most: \
                        ask for fewer by a limit, a condition or a filter
                        """
                )
            )
        }
        self.answer = answer
        return answer
    }

    /// Stops the process if what is retained contradicts the answer.
    ///
    /// - Complexity: O(retained sums)
    package func checkInvariants() {
        if let answer {
            precondition(self.moment > Instant(microseconds: .min), "an answer of no moment")
            precondition(
                answer.table.rowCount <= InsightLimits.liveInsightRowsMax,
                "a result of \(answer.table.rowCount) rows"
            )
        }
        for aggregates in self.retained.values { aggregates.checkInvariants() }
    }
}
