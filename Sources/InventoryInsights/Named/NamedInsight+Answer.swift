public import InventoryEngine
public import InventoryModel

extension ReadView {
    /// Answers any insight as of this view; see the two kinds.
    public func answer(
        _ insight: Insight,
        at now: Instant,
        threads: Int = 1
    ) throws(Refusal) -> InsightAnswer {
        var questions = Questions(self, at: now, threads: threads)
        return try questions.answer(insight)
    }

    /// Answers a named insight as of this view.
    ///
    /// `now`: The moment that calendar windows, ages and days without a sale are counted from.
    ///
    /// - Throws: A ``Refusal`` that names the part which the insight has no use for, which is not there,
    ///   or which is beyond its limit.
    /// - Complexity: O(rows of the ledger + r log r) for r rows of the answer and of the window.
    public func answer(
        _ insight: NamedInsight,
        at now: Instant,
        threads: Int = 1
    ) throws(Refusal) -> InsightAnswer {
        var questions = Questions(self, at: now, threads: threads)
        return try questions.answer(.named(insight))
    }
}
