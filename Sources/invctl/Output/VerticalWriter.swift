internal import InventoryModel
import InventoryTransfer
import TerminalKit

/// Writes a line per field, its name before its value, and a blank line between two rows.
///
///     SKU        LAP-01
///     NAME       A laptop with a name too long for a column
///     ON HAND    8
///
/// It shows one thing whole where a table would not fit the terminal; a longer value continues under itself.
struct VerticalWriter: RowWriter {
    private let style: RowStyle
    private let cells: CellText
    private var columns: [Int] = []
    private var heads: [String] = []
    private var rowCount = 0

    init(_ style: RowStyle) {
        self.style = style
        self.cells = CellText(
            currencyDecimals: style.currencyDecimals,
            clock: style.clock,
            buckets: style.buckets,
            groupsMoney: true
        )
    }

    mutating func begin(_ schema: [ResultField], into bytes: inout [UInt8]) {
        self.columns = self.style.columns(of: schema)
        let heads = self.columns.map { TextTable.head(schema[$0].name) }
        let width = heads.map { TextWidth.of($0) }.max() ?? 0
        self.heads = heads.map { TextWidth.padded($0, to: width) + "  " }
    }

    mutating func write(_ table: ResultTable, _ rows: [Int], into bytes: inout [UInt8]) {
        for row in rows {
            if self.rowCount > 0 { bytes.append(0x0A) }
            self.rowCount += 1
            for (head, column) in zip(self.heads, self.columns) {
                let text = RowStyle.flat(self.cells.text(table, row: row, column: column))
                for (index, line) in self.lines(of: text, behind: head).enumerated() {
                    let start =
                        index == 0
                        ? self.bold(head) : String(repeating: " ", count: TextWidth.of(head))
                    bytes.append(start + line)
                    while bytes.last == 0x20 { bytes.removeLast() }
                    bytes.append(0x0A)
                }
            }
        }
    }

    mutating func finish(into bytes: inout [UInt8]) {
        // Every line is complete already.
    }

    /// Returns a value in lines that fit the terminal behind the names; at least one.
    private func lines(of text: String, behind head: String) -> [String] {
        guard let width = self.style.width else { return [text] }
        let space = width - TextWidth.of(head)
        guard space > Self.valueWidthMin, TextWidth.of(text) > space else { return [text] }
        return TextWidth.wrapped(text, to: space)
    }

    /// The fewest columns for values; a narrower terminal breaks lines itself.
    private static let valueWidthMin = 12

    private func bold(_ text: String) -> String {
        self.style.hasColor ? "\u{1B}[1m\(text)\u{1B}[0m" : text
    }
}
