/// A heat map of a week: weekdays down, hours across, a larger value is darker.
///
///          0  2  4  6  8 10 12 14 16 18 20 22
///     Mon              ░▒▓█▓▒░
///
/// The legend gives the value of the darkest shade.
package struct Heatmap {
    private let values: [Int64]
    private let largest: Int64
    private let legend: String

    private static let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    private static let shades = ["··", "░░", "▒▒", "▓▓", "██"]

    /// The cells of a week.
    package static let cellCount = 7 * 24

    /// Creates a heat map.
    ///
    /// - Parameters:
    ///   - values: The hours of Monday, then those of Tuesday, …: ``cellCount`` values.
    ///   - legend: Formats the largest value.
    package init(_ values: [Int64], legend: (_ largest: Int64) -> String) {
        precondition(values.count == Self.cellCount, "a week of \(values.count) hours")
        self.values = values
        self.largest = values.reduce(0, max)
        self.legend = legend(self.largest)
    }

    /// The lines of the map: hours, seven days, and the legend.
    package var lines: [String] {
        let hours = (0..<24).map { $0 % 2 == 0 ? Self.padded("\($0)", 2) : "  " }.joined()
        var lines = ["     " + hours]
        for (day, name) in Self.days.enumerated() {
            let cells = (0..<24).map { self.shade(self.values[day * 24 + $0]) }.joined()
            lines.append("\(name)  \(cells)")
        }
        lines.append("")
        lines.append("     ·· none  ░░ ▒▒ ▓▓ ██ up to \(self.legend)")
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
