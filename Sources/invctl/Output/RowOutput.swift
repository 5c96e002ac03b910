internal import InventoryModel
import InventoryTransfer

/// The options of a list: `--where`, `--sort` and `--limit`.
struct Listing: Sendable {
    var conditions: [String] = []
    var sort: String?
    var limit: Int?
}

/// The pipeline from an answer to its output: condition, order, limit, columns, format.
///
///     blocks ─▶ --where ─▶ (--sort: buffered) ─▶ --limit ─▶ writer ─▶ bytes
///
/// Without `--sort` only one block is buffered, so a million rows need no more memory than ten, and the
/// first block is written before the second arrives.
struct RowOutput {
    private let style: RowStyle
    private let listing: Listing
    private var writer: any RowWriter
    private var condition: BoundCondition?
    private var order: RowOrder?
    private var rest: Int?
    /// The columns, once they are known.
    private var schema: [ResultField]?
    /// Whether the header was written: with the first row, or at the end if there are no rows.
    ///
    /// An answer that is refused before its first row has no header either.
    private var hasHead = false
    private(set) var rowCount = 0
    /// The most rows that are formatted, `nil` for all; further ones are only counted.
    var formattedMax: Int?
    /// The output so far; the caller writes and clears it.
    var bytes: [UInt8] = []

    init(_ style: RowStyle, _ listing: Listing) {
        self.style = style
        self.listing = listing
        self.writer = style.writer()
        self.rest = listing.limit
    }

    /// Processes a block of rows; the first one determines the columns.
    ///
    /// - Returns: Whether more rows are needed.
    /// - Throws: ``Failure`` for an unknown column or an invalid condition.
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
        self.condition = try self.bound(try self.parsedCondition(schema), schema)
        self.order = try RowOrder(self.listing.sort, schema, limit: self.listing.limit)
    }

    private func parsedCondition(_ schema: [ResultField]) throws(Failure) -> RowCondition? {
        try RowCondition(self.listing.conditions, schema, zone: self.style.zone)
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
            preconditionFailure("a condition parsed with this schema does not bind to it: \(error)")
        }
    }

    private mutating func write(_ table: ResultTable, _ rows: [Int]) {
        var rows = rows
        if let rest = self.rest {
            rows = Array(rows.prefix(rest))
            self.rest = rest - rows.count
        }
        guard !rows.isEmpty else { return }
        let before = self.rowCount
        self.rowCount += rows.count
        if let formattedMax { rows = Array(rows.prefix(max(0, formattedMax - before))) }
        guard !rows.isEmpty else { return }
        self.writeHead()
        self.writer.write(table, rows, into: &self.bytes)
    }
}
