internal import ColumnStore
internal import InventoryEngine
internal import InventoryModel

/// The rows of an insight by product: its key, what was worked out, and its unit.
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

    /// Columns that tell a product's row from every other.
    static let keyColumnCount = 3

    /// The rows in the order in which they were appended, up to a limit; 0 for all.
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
                    .text(tables.texts[Int(products.unitCodes[at])]),
                    .integer(Int64(products.unitDecimals[at])),
                ]
            )
        }
        return table
    }
}

extension ResultCell {
    /// A derived number; none if it is not there or not finite.
    static func number(_ value: Double?) -> ResultCell {
        guard let value, value.isFinite else { return .none }
        return .number(value)
    }

    /// A derived amount, in whole minor units, half to even; none if it does not fit.
    static func rounded(_ value: Double) -> ResultCell {
        Int64(exactly: value.rounded(.toNearestOrEven)).map { .integer($0) } ?? .none
    }

    /// A whole number; none where there is none.
    static func whole(_ value: Int64?) -> ResultCell { value.map { .integer($0) } ?? .none }

    /// An amount, in minor units; none if it is beyond what one can be.
    static func money(_ value: Int64) -> ResultCell {
        value.magnitude <= UInt64(Limits.moneyMax) ? .integer(value) : .none
    }

    /// A quotient; none where the divisor is not above 0.
    static func ratio(_ value: Double, _ divisor: Double) -> ResultCell {
        divisor > 0 ? .number(value / divisor) : .none
    }
}

extension InventoryTables {
    /// Base units in one unit of a product, as people count it: 1,000 for one in kg that is stored in
    /// grams.
    func unitSize(_ id: ProductID) -> Double {
        (0..<Int(self.products.unitDecimals[id.row])).reduce(1.0) { size, _ in size * 10 }
    }
}
