internal import ColumnStore
public import InventoryEngine
public import InventoryModel

extension ReadView {
    /// Answers a question as of this view.
    ///
    /// `now`: The moment that windows such as "the last 7 days" are counted from.
    /// `threads`: How many may share the work; the answer is the same for any number.
    ///
    /// - Throws: A ``Refusal`` that names which parts of the question do not go together, are not there
    ///   or are beyond their limit.
    /// - Complexity: O(rows of the source); segments of the ledger in which no row can count are passed
    ///   over unread.
    public func answer(
        _ query: InsightQuery,
        at now: Instant,
        threads: Int = 1
    ) throws(Refusal) -> InsightAnswer {
        let plan = try QueryPlan(query, at: now, of: self)
        return try self.answer(plan, threads: threads)
    }

    /// Answers a question that was planned for this view.
    package func answer(
        _ plan: QueryPlan,
        threads: Int = 1
    ) throws(Refusal) -> InsightAnswer {
        try self.totals(plan, threads: threads).answer(of: self)
    }

    /// What a question adds up in this view.
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
        // One without stock counts too.
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
    /// Forgets what earlier questions found out about the ledger's full segments, so that the next one
    /// is answered as if it were the first: for measuring.
    package func clearAggregateCache() { self.tables.ledger.aggregateCache.forget() }
}
