public import Inventory

extension ReadView {
    /// Answers any insight as of this view; see the two kinds.
    public func answer(
        _ insight: Insight,
        at now: Instant,
        threads: Int = 1
    ) throws(Refusal) -> InsightAnswer {
        switch insight {
        case .query(let query): try self.answer(query, at: now, threads: threads)
        case .named(let named): try self.answer(named, at: now, threads: threads)
        }
    }

    /// Answers a named insight as of this view.
    ///
    /// `now`: The moment that calendar windows, ages and days without a sale are counted from.
    ///
    /// - Throws: A ``Refusal`` that names the part which the insight has no use for, which is not there,
    ///   or which is beyond its limit; `amount_overflow` for a sum that does not fit.
    /// - Complexity: O(rows of the ledger + r log r) for r rows of the answer and of the window.
    public func answer(
        _ insight: NamedInsight,
        at now: Instant,
        threads: Int = 1
    ) throws(Refusal) -> InsightAnswer {
        if let query = try Insight.named(insight).composed() {
            return try self.answer(query, at: now, threads: threads)
        }
        return switch insight.name {
        case .sales, .margin, .heatmap, .valuation, .categories:
            preconditionFailure("\(insight.name) is a composable question")
        case .top: try TopInsight(insight, self, now, threads).answer()
        case .abc: try ABCInsight(insight, self, now, threads).answer()
        case .velocity: try VelocityInsight(insight, self, now).answer()
        case .cover: try CoverInsight(insight, self, now).answer()
        case .lowStock: try LowStockInsight(insight, self, now).answer()
        case .reorder: try ReorderInsight(insight, self, now).answer()
        case .dead: try DeadStockInsight(insight, self, now).answer()
        case .turnover: try TurnoverInsight(insight, self, now).answer()
        case .ageing: try AgeingInsight(insight, self, now).answer()
        case .availability: try AvailabilityInsight(insight, self, now).answer()
        case .refused: try RefusedInsight(insight, self, now, threads).answer()
        }
    }
}
