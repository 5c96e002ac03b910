/// One question over stock and its history, put together from small parts.
///
///     source ─▶ window ─▶ filters ─▶ groups ─▶ measures ─▶ order, limit
///
/// Every named insight that can be is one of these, users can ask them directly, and the result of
/// each can be subscribed to. Equal questions are equal values, so that many who ask share one.
///
/// A result has the columns of each dimension of the grouping sets, in the order in which they are
/// first named there, then one for each measure; where there is a quantity, `unit` and `unitDecimals` at
/// the end: what the row's quantities are counted in. A dimension that a row's grouping set leaves out has
/// no value in it.
///
/// **Units.** Quantities of different units are never added up: a row of products that are counted in
/// several has no value in its quantities, its `unit` and its `unitDecimals`. Its money is not concerned.
/// For the same reason rows of different units are not ordered by a quantity: that is refused.
///
/// A group has a row if a row of the source lies in it. Some have one always, so that a picture of
/// them has no holes:
///
/// - the total (`[]`);
/// - each hour, day, week or month that a bounded window touches, in a set of that dimension alone;
/// - each weekday, hour of the day, or pair of them, in a set of these alone.
public struct InsightQuery: Hashable, Sendable {
    public var source: InsightSource
    public var window: InsightWindow
    /// The IANA zone in which days are cut; empty for that of the one location filtered for, else
    /// for UTC.
    public var zone: String
    public var filter: InsightFilter
    /// One list of dimensions a grouping set; `[[]]` asks for the total alone.
    ///
    /// At most ``InsightLimits/groupingSetsMax`` of at most ``InsightLimits/dimensionsMax``.
    public var groups: [[InsightDimension]]
    /// One at least, each once; at most ``InsightLimits/measuresMax``.
    public var measures: [InsightMeasure]
    /// The first decides; ties, and an empty list, go by the dimensions, ascending.
    ///
    /// Things are ordered by their ids. What has no value comes last, however a column is turned:
    /// totals after their parts.
    public var order: [InsightOrder]
    /// At most this many rows; 0 for all.
    public var limit: UInt32
    /// The version or moment that is asked about: rows that were recorded later, or of an effective one
    /// that happened later, do not count.
    public var asOf: AsOf?

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

/// What the rows are that a question counts and adds up.
public enum InsightSource: UInt8, CaseIterable, Sendable {
    /// Sales, returns, cost of goods sold that no sale has, and reversals of these, by when they
    /// happened; see `SaleRow`.
    case sales = 1
    /// Every row of the ledger, by when it happened.
    case movements = 2
    /// The stock of each product at each location where it ever was, as it is at the version asked
    /// about, and what is in transit, at its destination; see ``StockStage``.
    case levels = 3
    /// Each product that is not archived, with its stock at all locations and in transit together.
    case products = 4
    /// Demand that stock could not meet, by when it was refused.
    case refusals = 5
}

/// Which rows count; every part that is given must hold, and a part that is empty restricts nothing.
///
/// Products and categories go with every source, locations with every one but products, references
/// and actors with those that have a time, kinds and reasons with sales and movements. What is named
/// must be there: an id that is not is refused, and so is a category that is archived.
public struct InsightFilter: Hashable, Sendable {
    /// At most ``InsightLimits/filterIDsMax`` of each.
    public var products: [ProductID]
    public var categories: [CategoryID]
    public var locations: [LocationID]
    public var kinds: MovementKindSet
    public var reasons: [Reason]
    /// The SKU's beginning, compared as keys are.
    public var skuPrefix: String
    /// Exactly this reference.
    public var reference: String
    /// Exactly this actor.
    public var actor: String

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

/// By what rows are put together.
///
/// A product's category is the one it has now. Times are cut by the calendar of the question's zone.
/// Times go with the sources that have one, reason and kind with sales and movements, a location with
/// every source but products.
public enum InsightDimension: UInt8, CaseIterable, Sendable {
    /// Shown as its id, SKU and name.
    case product = 1
    /// Shown as its id and name.
    case category = 2
    /// Shown as its id and code.
    case location = 3
    /// The hour's beginning; a day has 23 to 25 of them when clocks change.
    case hour = 4
    /// The day's beginning.
    case day = 5
    /// The beginning of the week, a Monday (ISO 8601).
    case week = 6
    case month = 7
    /// 1 for Monday to 7 for Sunday (ISO 8601).
    case weekday = 8
    /// 0 to 23, as the clock on the wall says.
    case hourOfDay = 9
    /// A ``Reason``; rows without one are together under "none".
    case reason = 10
    case kind = 11
    /// A ``StockStage`` (levels, products).
    case stage = 12

