/// Formats rows of cells as lines aligned under a header, within a width.
///
///     LOCATION  ON HAND − UNAVAILABLE − RESERVED = AVAILABLE   FLOOR
///     main            8             0          1           7       0
///
/// The first block of rows determines the widths, so that the first line appears at once; later rows
/// may widen a column if the width is unlimited. If the width is too small, long strings are truncated
/// with …, and columns are omitted by their worth, of equal worth from the right; columns that the user chose
/// are truncated as far as possible before one is omitted.
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

        /// How much a column matters if not all fit.
        package enum Worth: Int, Comparable, Sendable {
            /// A picture of another column, without a name.
            case decoration
            /// What only explains a row: who recorded it, and its versions.
            case record
            case detail
            case normal
            case essential
            /// What the list is for.
            case vital

            package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
        }

        var name: String
        var kind: Kind
        var worth: Worth
        /// The separator between it and the next column.
        var gap: String
        /// ANSI color numbers by cell text.
        var colors: [String: Int]

        package init(
            _ name: String,
            _ kind: Kind,
            worth: Worth = .normal,
            gap: String = "  ",
            colors: [String: Int] = [:]
        ) {
            self.name = name
            self.kind = kind
            self.worth = worth
            self.gap = gap
            self.colors = colors
        }
    }

    private let columns: [Column]
    private let width: Int?
    private let isChosen: Bool
    private let hasColor: Bool
    private var widths: [Int]
    private var hasBegun = false

    /// The indices of the columns that are shown, once the first lines are formatted: those that fit.
    package private(set) var shown: [Int]

    /// The smallest widths of a truncated text column, before columns of each worth are omitted.
    private static let stages: [(textWidthMin: Int, omitted: Column.Worth)] = [
        (24, .decoration), (24, .record), (16, .detail), (8, .normal), (8, .essential), (8, .vital),
    ]
    private static let textWidthMin = 8

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
        self.shown = Array(columns.indices)
        self.widths = columns.map { TextWidth.of(Self.head($0.name)) }
    }

    /// The names of the columns that do not fit, but for pictures.
    package var omitted: [String] {
        self.columns.indices.filter {
            !self.shown.contains($0) && self.columns[$0].worth != .decoration
        }.map { self.columns[$0].name }
    }

    /// Returns the lines of `rows`, each a cell for every column; the first call puts the header above them.
    ///
    /// Cells of columns that are not shown are ignored. The first rows must not be empty.
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
        self.widen(rows)
        guard let width = self.width else { return }
        let natural = self.widths
        if self.isChosen {
            self.truncateText(to: width, noNarrowerThan: Self.textWidthMin)
            self.omitColumns(to: width, upTo: .vital, isRanked: false)
        } else {
            for stage in Self.stages {
                self.truncateText(to: width, noNarrowerThan: stage.textWidthMin)
                self.omitColumns(to: width, upTo: stage.omitted)
            }
        }
        // What was truncated or omitted before the last column was may fit now.
        self.widths = natural
        self.restoreColumns(to: width)
        self.truncateText(to: width, noNarrowerThan: Self.textWidthMin)
    }

    /// Omits columns up to a worth until the line fits or one is left: the least worth first, or simply the
    /// last.
    private mutating func omitColumns(
        to width: Int,
        upTo worth: Column.Worth,
        isRanked: Bool = true
    ) {
        while self.total > width, self.shown.count > 1 {
            let candidates = self.shown.filter { self.columns[$0].worth <= worth }
            let least = candidates.last { index in
                !isRanked
                    || candidates.allSatisfy { self.columns[index].worth <= self.columns[$0].worth }
            }
            guard let least else { return }
            self.shown.removeAll { $0 == least }
        }
    }

    /// Shows omitted columns that fit beside the others, the most worth first.
    private mutating func restoreColumns(to width: Int) {
        guard !self.isChosen else { return }
        let omitted = self.columns.indices.filter { !self.shown.contains($0) }
        for index in omitted.sorted(by: { self.columns[$0].worth > self.columns[$1].worth }) {
            let before = self.shown
            self.shown = (before + [index]).sorted()
            if self.total > width { self.shown = before }
        }
    }

    private mutating func widen(_ rows: [[String]]) {
        for cells in rows {
            for index in self.shown {
                self.widths[index] = max(self.widths[index], TextWidth.of(cells[index]))
            }
        }
    }

    /// Narrows the widest text column, one terminal column at a time, until the line fits or no text
    /// column is wider than `narrowest`.
    private mutating func truncateText(to width: Int, noNarrowerThan narrowest: Int) {
        let textColumns = self.shown.filter { self.columns[$0].kind == .text }
        var excess = self.total - width
        while excess > 0 {
            let widest = textColumns.max { self.widths[$0] < self.widths[$1] }
            guard let widest, self.widths[widest] > narrowest else { return }
            self.widths[widest] -= 1
            excess -= 1
        }
    }

    private var total: Int {
        self.shown.indices.reduce(0) {
            $0 + self.widths[self.shown[$1]] + self.gap($1).count
        }
    }

    // MARK: - Lines

    /// Returns the gap after the shown column at a position.
    private func gap(_ position: Int) -> String {
        guard position + 1 < self.shown.count else { return "" }
        // An operator stands only between its two operands.
        let index = self.shown[position]
        return self.shown[position + 1] == index + 1 ? self.columns[index].gap : "  "
    }

    private var head: String {
        let line = self.line(self.columns.map { Self.head($0.name) }) { $0 }
        return self.hasColor ? "\u{1B}[1m\(line)\u{1B}[0m" : line
    }

    private func line(_ cells: [String], _ gap: (String) -> String) -> String {
        var line = ""
        for (position, index) in self.shown.enumerated() {
            let column = self.columns[index]
            // A number is never truncated: a long line is better than a wrong number.
            let isNumber = column.kind == .number
            let isWide = TextWidth.of(cells[index]) > self.widths[index]
            let text =
                isNumber && isWide
                ? cells[index]
                : TextWidth.padded(cells[index], to: self.widths[index], isRight: isNumber)
            line += self.colored(text, text: cells[index], column: column)
            line += gap(self.gap(position))
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

    /// Traps if the shown columns are not in order, or the lines are wider than they may be.
    package func checkInvariants() {
        precondition(
            zip(self.shown, self.shown.dropFirst()).allSatisfy { $0 < $1 },
            "the shown columns \(self.shown) are not in order"
        )
        precondition(
            self.shown.allSatisfy { self.columns.indices.contains($0) },
            "\(self.shown) of \(self.columns.count) columns are shown"
        )
        guard let width, self.hasBegun else { return }
        precondition(
            self.total <= width || self.shown.count <= 1,
            "lines of \(self.total) columns on a terminal of \(width)"
        )
    }

    /// Returns the header of a column: `onHand` becomes ON HAND.
    package static func head(_ name: String) -> String {
        var head = ""
        for character in name {
            if character.isUppercase { head += " " }
            head += character.uppercased()
        }
        return head
    }
}
