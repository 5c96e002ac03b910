/// Formats rows of cells as lines aligned under a header, within a width.
///
///     LOCATION  ON HAND − UNAVAILABLE − RESERVED = AVAILABLE   FLOOR
///     main            8             0          1           7       0
///
/// The first block of rows determines the widths, so that the first line appears at once; later rows
/// may widen a column if the width is unlimited. If the width is too small, long strings are truncated
/// with …, then columns are omitted from the right; columns that the user chose are truncated further
/// before one is omitted.
package struct TextTable {
    /// A column: its name, alignment and colors.
    package struct Column: Sendable {
        package enum Kind: Sendable {
            /// Left-aligned, and truncated if there is no space.
            case text
            /// Right-aligned, and never truncated.
            case number
            /// Left-aligned, and as wide as necessary.
            case other
        }

        var name: String
        var kind: Kind
        /// The separator between it and the next column.
        var gap: String
        /// ANSI color numbers by cell text.
        var colors: [String: Int]

        package init(
            _ name: String,
            _ kind: Kind,
            gap: String = "  ",
            colors: [String: Int] = [:]
        ) {
            self.name = name
            self.kind = kind
            self.gap = gap
            self.colors = colors
        }
    }

    private var columns: [Column]
    private let width: Int?
    private let isChosen: Bool
    private let hasColor: Bool
    private var widths: [Int] = []
    private var hasBegun = false

    /// The names of the columns that do not fit, known once the first lines are formatted.
    package private(set) var omitted: [String] = []

    /// The smallest width of a truncated text column: `textWidthGood` at first, then `textWidthMin`.
    private static let textWidthMin = 8
    private static let textWidthGood = 24
    /// The columns not to omit, unless they do not fit at `textWidthMin`.
    private static let columnsKept = 6

    /// Creates a table.
    ///
    /// - Parameters:
    ///   - columns: The columns, from left to right.
    ///   - width: The width of a line, in terminal columns; `nil` for unlimited.
    ///   - isChosen: Whether the user chose the columns.
    ///   - hasColor: Whether to write ANSI colors.
    package init(_ columns: [Column], width: Int?, isChosen: Bool, hasColor: Bool) {
        self.columns = columns
        self.width = width
        self.isChosen = isChosen
        self.hasColor = hasColor
    }

    /// The number of columns shown; further cells of a row are ignored.
    package var columnCount: Int { self.columns.count }

    /// Returns the lines of `rows`, which must not be empty; the first call puts the header above them.
    package mutating func lines(_ rows: [[String]]) -> [String] {
        var lines: [String] = []
        if !self.hasBegun {
            self.hasBegun = true
            self.determineWidths(rows)
            lines.append(self.head)
        } else if self.width == nil {
            self.widen(rows)
        }
        return lines + rows.map { self.line($0) { String(repeating: " ", count: $0.count) } }
    }

    // MARK: - Widths

    private mutating func determineWidths(_ rows: [[String]]) {
        self.widths = self.columns.map { TextWidth.of(Self.head($0.name)) }
        self.widen(rows)
        guard let width = self.width else { return }
        if !self.isChosen {
            self.truncateText(to: width, noNarrowerThan: Self.textWidthGood)
            self.omitColumns(to: width, keeping: Self.columnsKept)
        }
        self.truncateText(to: width, noNarrowerThan: Self.textWidthMin)
        self.omitColumns(to: width, keeping: 1)
    }

    private mutating func omitColumns(to width: Int, keeping count: Int) {
        while self.total > width, self.columns.count > count {
            self.omitted.insert(self.columns.removeLast().name, at: 0)
            self.widths.removeLast()
        }
    }

    private mutating func widen(_ rows: [[String]]) {
        for cells in rows {
            for (index, text) in cells.enumerated() {
                self.widths[index] = max(self.widths[index], TextWidth.of(text))
            }
        }
    }

    /// Narrows the widest text column, one terminal column at a time, until the line fits or no text
    /// column is wider than `narrowest`.
    private mutating func truncateText(to width: Int, noNarrowerThan narrowest: Int) {
        let textColumns = self.columns.indices.filter { self.columns[$0].kind == .text }
        var excess = self.total - width
        while excess > 0 {
            let widest = textColumns.max { self.widths[$0] < self.widths[$1] }
            guard let widest, self.widths[widest] > narrowest else { return }
            self.widths[widest] -= 1
            excess -= 1
        }
    }

    private var total: Int {
        self.widths.indices.reduce(0) { $0 + self.widths[$1] + self.gap($1).count }
    }

    // MARK: - Lines

    private func gap(_ index: Int) -> String {
        index + 1 < self.columns.count ? self.columns[index].gap : ""
    }

    private var head: String {
        let line = self.line(self.columns.map { Self.head($0.name) }) { $0 }
        return self.hasColor ? "\u{1B}[1m\(line)\u{1B}[0m" : line
    }

    private func line(_ cells: [String], _ gap: (String) -> String) -> String {
        var line = ""
        for (index, column) in self.columns.enumerated() {
            // A number is never truncated: a long line is better than a wrong number.
            let isNumber = column.kind == .number
            let isWide = TextWidth.of(cells[index]) > self.widths[index]
            let text =
                isNumber && isWide
                ? cells[index]
                : TextWidth.padded(cells[index], to: self.widths[index], isRight: isNumber)
            line += self.colored(text, text: cells[index], column: column) + gap(self.gap(index))
        }
        while line.utf8.last == 0x20 { line.removeLast() }
        return line
    }

    /// Returns the cell in its color, which only repeats what the text says.
    private func colored(_ padded: String, text: String, column: Column) -> String {
        guard self.hasColor else { return padded }
        let isNegative = column.kind == .number && text.hasPrefix("-")
        guard let color = isNegative ? 31 : column.colors[text] else { return padded }
        return "\u{1B}[\(color)m\(padded)\u{1B}[0m"
    }

    /// Returns the header of a column: `onHand` becomes ON HAND.
    private static func head(_ name: String) -> String {
        var head = ""
        for character in name {
            if character.isUppercase { head += " " }
            head += character.uppercased()
        }
        return head
    }
}
