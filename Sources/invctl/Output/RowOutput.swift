internal import InventoryModel
import InventoryTransfer

/// What a person asked of a list, whatever it lists.
struct Listing: Sendable {
    var conditions: [String] = []
    var sort: String?
    var limit: Int?
}

/// The way of rows from an answer to the reader: condition, order, limit, columns, format.
///
///     blocks ─▶ --where ─▶ (--sort: held) ─▶ --limit ─▶ writer ─▶ bytes
///
/// Without `--sort` nothing is held but one block, so a million rows need no more memory than ten and
/// the first is out before the second block comes.
struct RowOutput {
    private let style: RowStyle
    private let listing: Listing
    private var writer: any RowWriter
    private var condition: BoundCondition?
    private var order: RowOrder?
    private var rest: Int?
    /// The columns, once they are known.
    private var schema: [ResultField]?
    /// Whether anything was written: the head comes with the first row, or at the end where there is none.
    ///
    /// An answer that turns out to be a refusal before it has a row has no head either.
    private var hasHead = false
    private(set) var rowCount = 0
    /// What is to be written; whoever takes it empties it.
    var bytes: [UInt8] = []

    init(_ style: RowStyle, _ listing: Listing) {
        self.style = style
        self.listing = listing
        self.writer = style.writer()
        self.rest = listing.limit
    }

    /// Takes a block of rows; the first settles the columns.
    ///
    /// - Returns: Whether more are wanted.
    /// - Throws: ``Failure`` for a column that is not there, or a condition that makes no sense.
    mutating func take(_ table: ResultTable) throws(Failure) -> Bool {
        if self.schema == nil { try self.begin(table.schema) }
        var rows = Array(0..<table.rowCount)
        if let condition {
            rows = rows.filter { condition.holds(table, $0) }
        }
        if self.order != nil {
            self.order?.take(table, rows)
            return true
        }
        self.write(table, rows)
        return self.rest != 0
    }

    mutating func finish() {
        if let order {
            let table = order.sortedTable()
            self.write(table, Array(0..<table.rowCount))
        }
        guard self.schema != nil else { return }
        self.writeHead()
        self.writer.finish(into: &self.bytes)
    }

    private mutating func writeHead() {
        guard !self.hasHead, let schema else { return }
        self.hasHead = true
        self.writer.begin(schema, into: &self.bytes)
    }

    private mutating func begin(_ schema: [ResultField]) throws(Failure) {
        self.schema = schema
        for name in self.style.fields where !schema.contains(where: { $0.name == name }) {
            throw Failure.noColumn(name, schema)
        }
        self.condition = try self.bound(try RowCondition(self.listing.conditions, schema), schema)
        self.order = try RowOrder(self.listing.sort, schema, limit: self.listing.limit)
    }

    private func bound(
        _ condition: RowCondition?,
        _ schema: [ResultField]
    ) throws(Failure) -> BoundCondition? {
        guard let condition else { return nil }
        do throws(Refusal) {
            let decimals = self.style.currencyDecimals
            return try BoundCondition(condition, schema, currencyDecimals: decimals)
        } catch {
            preconditionFailure("a condition names a column that it was read with: \(error)")
        }
    }

    private mutating func write(_ table: ResultTable, _ rows: [Int]) {
        var rows = rows
        if let rest = self.rest {
            rows = Array(rows.prefix(rest))
            self.rest = rest - rows.count
        }
        guard !rows.isEmpty else { return }
        self.writeHead()
        self.writer.write(table, rows, into: &self.bytes)
        self.rowCount += rows.count
    }
}
