public import Bytes

/// A question that can be asked, and whose result can be subscribed to.
public enum Insight: Hashable, Sendable {
    case query(InsightQuery)
    case named(NamedInsight)
    /// Some of the rows of one of these.
    indirect case rows(RowSelection, of: Insight)

    /// The point of the past that it asks about; `nil` for now.
    public var asOf: AsOf? {
        switch self {
        case .query(let query): query.asOf
        case .named(let named): named.asOf
        case .rows(_, let insight): insight.asOf
        }
    }
}

/// An insight that has a name and a formula; its file in `Named` says both.
///
/// What does not concern an insight is left as it comes: parts that it cannot use and that are given
/// all the same are refused with `invalid_field`, by name.
public struct NamedInsight: Hashable, Sendable {
    public enum Name: UInt8, CaseIterable, Sendable {
        /// Gross, returns, net, units, transactions, average value; by a bucket of time if asked.
        case sales = 1
        case margin = 2
        /// The most or least sold, with rank change and growth over the window before.
        case top = 3
        /// Velocity, in-stock velocity, moving average, EWMA.
        case velocity = 4
        /// Days of cover, stock-out date, risk.
        case cover = 5
        /// Safety stock, reorder point, suggested order.
        case reorder = 6
        case abc = 7
        /// Stock that nobody bought for a while.
        case dead = 8
        /// Sell-through, turnover, days of inventory, GMROI.
        case turnover = 9
        /// FIFO age of what is there.
        case ageing = 10
        /// Sales by weekday and hour.
        case heatmap = 11
        /// Refused demand and fill rate.
        case refused = 12
        /// Time without stock.
        case availability = 13
        /// At cost and at retail.
        case valuation = 14
        /// Stock by category and product, by category, and in total.
        case categories = 15
        /// Products at or below their reorder point, with days of cover and suggested order.
        case lowStock = 16
    }

    public var name: Name
    public var window: InsightWindow
    /// As in ``InsightQuery/zone``.
    public var zone: String
    public var filter: InsightFilter
    public var parameters: NamedInsightParameters
    /// At most this many rows; 0 for all.
    public var limit: UInt32
    public var asOf: AsOf?

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

/// What some insights can be told; nothing stands for the default that the insight's file names.
public struct NamedInsightParameters: Hashable, Sendable {
    /// The dimension whose rows are shown: sales, margin, top, valuation.
    public var by: InsightDimension?
    /// What ranks: top, abc.
    public var measure: InsightMeasure?
    /// The least instead of the most: top.
    public var isAscending: Bool
    /// Days of a moving average, an EWMA, or without a sale: velocity, dead.
    public var days: UInt32?
    /// The share of cycles without a stock-out, in millionths: reorder (950,000 is 95 %).
    public var serviceLevel: UInt32?

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

/// The answer to an insight: its rows, and what they are of.
public struct InsightAnswer: Hashable, Sendable {
    /// The version it reflects.
    public var lsn: LSN
    /// When the step at ``lsn`` was recorded.
    public var time: Instant
    public var window: ResolvedWindow
    /// The first ``keyColumnCount`` columns tell each row from every other.
    public var keyColumnCount: Int
    /// Every row, in order.
    public var table: ResultTable

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
