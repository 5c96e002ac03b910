internal import Bytes
public import InventoryModel

/// The answer to a query: its columns, and its rows, which are made on demand.
///
/// Rows are made block by block from the view, so a million of them need no more memory than ten, and the
/// scan can be paused at any row. Used by one thread at a time.
public final class Answer {
    /// The result of looking at one place that may have a row.
    enum Step {
        case row([ResultCell])
        /// It has no row; a later one may.
        case passed
        case end
    }

    /// The columns of the rows, in their order.
    public let schema: [ResultField]
    private let next: () -> Step
    private let token: WorkToken?
    private var rest: UInt32?

    /// Places that are scanned between two checks of the token.
    private static let stepsMax = 256

    /// An answer whose rows are made one by one.
    ///
    /// - Parameters:
    ///   - schema: The columns.
    ///   - limit: The maximum number of rows; 0 for all.
    ///   - token: Cancels or pauses the scan.
    ///   - next: Returns the next row, a cell for each column, or that this place has none; each call takes
    ///     microseconds.
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

    /// An answer of the rows that `make` returns for `ids`, without those for which it returns `nil`.
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

    /// Returns up to `count` more rows; `nil` once there are no more.
    ///
    /// If the token requests a pause there may be fewer, or none yet: the next call continues.
    ///
    /// - Throws: The refusal with which the token ends the work.
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

    /// Returns all rows in one table; for answers that are known to be small.
    ///
    /// - Throws: The refusal with which the token ends the work.
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

    /// Looks at one more place, and appends the row that it has.
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

    /// `none` for the empty string.
    static func optional(_ text: String) -> ResultCell { text.isEmpty ? .none : .text(text) }

    static func instant(_ instant: Instant) -> ResultCell { .integer(instant.microseconds) }
    static func boolean(_ value: Bool) -> ResultCell { .integer(value ? 1 : 0) }
}
