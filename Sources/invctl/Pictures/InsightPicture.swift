internal import InventoryModel
import InventoryTransfer
import TerminalKit

/// The chart shown with the numbers of an insight.
enum InsightPicture: Sendable {
    case none
    /// A bar after each row, and a sparkline for a time series.
    case bars(String)
    /// Weekdays by hours, shaded.
    case heatmap(String)
}

extension Bars {
    /// Creates bars of one column; `nil` if the table has no such column of numbers, or no value above zero
    /// in it.
    init?(_ table: ResultTable, _ measure: String) {
        guard let column = table.column(named: measure) else { return nil }
        let values = (0..<table.rowCount).map { Self.value(table.cell($0, column)) }
        self.init(values, isTime: table.schema.first?.kind == .instant)
    }

    private static func value(_ cell: ResultCell) -> Double {
        switch cell {
        case .integer(let value): Double(value)
        case .number(let value): value
        case .none, .text: 0
        }
    }

    /// Returns the table with a last column of bars.
    func behind(_ table: ResultTable) -> ResultTable {
        var bars = ResultColumn(ResultField(" ", .text))
        for bar in self.bars { bars.append(.text(bar)) }
        return ResultTable(columns: table.columns + [bars], rowCount: table.rowCount)
    }
}

extension Heatmap {
    /// Creates a heat map; `nil` if the table is not one of weekdays and hours.
    init?(_ table: ResultTable, measure: String, currencyDecimals: UInt8) {
        guard let weekday = table.column(named: "weekday"),
            let hour = table.column(named: "hourOfDay"), let value = table.column(named: measure)
        else { return nil }
        var values = [Int64](repeating: 0, count: Self.cellCount)
        for row in 0..<table.rowCount {
            guard case .integer(let day) = table.cell(row, weekday), (1...7).contains(day),
                case .integer(let hour) = table.cell(row, hour), (0...23).contains(hour),
                case .integer(let value) = table.cell(row, value)
            else { continue }
            values[(Int(day) - 1) * 24 + Int(hour)] = max(0, value)
        }
        let isMoney = table.columns[value].field.kind == .money
        self.init(values) { largest in
            let most = DecimalText.format(largest, decimals: isMoney ? currencyDecimals : 0)
            return "\(DecimalText.grouped(most)) \(measure)"
        }
    }
}
