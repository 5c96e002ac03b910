/// A query for the runs of imports, in the order of their beginnings.
public struct ImportRunQuery: Hashable, Sendable {
    /// Only the run with exactly this name; empty for all.
    public var run: String
    /// Only runs of files with exactly this content hash; empty for all.
    public var content: String
    /// Whether the latest comes first.
    public var isNewestFirst: Bool
    /// The largest number of rows, up to ``Limits/queryRowsMax``; 0 for all.
    public var limit: UInt32

    /// Creates a query; by default for all runs in ascending order.
    public init(
        run: String = "",
        content: String = "",
        isNewestFirst: Bool = false,
        limit: UInt32 = 0
    ) {
        self.run = run
        self.content = content
        self.isNewestFirst = isNewestFirst
        self.limit = limit
    }
}
