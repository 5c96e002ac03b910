internal import ColumnStore
internal import InventoryEngine
internal import InventoryModel

/// The rows of an insight by product: its key, the computed values, and its unit.
struct ProductRows {
    private let view: ReadView
    private let fields: [ResultField]
    private var rows: [(id: ProductID, cells: [ResultCell])] = []

    init(_ view: ReadView, _ fields: [ResultField]) {
        self.view = view
        self.fields = fields
    }

    mutating func append(_ id: ProductID, _ cells: [ResultCell]) {
        precondition(cells.count == self.fields.count, "\(cells.count) cells")
        self.rows.append((id, cells))
    }

    /// Columns that identify a product's row.
    static let keyColumnCount = 3

    /// Returns the rows in the order in which they were appended, up to a limit; 0 for all.
    func table(limit: UInt32) throws(Refusal) -> ResultTable {
        let key = [
            ResultField("productId", .integer), ResultField("sku", .text),
            ResultField("name", .text),
        ]
        let unit = [ResultField("unit", .text), ResultField("unitDecimals", .integer)]
        var table = ResultTable(key + self.fields + unit)
        let tables = self.view.tables
        let products = tables.products
        for (number, row) in (limit == 0 ? self.rows[...] : self.rows.prefix(Int(limit)))
            .enumerated()
        {
            try self.view.checkpoint(at: number)
            let at = row.id.row
            table.append(
                [
                    .integer(Int64(row.id.value)), .text(products.skus[at]),
                    .text(products.names[at]),
                ] + row.cells + [
                    .text(tables.strings[Int(products.unitCodes[at])]),
                    .integer(Int64(products.unitDecimals[at])),
                ]
            )
        }
        return table
    }
}

extension ResultCell {
    /// Returns a derived number; none if it is `nil` or not finite.
    static func number(_ value: Double?) -> ResultCell {
        guard let value, value.isFinite else { return .none }
        return .number(value)
    }

    /// Returns a derived amount in whole minor units, rounded half to even; none if it does not fit.
    static func rounded(_ value: Double) -> ResultCell {
        Int64(exactly: value.rounded(.toNearestOrEven)).map { .integer($0) } ?? .none
    }

    /// Returns a whole number; none for `nil`.
    static func whole(_ value: Int64?) -> ResultCell { value.map { .integer($0) } ?? .none }

    /// Returns an amount in minor units; none if it is out of range.
    static func money(_ value: Int64) -> ResultCell {
        value.magnitude <= UInt64(Limits.moneyMax) ? .integer(value) : .none
    }

    /// Returns a quotient; none if the divisor is not above 0.
    static func ratio(_ value: Double, _ divisor: Double) -> ResultCell {
        divisor > 0 ? .number(value / divisor) : .none
    }
}

extension InventoryTables {
    /// Returns the base units per display unit of a product: 1,000 for kg stored in grams.
    func unitSize(_ id: ProductID) -> Double {
        (0..<Int(self.products.unitDecimals[id.row])).reduce(1.0) { size, _ in size * 10 }
    }
}
