import Inventory
import InventoryTransfer

/// What an insight is shown as, besides its numbers.
enum InsightPicture: Sendable {
    case none
    /// A bar behind each row, and a sparkline over rows that follow one another in time.
    case bars(String)
    /// Weekdays by hours, shaded.
    case heatmap(String)
}

/// A measure of each row as a bar: `███████▌`, the largest as wide as ``width``.
///
/// Rows without the measure, and those at or below zero, have none.
struct Bars {
    let table: ResultTable
    /// One block a row, if the rows follow one another in time.
    let sparkline: String?

    private static let width = 20
    private static let eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
    private static let blocks = Array("▁▂▃▄▅▆▇█").map { String($0) }
    /// A longer line than this is no picture any more.
    private static let sparklineMax = 200

    /// Nothing if the table has no such column of numbers, or nothing above zero in it.
    init?(_ table: ResultTable, _ measure: String) {
        guard let column = table.column(named: measure) else { return nil }
        let values = (0..<table.rowCount).map { Self.value(table.cell($0, column)) }
        let largest = values.reduce(0, max)
        guard largest > 0 else { return nil }
        var bars = ResultColumn(ResultField(" ", .text))
        for value in values { bars.append(.text(Self.bar(value / largest))) }
        self.table = ResultTable(columns: table.columns + [bars], rowCount: table.rowCount)
        let isTime = table.schema.first?.kind == .instant
        self.sparkline =
            isTime && (2...Self.sparklineMax).contains(values.count)
            ? values.map { Self.block($0 / largest) }.joined() : nil
    }

    private static func value(_ cell: ResultCell) -> Double {
        switch cell {
        case .integer(let value): max(0, Double(value))
        case .number(let value): value.isFinite ? max(0, value) : 0
        case .none, .text: 0
        }
    }

    static func bar(_ share: Double) -> String {
        let eighths = Int((share * Double(self.width * 8)).rounded())
        return String(repeating: "█", count: eighths / 8) + self.eighths[eighths % 8]
    }

    static func block(_ share: Double) -> String {
        self.blocks[min(7, Int(share * 7.999))]
    }
}
