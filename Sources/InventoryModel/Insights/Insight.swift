public import Bytes

/// An analytical query, whose result can be read once or subscribed to as a live insight.
public enum Insight: Hashable, Sendable {
    /// A composable query.
    case query(InsightQuery)
    /// An insight by its name.
    case named(NamedInsight)
    /// Selected rows of one of the other two.
    indirect case rows(RowSelection, of: Insight)

    /// The point in the past that it reflects; `nil` for now.
    public var asOf: AsOf? {
        switch self {
        case .query(let query): query.asOf
        case .named(let named): named.asOf
        case .rows(_, let insight): insight.asOf
        }
    }
}

/// A named insight; its file in `Named` documents the formula.
///
/// Parts that an insight cannot use must keep their defaults; otherwise it is refused with `invalid_field`,
/// which names the part.
public struct NamedInsight: Hashable, Sendable {
    /// The insights; raw values never change their meaning.
    public enum Name: UInt8, CaseIterable, Sendable {
        /// Gross, returns, net, units, transactions and average value; by a bucket of time on request.
        case sales = 1
        /// Net sales, cost and margin.
        case margin = 2
        /// The most or least sold, with rank change and growth against the window before.
        case top = 3
        /// Velocity, in-stock velocity, moving average and EWMA.
        case velocity = 4
        /// Days of cover, stock-out date and risk.
        case cover = 5
        /// Safety stock, reorder point and suggested order.
        case reorder = 6
        /// Classes A, B and C by cumulative share of the ranking measure.
        case abc = 7
        /// Dead stock: on hand and not sold for a number of days.
        case dead = 8
        /// Sell-through, turnover, days of inventory and GMROI.
        case turnover = 9
        /// FIFO age of the stock on hand.
        case ageing = 10
        /// Sales by weekday and hour.
        case heatmap = 11
        /// Unmet demand (lost sales) and fill rate.
        case refused = 12
        /// Stock-out time.
        case availability = 13
        /// The value of stock at cost and at retail.
        case valuation = 14
        /// Stock by category and product, by category, and in total.
        case categories = 15
        /// Products at or below their reorder point, with days of cover and suggested order.
        case lowStock = 16
    }

    /// Which insight it is.
    public var name: Name
    /// The span of time; the last 30 days by default.
    public var window: InsightWindow
    /// The IANA time zone, as in ``InsightQuery/zone``.
    public var zone: String
    /// Which rows count.
    public var filter: InsightFilter
    /// The parameters of this insight.
    public var parameters: NamedInsightParameters
    /// The largest number of rows; 0 for all.
    public var limit: UInt32
    /// The point in the past; `nil` for now.
    public var asOf: AsOf?

    /// Creates an insight; it is validated when it is executed.
    public init(
        _ name: Name,
        window: InsightWindow = .last(30, .day),
        zone: String = "",
        filter: InsightFilter = InsightFilter(),
        parameters: NamedInsightParameters = NamedInsightParameters(),
        limit: UInt32 = 0,
        asOf: AsOf? = nil
    ) {
        self.name = name
        self.window = window
        self.zone = zone
        self.filter = filter
        self.parameters = parameters
        self.limit = limit
        self.asOf = asOf
    }
}

/// Parameters of some insights; `nil` is the default that the insight's file documents.
public struct NamedInsightParameters: Hashable, Sendable {
    /// The dimension that rows are grouped by: for sales, margin, top and valuation.
    public var by: InsightDimension?
    /// The measure that rows are ranked by: for top and abc.
    public var measure: InsightMeasure?
    /// Whether the least come first instead of the most: for top.
    public var isAscending: Bool
    /// Days of a moving average or an EWMA (velocity), or without a sale (dead); up to 36,500.
    public var days: UInt32?
    /// The share of cycles without a stock-out, in millionths: 500,000 to 999,999, for reorder (950,000 is
    /// 95 %).
    public var serviceLevel: UInt32?

    /// Creates parameters; by default all defaults.
    public init(
        by: InsightDimension? = nil,
        measure: InsightMeasure? = nil,
        isAscending: Bool = false,
        days: UInt32? = nil,
        serviceLevel: UInt32? = nil
    ) {
        self.by = by
        self.measure = measure
        self.isAscending = isAscending
        self.days = days
        self.serviceLevel = serviceLevel
    }
}

/// The result of an insight: its rows, and what they refer to.
public struct InsightAnswer: Hashable, Sendable {
    /// The LSN of the state that it reflects.
    public var lsn: LSN
    /// When the step at ``lsn`` was recorded.
    public var time: Instant
    /// The window that the rows cover.
    public var window: ResolvedWindow
    /// The number of leading columns that form the rows' unique key.
    public var keyColumnCount: Int
    /// All rows, in order.
    public var table: ResultTable

    /// Creates a result.
    public init(
        lsn: LSN,
        time: Instant,
        window: ResolvedWindow,
        keyColumnCount: Int,
        table: ResultTable
    ) {
        self.lsn = lsn
        self.time = time
        self.window = window
        self.keyColumnCount = keyColumnCount
        self.table = table
    }
}
