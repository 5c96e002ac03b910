/// A selection of a result's rows: those that satisfy a condition, in an order, up to a limit.
///
///     answer ─▶ condition ─▶ order ─▶ limit
///
/// The server applies it before the size limit of a result: of a hundred thousand products, a
/// subscriber that selects the forty to order, and the server for it, hold forty rows.
public struct RowSelection: Hashable, Sendable {
    /// A sort key of a selection.
    public struct Order: Hashable, Sendable {
        /// The column's name; refused with `invalid_field` if the result has no such column.
        public var column: String
        /// Whether larger values come first.
        public var isDescending: Bool

        /// Creates a sort key; ascending by default.
        public init(_ column: String, descending: Bool = false) {
            self.column = column
            self.isDescending = descending
        }
    }

    /// The condition; `nil` for all rows.
    public var condition: RowCondition?
    /// The sort keys, the most significant first; ties, and an empty list, keep the result's own order.
    public var order: [Order]
    /// The largest number of rows; 0 for all.
    public var limit: UInt32

    /// Creates a selection; by default of all rows.
    public init(condition: RowCondition? = nil, order: [Order] = [], limit: UInt32 = 0) {
        self.condition = condition
        self.order = order
        self.limit = limit
    }
}
