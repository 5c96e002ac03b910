/// Every limit of an insight, in one place.
///
/// An insight beyond one is refused with `out_of_range` or `invalid_field`, which names the part and the
/// limit.
public enum InsightLimits {
    /// Grouping sets of one query.
    public static let groupingSetsMax = 8
    /// Dimensions of one grouping set.
    public static let dimensionsMax = 4
    /// Measures of one query.
    public static let measuresMax = 16
    /// Ids of each kind in a filter.
    public static let filterIDsMax = 4_096
    /// Groups of one result; a query with more is refused, not truncated.
    public static let groupsMax = 4_000_000
    /// Units of the calendar in a window.
    public static let windowUnitsMax: UInt32 = 100_000
    /// Buckets of time in a window: more than 11 years of hours.
    public static let bucketsMax = 100_000
    /// Parts of a condition on rows: tests and operators.
    public static let conditionPartsMax = 256
    /// Nesting depth of a condition on rows.
    public static let conditionDepthMax = 64
    /// Rows of a live insight's result; a limit or a filter makes it smaller.
    public static let liveInsightRowsMax = 16_384
    /// Cached groups, with their distinct products and transactions, of a live insight between two versions.
    ///
    /// A result with more is recomputed for each version.
    public static let liveInsightEntriesMax = 1 << 20
}
