internal import ColumnStore
public import InventoryEngine
public import InventoryModel

extension ReadView {
    /// Executes a query as of this view.
    ///
    /// - Parameters:
    ///   - query: The query to execute.
    ///   - now: The reference of windows such as "the last 7 days", unless the query is of an earlier point.
    ///   - threads: The maximum number of threads; the answer is the same for any number.
    /// - Returns: The answer.
    /// - Throws: A ``Refusal`` that names the parts of the query that are incompatible, do not exist or are
    ///   beyond their limit.
    /// - Complexity: O(rows of the source); segments of the ledger without a matching row are skipped.
    public func answer(
        _ query: InsightQuery,
        at now: Instant,
        threads: Int = 1
    ) throws(Refusal) -> InsightAnswer {
        let plan = try QueryPlan(query, at: now, of: self)
        return try self.answer(plan, threads: threads)
    }

    /// Executes a query that was planned for this view.
    package func answer(
        _ plan: QueryPlan,
        threads: Int = 1
    ) throws(Refusal) -> InsightAnswer {
        try self.totals(plan, threads: threads).answer(of: self)
    }

    /// Returns the totals of a query in this view.
    package func totals(
        _ plan: QueryPlan,
        threads: Int = 1
    ) throws(Refusal) -> GroupedTotals {
        switch plan.query.source {
        case .levels: return try self.stockTotals(plan, .levels)
        case .products: return try self.stockTotals(plan, .listed)
        case .sales, .movements, .refusals:
            var totals = GroupedTotals(plan)
            let rows = try GroupedTotals.rows(of: plan, in: self)
            try totals.add(rows: rows, of: self, threads: threads)
            return totals
        }
    }
}

// MARK: - Stock

extension ReadView {
    private func stockTotals(
        _ plan: QueryPlan,
        _ scope: StockScope
    ) throws(Refusal) -> GroupedTotals {
        var totals = GroupedTotals(plan)
        func takes(_ product: ProductID, _ location: LocationID) -> Bool {
            // Products are selected wherever their stock is.
            let location = scope == .levels ? location.value : 0
            return plan.filter.takes(product: product.value, location: location)
        }
        try self.forEachStock(scope, asOf: plan.query.asOf, where: takes) { part throws(Refusal) in
            try totals.add(part, self)
        }
        return totals
    }
}

extension ReadView {
    /// Empties the cache of segment aggregates, so that the next query runs as if it were the first: for
    /// benchmarks.
    package func clearAggregateCache() { self.tables.ledger.aggregateCache.forget() }
}
