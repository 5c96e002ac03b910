/// A heat map of a week: weekdays down, hours across, a larger value is darker.
///
///          0  2  4  6  8 10 12 14 16 18 20 22
///     Mon              ░▒▓█▓▒░
///
/// The legend shows the value of the darkest shade.
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

    /// The columns before the hours.
    private static let margin = "     "

    /// Returns the lines of the map: hours, seven days, and the legend.
    ///
    /// - Parameter width: The columns of a line; `nil` for unlimited. If two columns for each hour do not fit,
    ///   an hour has one.
    /// - Returns: The lines.
    package func lines(width: Int?) -> [String] {
        let isNarrow = width.map { $0 < Self.margin.count + 48 } ?? false
        // A label every two or every six hours.
        let hours =
            isNarrow
            ? stride(from: 0, to: 24, by: 6).map { TextWidth.padded("\($0)", to: 6) }
            : stride(from: 0, to: 24, by: 2).map {
                TextWidth.padded("\($0)", to: 2, isRight: true) + "  "
            }
        var lines = [Self.margin + hours.joined()]
        while lines[0].last == " " { lines[0].removeLast() }
        for (day, name) in Self.days.enumerated() {
            let cells = (0..<24).map { self.shade(self.values[day * 24 + $0]) }
            let row = cells.map { isNarrow ? String($0.prefix(1)) : $0 }.joined()
            lines.append("\(name)  \(row)")
        }
        let legend = "\(Self.margin)·· none  ░░ ▒▒ ▓▓ ██ up to \(self.legend)"
        let folded = TextWidth.folded(legend, to: width ?? .max)
        return lines + [""] + folded.split(separator: "\n").map { String($0) }
    }

    private func shade(_ value: Int64) -> String {
        guard value > 0, self.largest > 0 else { return Self.shades[0] }
        return Self.shades[1 + min(3, Int(Double(value) / Double(self.largest) * 3.999))]
    }
}
