internal import InventoryModel
import InventoryTransfer
import TerminalKit

/// Writes rows aligned under their headers, within the width of the terminal.
///
///     LOCATION  ON HAND − UNAVAILABLE − RESERVED = AVAILABLE   FLOOR
///     main            8             0          1           7       0
///
/// The first block of rows determines the widths, so that the first line appears at once; later rows may
/// widen a column. If the terminal is too narrow, long strings are truncated with … and columns are omitted
/// by their ``TextTable/Column/Worth``; the last line names them.
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
            buckets: style.buckets,
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
        let shown = Set(self.drawing.shown)
        let cells = rows.map { row in
            self.columns.enumerated().map { position, column in
                shown.contains(position)
                    ? RowStyle.flat(self.cells.text(table, row: row, column: column)) : ""
            }
        }
        for line in self.drawing.lines(cells) {
            bytes.append(line)
            bytes.append(0x0A)
        }
    }

    mutating func finish(into bytes: inout [UInt8]) {
        let omitted = self.drawing.omitted
        guard !omitted.isEmpty else { return }
        let names = omitted.joined(separator: ", ")
        let word = omitted.count == 1 ? "column does" : "columns do"
        let remark = "(\(omitted.count) \(word) not fit: \(names); select with --fields a,b)"
        for line in TextWidth.wrapped(remark, to: self.style.width ?? .max) {
            bytes.append(self.dim(line))
            bytes.append(0x0A)
        }
    }

    private func dim(_ text: String) -> String {
        self.style.hasColor ? "\u{1B}[2m\(text)\u{1B}[0m" : text
    }

    // MARK: - Columns

    private static func drawing(_ fields: [ResultField], _ style: RowStyle) -> TextTable {
        let names = fields.map { $0.name }
        let columns = fields.enumerated().map { index, field in
            let next = index + 1 < fields.count ? fields[index + 1].name : ""
            return TextTable.Column(
                field.name,
                field.isNumber ? .number : field.kind == .text ? .text : .other,
                worth: ColumnWorth.of(field.name, among: names),
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

    /// Returns the gap between two columns: an operator between those of the equation of available stock.
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
    /// Whether its cells are right-aligned.
    var isNumber: Bool {
        switch self.kind {
        case .integer, .money, .quantity, .number: true
        case .instant, .text, .boolean: false
        }
    }
}
