/// A composable query over stock and its history.
///
///     source ─▶ window ─▶ filters ─▶ groups ─▶ measures ─▶ order, limit
///
/// Named insights are built from it where possible, users can execute it directly, and its result can be
/// subscribed to. Equal queries are equal values, so that subscribers of the same query share one result.
///
/// A result has the columns of each dimension of the grouping sets, in the order of their first
/// appearance, then one for each measure. If there is a quantity, the last columns are `unit` and
/// `unitDecimals`, the unit of the row's quantities. A row has no value in a dimension that its grouping
/// set omits.
///
/// **Units.** Quantities of different units are never added. A row of products with several units has no
/// value in its quantities, its `unit` and its `unitDecimals`; its amounts of money are unaffected.
/// For the same reason, ordering rows of different units by a quantity is refused.
///
/// A group has a row if it contains a row of the source. Some groups always have a row, so that charts have
/// no gaps:
///
/// - the total (`[]`);
/// - each hour, day, week or month that overlaps a bounded window, in a set of that dimension alone;
/// - each weekday, hour of the day, or pair of them, in a set of these alone.
public struct InsightQuery: Hashable, Sendable {
    /// The rows that are aggregated.
    public var source: InsightSource
    /// The span of time; all time by default.
    public var window: InsightWindow
    /// The IANA time zone whose days are used.
    ///
    /// If empty, that of the only location in the filter, otherwise UTC.
    public var zone: String
    /// Which rows of the source count.
    public var filter: InsightFilter
    /// The grouping sets, each a list of dimensions; `[[]]` for the total alone.
    ///
    /// Up to ``InsightLimits/groupingSetsMax`` sets of up to ``InsightLimits/dimensionsMax`` dimensions.
    public var groups: [[InsightDimension]]
    /// The measures, each once: 1 to ``InsightLimits/measuresMax``.
    public var measures: [InsightMeasure]
    /// The sort keys, the most significant first; ties are ordered by the dimensions, ascending.
    ///
    /// Entities are ordered by id. Rows without a value come last in either direction: totals after their
    /// parts.
    public var order: [InsightOrder]
    /// The largest number of rows; 0 for all.
    public var limit: UInt32
    /// The point in the past that the result reflects; `nil` for now.
    ///
    /// Rows that were recorded later do not count, nor, for ``AsOf/effective(_:)``, rows that happened later.
    public var asOf: AsOf?

    /// Creates a query; it is validated when it is executed.
    public init(
        source: InsightSource,
        window: InsightWindow = .all,
        zone: String = "",
        filter: InsightFilter = InsightFilter(),
        groups: [[InsightDimension]] = [[]],
        measures: [InsightMeasure],
        order: [InsightOrder] = [],
        limit: UInt32 = 0,
        asOf: AsOf? = nil
    ) {
        self.source = source
        self.window = window
        self.zone = zone
        self.filter = filter
        self.groups = groups
        self.measures = measures
        self.order = order
        self.limit = limit
        self.asOf = asOf
    }
}

/// The rows that a query aggregates.
public enum InsightSource: UInt8, CaseIterable, Sendable {
    /// Sales, returns, late cost of goods sold, and their reversals, by the time they happened; see
    /// `SaleRow`.
    case sales = 1
    /// Every movement of the ledger, by the time it happened.
    case movements = 2
    /// The stock of each product at each location where it ever was, and goods in transit, at their
    /// destination.
    ///
    /// As it is at the requested version; see ``StockStage``.
    case levels = 3
    /// Each product that is not archived, with its total stock at all locations and in transit.
    case products = 4
    /// Unmet demand, by the time it was refused.
    case refusals = 5
}

/// Which rows count; all given parts must match, and an empty part does not restrict.
///
/// Products and categories apply to every source, locations to all but products, references and actors to
/// those with a time, kinds and reasons to sales and movements. Ids must exist, and categories must not be
/// archived; otherwise the query is refused.
public struct InsightFilter: Hashable, Sendable {
    /// Only these products; up to ``InsightLimits/filterIDsMax``.
    public var products: [ProductID]
    /// Only products of these categories; up to ``InsightLimits/filterIDsMax``.
    public var categories: [CategoryID]
    /// Only these locations; up to ``InsightLimits/filterIDsMax``.
    public var locations: [LocationID]
    /// Only movements of these kinds.
    public var kinds: MovementKindSet
    /// Only movements with one of these reasons.
    public var reasons: [Reason]
    /// The beginning of the SKU; compared after normalization.
    public var skuPrefix: String
    /// Only rows with exactly this reference.
    public var reference: String
    /// Only rows by exactly this actor.
    public var actor: String

    /// Creates a filter; by default one that matches everything.
    public init(
        products: [ProductID] = [],
        categories: [CategoryID] = [],
        locations: [LocationID] = [],
        kinds: MovementKindSet = [],
        reasons: [Reason] = [],
        skuPrefix: String = "",
        reference: String = "",
        actor: String = ""
    ) {
        self.products = products
        self.categories = categories
        self.locations = locations
        self.kinds = kinds
        self.reasons = reasons
        self.skuPrefix = skuPrefix
        self.reference = reference
        self.actor = actor
    }
}

