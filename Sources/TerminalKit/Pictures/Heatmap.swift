/// Weekdays down, hours across, each cell the darker the more there is.
///
///          0  2  4  6  8 10 12 14 16 18 20 22
///     Mon              ░▒▓█▓▒░
///
/// The legend says what the darkest stands for.
package struct Heatmap {
    private let values: [Int64]
    private let largest: Int64
    private let legend: String

    private static let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    private static let shades = ["··", "░░", "▒▒", "▓▓", "██"]

    /// Cells a week has.
    package static let cellCount = 7 * 24

    /// The hours of Monday, then those of Tuesday, …; `legend` says in words what the largest is.
    package init(_ values: [Int64], legend: (_ largest: Int64) -> String) {
        precondition(values.count == Self.cellCount, "a week of \(values.count) hours")
        self.values = values
        self.largest = values.reduce(0, max)
        self.legend = legend(self.largest)
    }

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