    /// Whether it is a span of time, whose empty buckets within a bounded window have rows too.
    public var isBucket: Bool {
        switch self {
        case .hour, .day, .week, .month: true
        default: false
        }
    }
}

/// Where stock is: in the shop, or on its way between two of its locations.
///
/// What is in transit is on hand nowhere and still the shop's: its value is part of every valuation, at
/// the location that it goes to.
public enum StockStage: UInt8, CaseIterable, Sendable {
    case onHand = 1
    case inTransit = 2
}

/// What is counted and added up of the rows of a group.
///
/// Money is in minor units of the database's currency, a quantity in base units. A sum that does not
/// fit is refused with `amount_overflow`. The parentheses say which sources a measure goes with.
public enum InsightMeasure: UInt8, CaseIterable, Sendable {
    /// Units sold, less reversals of sales (sales): −Σ onHand.
    case units = 1
    /// Units that came back, less reversals of returns (sales): Σ onHand.
    case returnedUnits = 2
    /// `units` − `returnedUnits` (sales).
    case netUnits = 3
    /// Σ amounts of sales at the price of the day, less reversals (sales).
    case gross = 4
    /// Σ amounts given back, less reversals; positive (sales).
    case returns = 5
    /// `gross` − `returns` (sales).
    case net = 6
    /// Cost of the goods sold, less that of those that came back (sales): −Σ cost of sales and returns
    /// + Σ amounts of cost variances, which is cost that came after its goods were sold.
    case cost = 7
    /// `net` − `cost` (sales).
    case margin = 8
    /// 100 · `margin` ÷ `net`, a number; none if `net` is 0 (sales).
    case marginPercent = 9
    /// How many sales there were (sales): different receipts among the rows of sales that were not undone.
    /// A receipt is a reference at a location on a day, by the location's clock, or a step of the log
    /// without a reference.
    case transactions = 10
    /// `net` ÷ `transactions`, in minor units, half to even; none without a transaction (sales).
    case averageValue = 11
    /// Rows (movements, sales, refusals).
    case rows = 12
    /// Σ change of stock on hand (movements).
    case onHandChange = 13
    /// Σ change of the value of stock (movements).
    case valueChange = 14
    /// On hand, less what is held and promised: available (levels, products).
    case available = 15
    /// (levels, products), as the three after it.
    case onHand = 16
    case unavailable = 17
    case reserved = 18
    case incoming = 19
    /// Σ value at cost, in transit too (levels, products).
    case value = 20
    /// Σ price × quantity on hand or in transit, each level rounded by itself (levels, products).
    case retailValue = 21
    /// How many products have a row in the group (levels, products, sales, movements, refusals).
    case products = 22
    /// Σ asked (refusals).
    case asked = 23
    /// Σ asked − what could have been had (refusals).
    case refusedUnits = 24
}

/// By what rows are ordered.
public struct InsightOrder: Hashable, Sendable {
    public enum Key: Hashable, Sendable {
        /// One that the question groups by.
        case dimension(InsightDimension)
        /// One that the question asks for.
        case measure(InsightMeasure)
    }

    public var key: Key
    public var isDescending: Bool

    public init(_ key: Key, descending: Bool = false) {
        self.key = key
        self.isDescending = descending
    }
}
