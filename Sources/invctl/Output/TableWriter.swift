internal import InventoryModel
import InventoryTransfer
import TerminalKit

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
    private var columns: [Int] = []
    private var drawing: TextTable

    init(_ style: RowStyle) {
        self.style = style
        self.cells = CellText(
            currencyDecimals: style.currencyDecimals,
            clock: style.clock,
            groupsMoney: true
        )
        self.drawing = Self.drawing([], style)
    }

    mutating func begin(_ schema: [ResultField], into bytes: inout [UInt8]) {
        self.columns = self.style.columns(of: schema)
        self.drawing = Self.drawing(self.columns.map { schema[$0] }, self.style)
    }

    mutating func write(_ table: ResultTable, _ rows: [Int], into bytes: inout [UInt8]) {
        guard !rows.isEmpty else { return }
        let columns = self.columns.prefix(self.drawing.columnCount)
        let texts = rows.map { row in
            columns.map { RowStyle.flat(self.cells.text(table, row: row, column: $0)) }
        }
        for line in self.drawing.lines(texts) {
            bytes.append(line)
            bytes.append(0x0A)
        }
    }

    mutating func finish(into bytes: inout [UInt8]) {
        let leftOut = self.drawing.leftOut
        guard !leftOut.isEmpty else { return }
        let names = leftOut.joined(separator: ", ")
        let word = leftOut.count == 1 ? "column does" : "columns do"
        bytes.append(
            self.dim("(\(leftOut.count) \(word) not fit: \(names); --fields a,b chooses)")
        )
        bytes.append(0x0A)
    }

    private func dim(_ text: String) -> String {
        self.style.hasColor ? "\u{1B}[2m\(text)\u{1B}[0m" : text
    }

    // MARK: - Columns

    private static func drawing(_ fields: [ResultField], _ style: RowStyle) -> TextTable {
        let columns = fields.enumerated().map { index, field in
            let next = index + 1 < fields.count ? fields[index + 1].name : ""
            return TextTable.Column(
                field.name,
                field.isNumber ? .number : field.kind == .text ? .text : .other,
                gap: self.gap(field.name, next),
                colors: field.name == "status" ? self.statusColors : [:]
            )
        }
        return TextTable(
            columns,
            width: style.width,
            isChosen: !style.fields.isEmpty,
            hasColor: style.hasColor
        )
    }

    /// The equation of available stock reads as one.
    private static func gap(_ name: String, _ next: String) -> String {
        switch (name, next) {
        case ("onHand", "unavailable"), ("unavailable", "reserved"): " − "
        case ("reserved", "available"): " = "
        case ("available", "floor"): "   "
        default: "  "
        }
    }

    private static let statusColors = ["archived": 2, "inactive": 2, "ok": 32, "FAILED": 31]
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
