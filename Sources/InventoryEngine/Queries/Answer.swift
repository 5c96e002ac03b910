internal import Bytes
public import InventoryModel

/// The answer to a query: its columns, and its rows as they are asked for.
///
/// Rows are made block by block from the view, so a million of them need no more memory than ten, and
/// looking for them can be put aside at any row. Used by one thread at a time.
public final class Answer {
    /// What came of looking at one more place where a row may be.
    enum Step {
        case row([ResultCell])
        /// There is none here; there may be one further on.
        case passed
        case end
    }

    public let schema: [ResultField]
    private let next: () -> Step
    private let token: WorkToken?
    private var rest: UInt32?

    /// Places that are looked at between two looks at the token.
    private static let stepsMax = 256

    /// An answer whose rows are made one by one.
    ///
    /// `limit`: Rows at most; 0 for all.
    /// `token`: By which looking for them can be ended or put aside.
    /// `next`: The next row, a cell for each column, or that there is none at this place; each call
    /// takes microseconds.
    init(
        _ schema: [ResultField],
        limit: UInt32 = 0,
        token: WorkToken? = nil,
        next: @escaping () -> Step
    ) {
        self.schema = schema
        self.next = next
        self.token = token
        self.rest = limit == 0 ? nil : limit
    }

    /// An answer of the rows that `make` gives for each of `ids`, without those it gives none for.
    convenience init<IDs: Sequence>(
        _ schema: [ResultField],
        limit: UInt32 = 0,
        token: WorkToken? = nil,
        over ids: IDs,
        _ make: @escaping (IDs.Element) -> [ResultCell]?
    ) {
        var iterator = ids.makeIterator()
        self.init(schema, limit: limit, token: token) {
            guard let id = iterator.next() else { return .end }
            return make(id).map { .row($0) } ?? .passed
        }
    }

    /// Up to `count` more rows; `nil` once there are no more.
    ///
    /// Where the token wants a pause there may be fewer, or none yet: the next call continues.
    ///
    /// - Throws: What ends the work.
    public func nextBlock(_ count: Int = 1_024) throws(Refusal) -> ResultTable? {
        var table = ResultTable(self.schema)
        var steps = 0
        while table.rowCount < count, self.rest != 0 {
            steps += 1
            if steps % Self.stepsMax == 0, let token = self.token {
                if token.isCancelled { throw WorkToken.cancellation }
                if token.isPauseDue { return table }
            }
            self.step(into: &table)
        }
        return table.rowCount > 0 ? table : nil
    }

    /// All rows in one table; for answers that are known to be small.
    ///
    /// - Throws: What ends the work.
    public func wholeTable() throws(Refusal) -> ResultTable {
        var table = ResultTable(self.schema)
        var steps = 0
        while self.rest != 0 {
            steps += 1
            if steps % Self.stepsMax == 0 { try self.token?.checkpoint() }
            self.step(into: &table)
        }
        return table
    }

    /// Looks at one more place, and appends the row that is there.
    private func step(into table: inout ResultTable) {
        switch self.next() {
        case .row(let row):
            table.append(row)
            if let rest = self.rest { self.rest = rest - 1 }
        case .passed:
            break
        case .end:
            self.rest = 0
        }
    }
}

extension ResultCell {
    static func number<Value: FixedWidthInteger>(_ value: Value) -> ResultCell {
        .integer(Int64(value))
    }

    static func number(_ quantity: Quantity) -> ResultCell { .integer(quantity.baseUnits) }
    static func number(_ money: Money) -> ResultCell { .integer(money.minorUnits) }
    static func number(_ lsn: LSN) -> ResultCell { .integer(Int64(lsn.value)) }

    /// `none` for the empty text.
    static func optional(_ text: String) -> ResultCell { text.isEmpty ? .none : .text(text) }

    static func instant(_ instant: Instant) -> ResultCell { .integer(instant.microseconds) }
    static func boolean(_ value: Bool) -> ResultCell { .integer(value ? 1 : 0) }
}
