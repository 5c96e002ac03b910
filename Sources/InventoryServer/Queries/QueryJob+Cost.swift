internal import InventoryEngine
internal import InventoryModel

/// The expected cost of a query before it runs: whether its answer comes in slices from the first row on, and
/// if not, which queries cost the same.
extension QueryJob.Cost {
    /// `nil` for a query whose rows are found one by one, so that it may be paused at any of them.
    init?(of query: Query, _ view: ReadView) {
        let number: UInt16
        switch query {
        case .categories, .locations, .reservations, .transfers, .refusals, .importRuns, .stats:
            return nil
        case .product(_, let asOf):
            guard asOf != nil else { return nil }
            number = 1
        case .levels(let query):
            guard query.asOf != nil else { return nil }
            number = 2
        case .ledger(let query):
            // Strings have to be looked up first.
            guard !query.reference.isEmpty || !query.actor.isEmpty else { return nil }
            number = 3
        case .sales(let query):
            guard !query.reference.isEmpty else { return nil }
            number = 3
        case .lastStep: number = 9
        case .importSteps: number = 10
        case .products(let search):
            let isOrdered = search.sort != .id || search.isDescending || search.asOf != nil
            guard isOrdered else { return nil }
            number = 4
        case .lowStock: number = 5
        case .categoryRollup: number = 6
        case .verify: number = 7
        case .stateChecksum: number = 8
        }
        self.init(kind: QueryCosts.Kind(number: number), rows: view.rowCount)
    }

    init(of insight: Insight, _ view: ReadView) {
        let kind: QueryCosts.Kind
        switch insight {
        case .query(let query):
            let number = 256 + UInt16(query.source.rawValue)
            kind = QueryCosts.Kind(number: number, isExpensive: true)
        case .named(let named):
            let number = 512 + UInt16(named.name.rawValue)
            kind = QueryCosts.Kind(number: number, isExpensive: named.name.isExpensive)
        case .rows(_, let insight):
            self.init(of: insight, view)
            return
        }
        self.init(kind: kind, rows: view.rowCount)
    }
}

extension ReadView {
    /// The number of rows that a query may have to visit.
    fileprivate var rowCount: Int {
        self.tables.ledger.rowCount + self.tables.levels.rowCount + self.tables.products.rowCount
    }
}

extension NamedInsight.Name {
    /// Whether it follows each product through time, instead of only adding up rows.
    fileprivate var isExpensive: Bool {
        switch self {
        case .velocity, .cover, .reorder, .dead, .turnover, .ageing, .availability: true
        case .sales, .margin, .top, .abc, .heatmap, .refused, .valuation, .categories, .lowStock:
            false
        }
    }
}
