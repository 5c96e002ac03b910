internal import ColumnStore
internal import InventoryEngine
internal import InventoryModel

/// The columns of a result: the dimensions with their names, the measures, and the unit of each row's
/// quantities.
struct AnswerTable {
    private let plan: QueryPlan
    private let view: ReadView

    init(_ plan: QueryPlan, _ view: ReadView) {
        self.plan = plan
        self.view = view
    }

    /// - Complexity: O(rows)
    func table(
        _ rows: [Int],
        values: [[Int64?]],
        measures: [InsightMeasure: MeasureColumn],
        units: [GroupUnit]
    ) throws(Refusal) -> ResultTable {
        var columns: [ResultColumn] = []
        for (index, dimension) in self.plan.dimensions.enumerated() {
            var made = dimension.fields.map { ResultColumn($0) }
            for (number, row) in rows.enumerated() {
                try self.view.checkpoint(at: number)
                let cells = self.cells(of: dimension, values[index][row])
                for field in made.indices { made[field].append(cells[field]) }
            }
            columns += made
        }
        for measure in self.plan.query.measures {
            var column = ResultColumn(ResultField("\(measure)", measure.kind))
            for row in rows { column.append(measures[measure]?.cells[row] ?? .none) }
            columns.append(column)
        }
        if self.hasQuantities { columns += self.columns(of: rows.map { units[$0] }) }
        return ResultTable(columns: columns, rowCount: rows.count)
    }

    private var hasQuantities: Bool {
        self.plan.query.measures.contains { $0.kind == .quantity }
    }

    private func cells(of dimension: InsightDimension, _ value: Int64?) -> [ResultCell] {
        guard let value else { return dimension.fields.map { _ in .none } }
        let tables = self.view.tables
        let row = Int(value)
        switch dimension {
        case .product:
            return [
                .integer(value), .text(tables.products.skus[row]),
                .text(tables.products.names[row]),
            ]
        case .category: return [.integer(value), .text(tables.categories.names[row])]
        case .location: return [.integer(value), .text(tables.locations.codes[row])]
        case .hour, .day, .week, .month, .weekday, .hourOfDay: return [.integer(value)]
        case .reason:
            return [.text(Reason(rawValue: UInt8(value)).map { "\($0)" } ?? "none")]
        case .kind:
            return [.text(MovementKind(rawValue: UInt8(value)).map { "\($0)" } ?? "\(value)")]
        case .stage:
            return [.text(StockStage(rawValue: UInt8(value)).map { "\($0)" } ?? "\(value)")]
        }
    }

    /// Returns the unit of each row, for displaying its quantities.
    private func columns(of units: [GroupUnit]) -> [ResultColumn] {
        var unit = ResultColumn(ResultField("unit", .text))
        var decimals = ResultColumn(ResultField("unitDecimals", .integer))
        let strings = self.view.tables.strings
        for one in units {
            guard case .one(let id) = one else {
                unit.append(.none)
                decimals.append(.none)
                continue
            }
            unit.append(.text(strings[Int(id.code)]))
            decimals.append(.integer(Int64(id.decimals)))
        }
        return [unit, decimals]
    }
}
