internal import ColumnStore
public import InventoryEngine
public import InventoryModel

extension ReadView {
    /// Executes a query as of this view.
    ///
    /// `now` is the reference of windows such as "the last 7 days". `threads` is the maximum number of
    /// threads; the answer is the same for any number.
    ///
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
        case .levels: return try self.levelTotals(plan)
        case .products: return try self.productTotals(plan)
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
    private func levelTotals(_ plan: QueryPlan) throws(Refusal) -> GroupedTotals {
        let past = try PastBalances(self, plan.query.asOf)
        var totals = GroupedTotals(plan)
        let levels = self.tables.levels
        for row in 0..<levels.rowCount {
            try self.checkpoint(at: row)
            let product = levels.products[row]
            guard self.tables.products.contains(ProductID(product)),
                past.contains(ProductID(product)),
                plan.filter.takes(product: product, location: levels.locations[row])
            else { continue }
            try totals.add(past.level(levels.level(row)), self)
        }
        for goods in try GoodsInTransit(self, plan.query.asOf).lines
        where plan.filter.takes(product: goods.product.value, location: goods.destination.value) {
            try totals.add(goods, self)
        }
        return totals
    }

    private func productTotals(_ plan: QueryPlan) throws(Refusal) -> GroupedTotals {
        let past = try PastBalances(self, plan.query.asOf)
        var totals = GroupedTotals(plan)
        let products = self.tables.products
        func isListed(_ id: ProductID) -> Bool {
            products.status(id) != nil && products.status(id) != .archived && past.contains(id)
                && plan.filter.takes(product: id.value, location: 0)
        }
        // A product without stock counts too.
        for row in 1..<max(products.rowCount, 1) {
            try self.checkpoint(at: row)
            let id = ProductID(UInt32(row))
            if isListed(id) {
                try totals.add(Level(product: id, location: LocationID(0)), self)
            }
        }
        let levels = self.tables.levels
        for row in 0..<levels.rowCount {
            try self.checkpoint(at: row)
            guard isListed(ProductID(levels.products[row])) else { continue }
            try totals.add(past.level(levels.level(row)), self)
        }
        for goods in try GoodsInTransit(self, plan.query.asOf).lines where isListed(goods.product) {
            try totals.add(goods, self)
        }
        return totals
    }
}

extension ReadView {
    /// Empties the cache of segment aggregates, so that the next query runs as if it were the first: for
    /// benchmarks.
    package func clearAggregateCache() { self.tables.ledger.aggregateCache.forget() }
}
