internal import InventoryEngine
internal import InventoryModel

/// Executes the composable queries of an insight, on one view at one moment.
///
/// A live insight retains their aggregates, so that the next answer costs only the new rows:
///
///     var executor = QueryExecutor(view, at: now, keeping: retained)
///     let answer = try executor.answer(insight)
///     retained = executor.retained
struct QueryExecutor {
    let view: ReadView
    let now: Instant
    private let threads: Int
    /// The retained aggregates of the last answers; `nil` if none are retained.
    private var earlier: [InsightQuery: MaterializedAggregates]?
    /// The aggregates to retain of these.
    private(set) var retained: [InsightQuery: MaterializedAggregates] = [:]

    init(_ view: ReadView, at now: Instant, threads: Int) {
        self.view = view
        self.now = now
        self.threads = threads
    }

    init(_ view: ReadView, at now: Instant, keeping earlier: [InsightQuery: MaterializedAggregates])
    {
        self.view = view
        self.now = now
        self.threads = 1
        self.earlier = earlier
    }

    mutating func answer(_ insight: Insight) throws(Refusal) -> InsightAnswer {
        switch insight {
        case .query(let query): try self.answer(query)
        case .named(let named): try self.answer(named)
        case .rows(let selection, let insight): try self.answer(insight, selection)
        }
    }

    private mutating func answer(
        _ insight: Insight,
        _ selection: RowSelection
    ) throws(Refusal) -> InsightAnswer {
        var answer = try self.answer(insight)
        answer.table = try selection.rows(of: answer.table, self.view)
        return answer
    }

    mutating func answer(_ query: InsightQuery) throws(Refusal) -> InsightAnswer {
        guard self.earlier != nil, query.source.isAppendedTo else {
            return try self.view.answer(query, at: self.now, threads: self.threads)
        }
        // Moved out, so that it is never copied.
        var totals =
            self.earlier?.removeValue(forKey: query) ?? self.retained.removeValue(forKey: query)
            ?? MaterializedAggregates()
        let answer = try totals.answer(query, self.view, at: self.now)
        self.retained[query] = totals
        return answer
    }

    private mutating func answer(_ insight: NamedInsight) throws(Refusal) -> InsightAnswer {
        try insight.checkParts()
        if let query = insight.composed { return try self.answer(query) }
        return switch insight.name {
        case .sales, .margin, .heatmap, .valuation, .categories:
            preconditionFailure("\(insight.name) is a composable query")
        case .top: try TopInsight(insight).answer(&self)
        case .abc: try ABCInsight(insight, &self).answer()
        case .velocity: try VelocityInsight(insight, self).answer(&self)
        case .cover: try CoverInsight(insight, self).answer(&self)
        case .lowStock: try LowStockInsight(insight, self).answer(&self)
        case .reorder: try ReorderInsight(insight, self).answer(&self)
        case .dead: try DeadStockInsight(insight, self).answer()
        case .turnover: try TurnoverInsight(insight, self).answer(&self)
        case .ageing: try AgeingInsight(insight, self).answer()
        case .availability: try AvailabilityInsight(insight, self).answer()
        case .refused: try RefusedInsight(insight).answer(&self)
        }
    }
}