/// What rows are grouped by.
///
/// A product's category is its current one. Times are divided by the calendar of the query's zone.
/// Times apply to the sources with a time, reason and kind to sales and movements, a location to
/// all sources but products.
public enum InsightDimension: UInt8, CaseIterable, Sendable {
    /// The product; its columns are id, SKU and name.
    case product = 1
    /// The category; its columns are id and name.
    case category = 2
    /// The location; its columns are id and code.
    case location = 3
    /// The hour, as its start; a day has 23 to 25 of them when clocks change.
    case hour = 4
    /// The day, as its start.
    case day = 5
    /// The week, as its start on Monday (ISO 8601).
    case week = 6
    /// The month, as its start.
    case month = 7
    /// The day of the week: 1 for Monday to 7 for Sunday (ISO 8601).
    case weekday = 8
    /// The hour of the local time: 0 to 23.
    case hourOfDay = 9
    /// The ``Reason``; rows without one form the group "none".
    case reason = 10
    /// The ``MovementKind``.
    case kind = 11
    /// The ``StockStage`` (levels, products).
    case stage = 12

    /// Whether it is a time bucket, which has a row even if it is empty and lies in a bounded window.
    public var isBucket: Bool {
        switch self {
        case .hour, .day, .week, .month: true
        default: false
        }
    }
}

/// Where stock is: at a location, or in transit between two.
///
/// Goods in transit are on hand nowhere and still owned: their value is part of every valuation, at
/// the destination.
public enum StockStage: UInt8, CaseIterable, Sendable {
    /// At its location.
    case onHand = 1
    /// In transit to its location.
    case inTransit = 2
}

/// An aggregate over the rows of a group.
///
/// Money is in minor units of the database's currency, a quantity in base units. A sum that does not
/// fit is refused with `amount_overflow`. The parentheses list the sources that a measure applies to.
public enum InsightMeasure: UInt8, CaseIterable, Sendable {
    /// Units sold, minus reversals of sales (sales): −Σ onHand.
    case units = 1
    /// Units returned, minus reversals of returns (sales): Σ onHand.
    case returnedUnits = 2
    /// `units` − `returnedUnits` (sales).
    case netUnits = 3
    /// Σ amounts of sales at the price of the day, minus reversals (sales).
    case gross = 4
    /// Σ refunded amounts, minus reversals; positive (sales).
    case returns = 5
    /// `gross` − `returns` (sales).
    case net = 6
    /// Cost of the goods sold, minus that of returned goods (sales).
    ///
    /// −Σ cost of sales and returns + Σ amounts of cost variances, which are costs recorded after the goods
    /// were sold.
    case cost = 7
    /// `net` − `cost` (sales).
    case margin = 8
    /// 100 · `margin` ÷ `net`, a number; none if `net` is 0 (sales).
    case marginPercent = 9
    /// The number of sales (sales): distinct receipts among sales that were not reversed.
    ///
    /// A receipt is a reference at a location on a day, in the location's time zone, or a step of the log
    /// without a reference.
    case transactions = 10
    /// `net` ÷ `transactions`, in minor units, rounded half to even; none without a transaction (sales).
    case averageValue = 11
    /// The number of rows (movements, sales, refusals).
    case rows = 12
    /// Σ change of stock on hand (movements).
    case onHandChange = 13
    /// Σ change of the value of stock (movements).
    case valueChange = 14
    /// Σ on hand − unavailable − reserved (levels, products).
    case available = 15
    /// Σ on hand (levels, products).
    case onHand = 16
    /// Σ damaged or on hold (levels, products).
    case unavailable = 17
    /// Σ reserved (levels, products).
    case reserved = 18
    /// Σ expected and not yet received (levels, products).
    case incoming = 19
    /// Σ value at cost, including goods in transit (levels, products).
    case value = 20
    /// Σ price × quantity on hand or in transit, rounded for each level (levels, products).
    case retailValue = 21
    /// The number of products with a row in the group (levels, products, sales, movements, refusals).
    case products = 22
    /// Σ requested quantity (refusals).
    case asked = 23
    /// Σ requested quantity − what could be sold (refusals).
    case refusedUnits = 24
}

/// A sort key of a query.
public struct InsightOrder: Hashable, Sendable {
    /// What rows are compared by.
    public enum Key: Hashable, Sendable {
        /// A dimension of the query's grouping sets.
        case dimension(InsightDimension)
        /// A measure of the query.
        case measure(InsightMeasure)
    }

    /// What rows are compared by.
    public var key: Key
    /// Whether larger values come first.
    public var isDescending: Bool

    /// Creates a sort key; ascending by default.
    public init(_ key: Key, descending: Bool = false) {
        self.key = key
        self.isDescending = descending
    }
}
