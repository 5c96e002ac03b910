internal import InventoryModel
import InventoryTransfer

/// Writes an object per row: as one array, one per line, or a single object.
///
/// Money is a string with its decimals, so that no parser makes it a floating-point number; quantities
/// and LSNs are numbers; missing values are null.
struct JSONWriter: RowWriter {
    private let style: RowStyle
    private let cells: CellText
    private var columns: [Int] = []
    private var keys: [String] = []
    private var rowCount = 0

    init(_ style: RowStyle) {
        self.style = style
        self.cells = CellText(currencyDecimals: style.currencyDecimals, buckets: style.buckets)
    }

    private var isLines: Bool { self.style.format == .ndjson || self.style.isSingle }

    mutating func begin(_ schema: [ResultField], into bytes: inout [UInt8]) {
        self.columns = self.style.columns(of: schema)
        self.keys = self.columns.map { JSONObject.quoted(schema[$0].name) + ":" }
    }

    mutating func write(_ table: ResultTable, _ rows: [Int], into bytes: inout [UInt8]) {
        for row in rows {
            if !self.isLines { bytes.append(self.rowCount == 0 ? "[" : ",\n ") }
            self.object(table, row, into: &bytes)
            if self.isLines { bytes.append(0x0A) }
            self.rowCount += 1
        }
    }

    mutating func finish(into bytes: inout [UInt8]) {
        guard !self.isLines else { return }
        bytes.append(self.rowCount == 0 ? "[]\n" : "]\n")
    }

    private func object(_ table: ResultTable, _ row: Int, into bytes: inout [UInt8]) {
        bytes.append(0x7B)
        for (index, column) in self.columns.enumerated() {
            if index > 0 { bytes.append(0x2C) }
            bytes.append(self.keys[index])
            let text = self.cells.text(table, row: row, column: column)
            switch (table.cell(row, column), table.columns[column].field.kind) {
            case (.none, _): bytes.append("null")
            case (_, .text), (_, .instant), (_, .money): bytes.append(JSONObject.quoted(text))
            default: bytes.append(text)
            }
        }
        bytes.append(0x7D)
    }
}
