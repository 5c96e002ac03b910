public import Bytes
internal import ColumnStore
public import InventoryModel

extension ReadView {
    /// Answers a query as of this view.
    ///
    /// A product is looked up only by its id: the owner of the key indexes resolves other keys first.
    ///
    /// - Parameters:
    ///   - query: The query.
    ///   - now: The time from which ages are counted; that of the view's last step if `nil`.
    /// - Returns: The answer, whose rows are not made yet.
    /// - Throws: A `Refusal` naming a part of the query that does not exist or is invalid.
    public func answer(_ query: Query, at now: Instant? = nil) throws(Refusal) -> Answer {
        switch query {
        case .product(let key, let asOf): try self.product(key, asOf)
        case .products(let search): try self.products(search)
        case .categories(let all): self.categories(includingArchived: all)
        case .locations(let all): self.locations(includingArchived: all)
        case .levels(let query): try self.levels(query)
        case .ledger(let query): try self.ledger(query)
        case .lowStock(let query): try self.lowStock(query)
        case .categoryRollup(let asOf): try self.categoryRollup(asOf)
        case .sales(let query): try self.sales(query, at: max(now ?? self.time, self.time))
        case .refusals(let query): try self.refusals(query)
        case .reservations(let query): try self.reservations(query)
        case .transfers(let query): try self.transfers(query)
        case .lastStep(let actor): try self.lastStep(of: actor)
        case .importRuns(let query): try self.importRuns(query)
        case .importSteps(let query): try self.importSteps(query)
        case .verify: try self.verify()
        case .stats: self.stats()
        case .stateChecksum: try self.stateChecksumAnswer()
        }
    }

    /// The version that the answer to a query reflects, and when it was recorded: the view's, or that of
    /// the requested point of the past.
    ///
    /// - Throws: `out_of_range` for a version later than the view's.
    public func version(of query: Query) throws(Refusal) -> (lsn: LSN, time: Instant) {
        switch query {
        case .product(_, let asOf), .categoryRollup(let asOf): try self.version(asOf)
        case .products(let search): try self.version(search.asOf)
        case .levels(let query): try self.version(query.asOf)
        case .categories, .locations, .ledger, .lowStock, .sales, .refusals, .reservations,
            .transfers, .lastStep, .importRuns, .importSteps, .verify, .stats, .stateChecksum:
            (self.lsn, self.time)
        }
    }

    // MARK: - Checks

    func check(_ product: ProductID?) throws(Refusal) {
        if let product, !self.tables.products.contains(product) { throw .notFound(product) }
    }

    func check(_ location: LocationID?) throws(Refusal) {
        if let location, !self.tables.locations.contains(location) {
            throw Refusal(.locationNotFound, .id(UInt64(location.value)))
        }
    }

    func check(_ category: CategoryID?) throws(Refusal) {
        if let category, !self.tables.categories.contains(category) {
            throw Refusal(.categoryNotFound, .id(UInt64(category.value)))
        }
    }

    /// Checks the ends of the time range of a query.
    func check(from: Instant?, to: Instant?) throws(Refusal) {
        if let from, let to, from > to {
            throw Refusal(.invalidField, .field("from", problem: "is after the end"))
        }
        try from?.checkCalendar("from")
        try to?.checkCalendar("before")
    }

    func check(limit: UInt32) throws(Refusal) {
        if limit > Limits.queryRowsMax {
            throw Refusal(
                .outOfRange,
                .range(
                    "limit",
                    value: Int64(limit),
                    lowest: 0,
                    highest: Int64(Limits.queryRowsMax)
                )
            )
        }
    }

    // MARK: - The small tables

    private func categories(includingArchived: Bool) -> Answer {
        let tables = self.tables
        let schema = [
            ResultField("id", .integer), ResultField("name", .text),
            ResultField("products", .integer), ResultField("status", .text),
            ResultField("revision", .integer),
        ]
        return Answer(schema, over: 1..<max(tables.categories.rowCount, 1)) { row in
            let category = tables.categories.category(CategoryID(UInt32(row)))
            if category.isArchived, !includingArchived { return nil }
            return [
                .number(row), .text(category.name), .number(tables.categories.productCounts[row]),
                .text(category.isArchived ? "archived" : "active"), .number(category.revision),
            ]
        }
    }

    private func locations(includingArchived: Bool) -> Answer {
        let tables = self.tables
        let schema = [
            ResultField("id", .integer), ResultField("code", .text), ResultField("name", .text),
            ResultField("kind", .text), ResultField("zone", .text), ResultField("status", .text),
            ResultField("revision", .integer),
        ]
        return Answer(schema, over: 1..<max(tables.locations.rowCount, 1)) { row in
            let location = tables.locations.location(LocationID(UInt16(row)))
            if location.isArchived, !includingArchived { return nil }
            return [
                .number(row), .text(location.code), .text(location.name),
                .text("\(location.kind)"), .text(location.zone),
                .text(location.isArchived ? "archived" : "active"), .number(location.revision),
            ]
        }
    }

    private func stats() -> Answer {
        let tables = self.tables
        let facts: [(String, Int64)] = [
            ("lsn", Int64(self.lsn.value)),
            ("products", Int64(tables.products.rowCount - 1)),
            ("categories", Int64(tables.categories.rowCount - 1)),
            ("locations", Int64(tables.locations.rowCount - 1)),
            ("levels", Int64(tables.levels.rowCount)),
            ("movements", Int64(tables.ledger.rowCount)),
            ("refusals", Int64(tables.refusals.rowCount)),
            ("reservations", Int64(tables.reservations.rowCount - 1)),
            ("transfers", Int64(tables.transfers.rowCount - 1)),
            ("importRuns", Int64(tables.importRuns.rowCount)),
        ]
        return Answer(
            [ResultField("name", .text), ResultField("value", .integer)],
            over: facts
        ) { [.text($0.0), .integer($0.1)] }
    }
}

extension Instant {
    /// Checks that an instant is in the calendar.
    ///
    /// - Throws: `out_of_range`, naming the field, for an instant outside the years 1 to 9999.
    package func checkCalendar(_ field: String) throws(Refusal) {
        guard !self.isInCalendar else { return }
        throw Refusal(
            .outOfRange,
            .range(
                field,
                value: self.microseconds,
                lowest: Limits.instantMin,
                highest: Limits.instantMax
            )
        )
    }
}

extension ReadView {
    /// The error of a subscription's filter; `nil` if it is valid.
    public func problem(with filter: SubscriptionFilter) -> Refusal? {
        do throws(Refusal) {
            for product in filter.products { try self.check(product) }
            try self.check(filter.category)
            try self.check(filter.location)
            return nil
        } catch {
            return error
        }
    }
}
