/// Rows of cells as lines aligned under their heads, within a width.
///
///     LOCATION  ON HAND − UNAVAILABLE − RESERVED = AVAILABLE   FLOOR
///     main            8             0          1           7       0
///
/// The first block of rows settles the widths, so that the first line appears at once; later rows may
/// widen a column where there is no width to keep. Where it is too narrow, long texts are cut with …,
/// then columns are left out from the right; columns that somebody chose are cut further before one is
/// left out.
package struct TextTable {
    /// What stands in the cells under one head.
    package struct Column: Sendable {
        package enum Kind: Sendable {
            /// At the left, and cut where there is no space for it.
            case text
            /// At the right, and never cut.
            case number
            /// At the left, and as wide as it must be.
            case other
        }

        var name: String
        var kind: Kind
        /// What stands between it and the next column.
        var gap: String
        /// The numbers of colours that cells with these texts have.
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

    /// The names of the columns that do not fit, once the first lines were drawn.
    package private(set) var leftOut: [String] = []

    /// A text is cut to no fewer columns than these, and to no fewer than that at first.
    private static let textWidthMin = 8
    private static let textWidthGood = 24
    /// So many columns stay at least, unless they do not fit however much their texts are cut.
    private static let columnsKept = 6

    /// `width` is that of a line, nothing for any; `isChosen` says that somebody chose the columns.
    package init(_ columns: [Column], width: Int?, isChosen: Bool, hasColor: Bool) {
        self.columns = columns
        self.width = width
        self.isChosen = isChosen
        self.hasColor = hasColor
    }

    /// How many columns are shown: what stands in further cells of a row is not looked at.
    package var columnCount: Int { self.columns.count }

    /// The lines of some rows, of which there is one at least; the first time with the head above them.
    package mutating func lines(_ rows: [[String]]) -> [String] {
        var lines: [String] = []
        if !self.hasBegun {
            self.hasBegun = true
            self.settle(rows)
            lines.append(self.head)
        } else if self.width == nil {
            self.widen(rows)
        }
        return lines + rows.map { self.line($0) { String(repeating: " ", count: $0.count) } }
    }

    // MARK: - Widths

    private mutating func settle(_ rows: [[String]]) {
        self.widths = self.columns.map { TextWidth.of(Self.head($0.name)) }
        self.widen(rows)
        guard let width = self.width else { return }
        if !self.isChosen {
            self.cutStrings(to: width, noNarrowerThan: Self.textWidthGood)
            self.leaveOut(to: width, keeping: Self.columnsKept)
        }
        self.cutStrings(to: width, noNarrowerThan: Self.textWidthMin)
        self.leaveOut(to: width, keeping: 1)
    }

    private mutating func leaveOut(to width: Int, keeping count: Int) {
        while self.total > width, self.columns.count > count {
            self.leftOut.insert(self.columns.removeLast().name, at: 0)
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

    /// Takes from the widest texts, one column at a time, until all fits or none can give more.
    private mutating func cutStrings(to width: Int, noNarrowerThan narrowest: Int) {
        let texts = self.columns.indices.filter { self.columns[$0].kind == .text }
        var excess = self.total - width
        while excess > 0 {
            let widest = texts.max { self.widths[$0] < self.widths[$1] }
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
            // A number is never cut: rather than a wrong one, a line that sticks out.
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

    /// Colour repeats what the text says, and says nothing by itself.
    private func colored(_ padded: String, text: String, column: Column) -> String {
        guard self.hasColor else { return padded }
        let isNegative = column.kind == .number && text.hasPrefix("-")
        guard let color = isNegative ? 31 : column.colors[text] else { return padded }
        return "\u{1B}[\(color)m\(padded)\u{1B}[0m"
    }

    /// `onHand` is ON HAND.
    private static func head(_ name: String) -> String {
        var head = ""
        for character in name {
            if character.isUppercase { head += " " }
            head += character.uppercased()
        }
        return head
    }
}
