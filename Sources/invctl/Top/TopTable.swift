import TerminalKit

/// Formats rows in columns within a given width.
///
/// The flexible column takes the space that the others leave. If that is too little, columns are omitted by
/// their worth, of equal worth from the right, then the flexible one.
struct TopTable {
    struct Column {
        var title: String
        var worth = TextTable.Column.Worth.essential
        var isRight = false
        var isFlexible = false

        static func left(
            _ title: String,
            worth: TextTable.Column.Worth = .essential
        ) -> Column { Column(title: title, worth: worth) }

        static func right(
            _ title: String,
            worth: TextTable.Column.Worth = .essential
        ) -> Column { Column(title: title, worth: worth, isRight: true) }

        static func flexible(_ title: String) -> Column { Column(title: title, isFlexible: true) }
    }

    let columns: [Column]
    let rows: [[String]]

    /// The maximum width of a column that is not flexible.
    private static let widthMax = 20
    /// The smallest width of the flexible column.
    private static let flexibleMin = 10

    init(_ columns: [Column], _ rows: [[String]]) {
        self.columns = columns
        self.rows = rows
    }

    /// Returns the header and one line per row, each exactly `width` columns wide.
    func lines(width: Int) -> [String] {
        let width = max(0, width)
        let (kept, widths) = self.layout(width)
        let head = self.columns.map { $0.title }
        return ([head] + self.rows).map { cells in
            let line = kept.map { index in
                TextWidth.padded(
                    SafeText.line(cells[index]),
                    to: widths[index],
                    isRight: self.columns[index].isRight
                )
            }
            return TextWidth.padded(line.joined(separator: "  "), to: width)
        }
    }

    /// Returns the columns to show and the widths of all.
    private func layout(_ width: Int) -> (kept: [Int], widths: [Int]) {
        var widths = self.columns.indices.map { index in
            if self.columns[index].isFlexible { return Self.flexibleMin }
            let cells = self.rows.map { $0[index] } + [self.columns[index].title]
            return min(Self.widthMax, cells.map { TextWidth.of($0) }.max() ?? 0)
        }
        var kept = Array(self.columns.indices)
        func total() -> Int { kept.reduce(0) { $0 + widths[$1] } + 2 * max(0, kept.count - 1) }
        while kept.count > 1, total() > width, let least = self.least(of: kept) {
            kept.removeAll { $0 == least }
        }
        if let flexible = kept.first(where: { self.columns[$0].isFlexible }) {
            widths[flexible] += max(0, width - total())
        }
        return (kept, widths)
    }

    /// Returns the column to omit next: the least worth, at last the flexible one and those from the right.
    private func least(of kept: [Int]) -> Int? {
        let inOrder = kept.reversed()
        let worth = inOrder.map { self.columns[$0].worth }.min() ?? .essential
        if worth < .essential { return inOrder.first { self.columns[$0].worth == worth } }
        return inOrder.first { self.columns[$0].isFlexible } ?? inOrder.first
    }
}
