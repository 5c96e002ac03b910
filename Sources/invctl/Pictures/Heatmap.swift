import Inventory
import InventoryTransfer

/// Weekdays down, hours across, each cell the darker the more there is.
///
///          0  2  4  6  8 10 12 14 16 18 20 22
///     Mon              ░▒▓█▓▒░
///
/// The legend says what the darkest stands for.
struct Heatmap {
    private var values = [Int64](repeating: 0, count: 7 * 24)
    private let measure: String
    private let largest: Int64
    /// Those of the currency; nothing for what is no money.
    private let decimals: UInt8?

    private static let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    private static let shades = ["··", "░░", "▒▒", "▓▓", "██"]

    /// Nothing if the table is not one of weekdays and hours.
    init?(_ table: ResultTable, _ measure: String, _ currencyDecimals: UInt8) {
        guard let weekday = table.column(named: "weekday"),
            let hour = table.column(named: "hourOfDay"), let value = table.column(named: measure)
        else { return nil }
        for row in 0..<table.rowCount {
            guard case .integer(let day) = table.cell(row, weekday), (1...7).contains(day),
                case .integer(let hour) = table.cell(row, hour), (0...23).contains(hour),
                case .integer(let value) = table.cell(row, value)
            else { continue }
            self.values[(Int(day) - 1) * 24 + Int(hour)] = max(0, value)
        }
        self.measure = measure
        self.largest = self.values.reduce(0, max)
        let isMoney = table.columns[value].field.kind == .money
        self.decimals = isMoney ? currencyDecimals : nil
    }

    var lines: [String] {
        let hours = (0..<24).map { $0 % 2 == 0 ? Self.padded("\($0)", 2) : "  " }.joined()
        var lines = ["     " + hours]
        for (day, name) in Self.days.enumerated() {
            let cells = (0..<24).map { self.shade(self.values[day * 24 + $0]) }.joined()
            lines.append("\(name)  \(cells)")
        }
        let most = DecimalText.format(self.largest, decimals: self.decimals ?? 0)
        lines.append("")
        lines.append("     ·· none  ░░ ▒▒ ▓▓ ██ up to \(DecimalText.grouped(most)) \(self.measure)")
        return lines
    }

    private func shade(_ value: Int64) -> String {
        guard value > 0, self.largest > 0 else { return Self.shades[0] }
        return Self.shades[1 + min(3, Int(Double(value) / Double(self.largest) * 3.999))]
    }

    private static func padded(_ text: String, _ count: Int) -> String {
        String(repeating: " ", count: max(0, count - text.count)) + text
    }
}
