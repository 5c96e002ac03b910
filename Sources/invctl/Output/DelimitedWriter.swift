internal import InventoryModel
import InventoryTransfer
import TerminalKit

/// Writes a header with the column names, then one line per row, its cells separated by one byte.
struct DelimitedWriter: RowWriter {
    private let style: RowStyle
    private let cells: CellText
    private let separator: UInt8
    private let quote: (String) -> String
    private var columns: [Int] = []

    init(_ style: RowStyle, separator: UInt8, quote: @escaping (String) -> String) {
        self.style = style
        self.cells = CellText(currencyDecimals: style.currencyDecimals, buckets: style.buckets)
        self.separator = separator
        self.quote = quote
    }

    mutating func begin(_ schema: [ResultField], into bytes: inout [UInt8]) {
        self.columns = self.style.columns(of: schema)
        for (index, column) in self.columns.enumerated() {
            if index > 0 { bytes.append(self.separator) }
            bytes.append(schema[column].name)
        }
        bytes.append(0x0A)
    }

    mutating func write(_ table: ResultTable, _ rows: [Int], into bytes: inout [UInt8]) {
        for row in rows {
            for (index, column) in self.columns.enumerated() {
                if index > 0 { bytes.append(self.separator) }
                bytes.append(self.quote(self.text(table, row: row, column: column)))
            }
            bytes.append(0x0A)
        }
    }

    private func text(_ table: ResultTable, row: Int, column: Int) -> String {
        let text = self.cells.text(table, row: row, column: column)
        let isText = table.columns[column].field.kind == .text
        if self.style.sanitizesFormulas, isText, let first = text.first, "=+-@\t\r".contains(first)
        {
            return "'" + text
        }
        return self.style.isForTerminal ? SafeText.lines(text) : text
    }

    mutating func finish(into bytes: inout [UInt8]) {
        // Every line is complete already.
    }
}

/// Writes a Markdown table: `| a | b |`, numbers right-aligned.
struct MarkdownWriter: RowWriter {
    private let style: RowStyle
    private let cells: CellText
    private var columns: [Int] = []

    init(_ style: RowStyle) {
        self.style = style
        self.cells = CellText(
            currencyDecimals: style.currencyDecimals,
            clock: style.clock,
            buckets: style.buckets
        )
    }

    mutating func begin(_ schema: [ResultField], into bytes: inout [UInt8]) {
        self.columns = self.style.columns(of: schema)
        self.line(self.columns.map { schema[$0].name }, into: &bytes)
        self.line(self.columns.map { schema[$0].isNumber ? "---:" : "---" }, into: &bytes)
    }

    mutating func write(_ table: ResultTable, _ rows: [Int], into bytes: inout [UInt8]) {
        for row in rows {
            self.line(
                self.columns.map {
                    RowStyle.flat(self.cells.text(table, row: row, column: $0)).replacing(
                        "|",
                        with: "\\|"
                    )
                },
                into: &bytes
            )
        }
    }

    mutating func finish(into bytes: inout [UInt8]) {
        // Every line is complete already.
    }

    private func line(_ cells: [String], into bytes: inout [UInt8]) {
        bytes.append("| " + cells.joined(separator: " | ") + " |\n")
    }
}
