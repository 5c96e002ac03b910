import Inventory
import InventoryTransfer

/// Rows aligned under their heads, within the width of the terminal.
///
///     LOCATION  ON HAND − UNAVAILABLE − RESERVED = AVAILABLE   FLOOR
///     main            8             0          1           7       0
///
/// The first block of rows settles the widths, so that the first line appears at once; later rows may
/// widen a column. Where the terminal is too narrow, long texts are cut with …, then columns are left
/// out from the right, and a last line says which; columns that somebody chose are cut further before
/// one is left out.
struct TableWriter: RowWriter {
    private let style: RowStyle
    private let cells: CellText
    private var fields: [ResultField] = []
    private var columns: [Int] = []
    private var widths: [Int] = []
    private var leftOut: [String] = []
    private var rowCount = 0

    /// A text is cut to no fewer columns than these, and to no fewer than that at first.
    private static let textWidthMin = 8
    private static let textWidthGood = 24
    /// So many columns stay at least, unless they do not fit however much their texts are cut.
    private static let columnsKept = 6

    init(_ style: RowStyle) {
        self.style = style
        self.cells = CellText(
            currencyDecimals: style.currencyDecimals,
            clock: style.clock,
            groupsMoney: true
        )
    }

    mutating func begin(_ schema: [ResultField], into bytes: inout [UInt8]) {
        self.fields = schema
        self.columns = self.style.columns(of: schema)
    }

    mutating func write(_ table: ResultTable, _ rows: [Int], into bytes: inout [UInt8]) {
        guard !rows.isEmpty else { return }
        var texts = rows.map { row in
            self.columns.map { RowStyle.flat(self.cells.text(table, row, $0)) }
        }
        if self.rowCount == 0 {
            self.settle(texts)
            texts = rows.map { row in
                self.columns.map { RowStyle.flat(self.cells.text(table, row, $0)) }
            }
            self.writeHead(into: &bytes)
        } else if self.style.width == nil {
            self.widen(texts)
        }
        for line in texts { self.writeLine(line, into: &bytes) }
        self.rowCount += rows.count
    }

    mutating func finish(into bytes: inout [UInt8]) {
        guard !self.leftOut.isEmpty else { return }
        let names = self.leftOut.joined(separator: ", ")
        let word = self.leftOut.count == 1 ? "column does" : "columns do"
        bytes.append(
            self.dim("(\(self.leftOut.count) \(word) not fit: \(names); --fields a,b chooses)")
        )
        bytes.append(0x0A)
    }

    // MARK: - Widths

    private mutating func settle(_ texts: [[String]]) {
        self.widths = self.columns.map { TextWidth.of(Self.head(self.fields[$0].name)) }
        self.widen(texts)
        guard let width = self.style.width else { return }
        if self.style.fields.isEmpty {
            self.cutTexts(to: width, noNarrowerThan: Self.textWidthGood)
            self.leaveOut(to: width, keeping: Self.columnsKept)
        }
        self.cutTexts(to: width, noNarrowerThan: Self.textWidthMin)
        self.leaveOut(to: width, keeping: 1)
    }

    private mutating func leaveOut(to width: Int, keeping count: Int) {
        while self.total > width, self.columns.count > count {
            let column = self.columns.removeLast()
            self.leftOut.insert(self.fields[column].name, at: 0)
            self.widths.removeLast()
        }
    }

    private mutating func widen(_ texts: [[String]]) {
        for line in texts {
            for (index, text) in line.enumerated() {
                self.widths[index] = max(self.widths[index], TextWidth.of(text))
            }
        }
    }

    /// Takes from the widest texts, one column at a time, until all fits or none can give more.
    private mutating func cutTexts(to width: Int, noNarrowerThan narrowest: Int) {
        let texts = self.columns.indices.filter { self.fields[self.columns[$0]].kind == .text }
        var excess = self.total - width
        while excess > 0 {
            let widest = texts.max { self.widths[$0] < self.widths[$1] }
            guard let widest, self.widths[widest] > narrowest else { return }
            self.widths[widest] -= 1
            excess -= 1
        }
    }

    private var total: Int {
        self.widths.indices.reduce(0) { sum, index in
            sum + self.widths[index] + (index + 1 < self.widths.count ? self.gap(index).count : 0)
        }
    }

    // MARK: - Lines

    /// The equation of available stock reads as one.
    private func gap(_ index: Int) -> String {
        guard index + 1 < self.columns.count else { return "" }
        let pair = (
            self.fields[self.columns[index]].name, self.fields[self.columns[index + 1]].name
        )
        switch pair {
        case ("onHand", "unavailable"), ("unavailable", "reserved"): return " − "
        case ("reserved", "available"): return " = "
        case ("available", "floor"): return "   "
        default: return "  "
        }
    }

    private func writeHead(into bytes: inout [UInt8]) {
        let heads = self.columns.map { Self.head(self.fields[$0].name) }
        let line = self.line(heads) { $0 }
        bytes.append(self.style.hasColor ? "\u{1B}[1m\(line)\u{1B}[0m" : line)
        bytes.append(0x0A)
    }

    private func writeLine(_ cells: [String], into bytes: inout [UInt8]) {
        bytes.append(self.line(cells) { String(repeating: " ", count: $0.count) })
        bytes.append(0x0A)
    }

    private func line(_ cells: [String], _ gap: (String) -> String) -> String {
        var line = ""
        for index in cells.indices {
            let field = self.fields[self.columns[index]]
            // A number is never cut: rather than a wrong one, a line that sticks out.
            let isWide = TextWidth.of(cells[index]) > self.widths[index]
            let text =
                field.isNumber && isWide
                ? cells[index]
                : TextWidth.padded(
                    cells[index],
                    to: self.widths[index],
                    isRight: field.isNumber
                )
            line += self.colored(text, cells[index], field) + gap(self.gap(index))
        }
        while line.utf8.last == 0x20 { line.removeLast() }
        return line
    }

    /// Colour repeats what the text says, and says nothing by itself.
    private func colored(_ padded: String, _ text: String, _ field: ResultField) -> String {
        guard self.style.hasColor else { return padded }
        if field.isNumber, text.hasPrefix("-") { return "\u{1B}[31m\(padded)\u{1B}[0m" }
        guard field.name == "status" else { return padded }
        switch text {
        case "archived", "inactive": return "\u{1B}[2m\(padded)\u{1B}[0m"
        case "ok": return "\u{1B}[32m\(padded)\u{1B}[0m"
        case "FAILED": return "\u{1B}[31m\(padded)\u{1B}[0m"
        default: return padded
        }
    }

    private func dim(_ text: String) -> String {
        self.style.hasColor ? "\u{1B}[2m\(text)\u{1B}[0m" : text
    }

    /// `onHand` is ON HAND.
    static func head(_ name: String) -> String {
        var head = ""
        for character in name {
            if character.isUppercase { head += " " }
            head += character.uppercased()
        }
        return head
    }
}

extension ResultField {
    /// Whether its cells stand at the right.
    var isNumber: Bool {
        switch self.kind {
        case .integer, .money, .quantity, .number: true
        case .instant, .text, .boolean: false
        }
    }
}
