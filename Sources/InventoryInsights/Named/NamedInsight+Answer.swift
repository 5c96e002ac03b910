public import InventoryEngine
public import InventoryModel

extension ReadView {
    /// Executes any insight as of this view; see the two kinds.
    public func answer(
        _ insight: Insight,
        at now: Instant,
        threads: Int = 1
    ) throws(Refusal) -> InsightAnswer {
        var executor = QueryExecutor(self, at: now, threads: threads)
        return try executor.answer(insight)
    }

    /// Executes a named insight as of this view.
    ///
    /// - Parameters:
    ///   - insight: The insight to execute.
    ///   - now: The reference of calendar windows, ages and days without a sale, unless the insight is of an
    ///     earlier point.
    ///   - threads: The maximum number of threads; the answer is the same for any number.
    /// - Returns: The answer.
    /// - Throws: A ``Refusal`` that names the part which the insight does not use, which does not exist, or
    ///   which is beyond its limit.
    /// - Complexity: O(rows of the ledger + r log r) for r rows of the answer and of the window.
    public func answer(
        _ insight: NamedInsight,
        at now: Instant,
        threads: Int = 1
    ) throws(Refusal) -> InsightAnswer {
        var executor = QueryExecutor(self, at: now, threads: threads)
        return try executor.answer(.named(insight))
    }
}
