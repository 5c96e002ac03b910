/// Every maximum of a question, in one place.
///
/// A question beyond one is refused with `out_of_range` or `invalid_field`, naming the part and the
/// limit.
public enum InsightLimits {
    /// Grouping sets of one question.
    public static let groupingSetsMax = 8
    /// Dimensions of one grouping set.
    public static let dimensionsMax = 4
    /// Measures of one question.
    public static let measuresMax = 16
    /// Ids of each kind in a filter.
    public static let filterIDsMax = 4_096
    /// Groups of one result; a question that makes more is refused rather than cut short.
    public static let groupsMax = 4_000_000
    /// Units of the calendar in a window.
    public static let windowUnitsMax: UInt32 = 100_000
    /// Buckets of time that a window may be cut into: more than 11 years of hours.
    public static let bucketsMax = 100_000
    /// Parts of a condition on rows: tests, and what joins them.
    public static let conditionPartsMax = 256
    /// Parts of a condition inside one another.
    public static let conditionDepthMax = 64
    /// Rows of a result that is kept up to date for subscribers; for more, ask for fewer by a limit or
    /// a filter.
    public static let liveInsightRowsMax = 16_384
    /// Groups, and different products and transactions in them, whose sums are kept for one result
    /// between two versions; more are added up anew for each.
    public static let liveInsightEntriesMax = 1 << 20
}
