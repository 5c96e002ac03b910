/// Which rows of an answer are wanted: those for which a condition holds, in an order, `limit` at most.
///
///     answer ─▶ condition ─▶ order ─▶ limit
///
/// It is done where the answer is made, before its size is limited: of a hundred thousand products a
/// subscriber that wants the forty to order holds forty rows, and so does the server for it.
public struct RowSelection: Hashable, Sendable {
    public struct Order: Hashable, Sendable {
        /// The column's name.
        public var column: String
        public var isDescending: Bool

        public init(_ column: String, descending: Bool = false) {
            self.column = column
            self.isDescending = descending
        }
    }

    /// `nil` for all rows.
    public var condition: RowCondition?
    /// The first decides; ties, and an empty list, keep the answer's own order.
    public var order: [Order]
    /// At most this many rows; 0 for all.
    public var limit: UInt32

    public init(condition: RowCondition? = nil, order: [Order] = [], limit: UInt32 = 0) {
        self.condition = condition
        self.order = order
        self.limit = limit
    }
}
