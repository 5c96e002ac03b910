/// A query for the steps with movements that a run of an import made, newest first.
public struct ImportStepQuery: Hashable, Sendable {
    /// The name of the run.
    public var run: String
    /// The largest number of rows, up to ``Limits/queryRowsMax``; 0 for all.
    public var limit: UInt32

    /// Creates a query; by default for all steps of the run.
    public init(run: String, limit: UInt32 = 0) {
        self.run = run
        self.limit = limit
    }
}
