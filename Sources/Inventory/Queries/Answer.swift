/// The answer to a query: its columns, and its rows as they are asked for.
///
/// Rows are made block by block from the view, so a million of them need no more memory than ten.
/// Used by one thread at a time.
public final class Answer {
    public let schema: [ResultField]
    private let nextRow: () -> [ResultCell]?
    private var rest: UInt32?

    /// An answer whose rows are made one by one.
    ///
    /// `limit`: Rows at most; 0 for all.
    /// `nextRow`: The next row, a cell for each column; nothing at the end.
    init(_ schema: [ResultField], limit: UInt32 = 0, nextRow: @escaping () -> [ResultCell]?) {
        self.schema = schema
        self.nextRow = nextRow
        self.rest = limit == 0 ? nil : limit
    }

    /// An answer of the rows that `make` gives for each of `ids`, without those it gives none for.
    convenience init<IDs: Sequence>(
        _ schema: [ResultField],
        limit: UInt32 = 0,
        over ids: IDs,
        _ make: @escaping (IDs.Element) -> [ResultCell]?
    ) {
        var iterator = ids.makeIterator()
        self.init(schema, limit: limit) {
            while let id = iterator.next() {
                if let row = make(id) { return row }
            }
            return nil
        }
    }

    /// Up to `count` more rows; nothing once there are no more.
    public func nextBlock(_ count: Int = 1_024) -> ResultTable? {
        var table = ResultTable(self.schema)
        while table.rowCount < count, self.rest != 0, let row = self.nextRow() {
            table.append(row)
            if let rest = self.rest { self.rest = rest - 1 }
        }
        return table.rowCount > 0 ? table : nil
    }

    /// All rows in one table; for answers that are known to be small.
    public func wholeTable() -> ResultTable {
        var table = ResultTable(self.schema)
        while self.rest != 0, let row = self.nextRow() {
            table.append(row)
            if let rest = self.rest { self.rest = rest - 1 }
        }
        return table
    }
}

extension ResultCell {
    static func number<Value: FixedWidthInteger>(_ value: Value) -> ResultCell {
        .integer(Int64(value))
    }

    /// Nothing for the empty text.
    static func optional(_ text: String) -> ResultCell { text.isEmpty ? .none : .text(text) }

    static func instant(_ instant: Instant) -> ResultCell { .integer(instant.microseconds) }
    static func boolean(_ value: Bool) -> ResultCell { .integer(value ? 1 : 0) }
}
