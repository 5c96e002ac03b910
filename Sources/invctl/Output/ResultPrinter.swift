import Inventory

/// How output is written.
enum OutputFormat: String, CaseIterable, Sendable {
    case table, plain, json, ndjson, csv
}

/// Writes rows as they come, in the format asked for.
///
///     table    aligned, for people; holds the rows of one block to find the widths
///     plain    tab-separated with a head, when piped
///     json     one array of objects      ndjson   an object a line      csv   RFC 4180
struct ResultPrinter {
    let format: OutputFormat
    let currencyDecimals: UInt8
    /// The columns to show, in this order; all if empty.
    let fields: [String]
    /// Whether to print one object instead of an array with one.
    var isSingle = false

    private var rowCount = 0
    private var widths: [Int] = []

    init(_ format: OutputFormat, currencyDecimals: UInt8, fields: [String] = []) {
        self.format = format
        self.currencyDecimals = currencyDecimals
        self.fields = fields
    }

    /// Columns that only say how to show others.
    private static let hidden: Set<String> = [
        "unitDecimals", "priceBasis", "productId", "categoryId", "locationId", "unit",
        "reservedDelta", "originLine",
    ]

    private func shown(_ table: ResultTable) -> [Int] {
        if !self.fields.isEmpty { return self.fields.compactMap { table.column(named: $0) } }
        let all = Array(table.columns.indices)
        switch self.format {
        case .table, .plain:
            return all.filter { !Self.hidden.contains(table.columns[$0].field.name) }
        case .json, .ndjson, .csv:
            return all.filter { table.columns[$0].field.name != "unitDecimals" }
        }
    }

    mutating func print(_ table: ResultTable) {
        let columns = self.shown(table)
        switch self.format {
        case .table: self.printTable(table, columns)
        case .plain: self.printLines(table, columns, separator: "\t") { $0 }
        case .csv: self.printLines(table, columns, separator: ",", CSV.quoted)
        case .json, .ndjson: self.printJSON(table, columns)
        }
        self.rowCount += table.rowCount
    }

    /// Closes what was opened; call once after the last rows.
    mutating func finish(schema: [ResultField]) {
        switch self.format {
        case .json:
            if !self.isSingle { Terminal.print(self.rowCount == 0 ? "[]" : "]") }
        case .csv, .plain:
            if self.rowCount == 0 { self.print(ResultTable(schema)) }
        case .table, .ndjson:
            break
        }
    }

    // MARK: - Cells

    /// A cell as people write it.
    private func text(_ table: ResultTable, _ row: Int, _ column: Int) -> String {
        switch table.cell(row, column) {
        case .none: return ""
        case .text(let text): return text
        case .integer(let value):
            switch table.columns[column].field.kind {
            case .money: return DecimalText.format(value, decimals: self.currencyDecimals)
            case .quantity:
                return DecimalText.format(value, decimals: Self.unitDecimals(table, row))
            case .instant: return TimeText.format(value)
            case .boolean: return value == 0 ? "false" : "true"
            case .integer, .text: return String(value)
            }
        }
    }

    private static func unitDecimals(_ table: ResultTable, _ row: Int) -> UInt8 {
        guard let column = table.column(named: "unitDecimals"),
            case .integer(let decimals) = table.cell(row, column)
        else { return 0 }
        return UInt8(clamping: decimals)
    }

    // MARK: - Lines

    private func printLines(
        _ table: ResultTable,
        _ columns: [Int],
        separator: String,
        _ quote: (String) -> String
    ) {
        var lines = ""
        if self.rowCount == 0 {
            lines += columns.map { table.columns[$0].field.name }.joined(separator: separator)
            lines += "\n"
        }
        for row in 0..<table.rowCount {
            lines += columns.map { quote(self.text(table, row, $0)) }.joined(separator: separator)
            lines += "\n"
        }
        Terminal.write(lines, to: 1)
    }

    private mutating func printJSON(_ table: ResultTable, _ columns: [Int]) {
        var lines = ""
        for row in 0..<table.rowCount {
            var object = JSONObject()
            for column in columns {
                let field = table.columns[column].field
                let text = self.text(table, row, column)
                switch (table.cell(row, column), field.kind) {
                case (.none, _): object.add(field.name, raw: "null")
                case (_, .text), (_, .instant), (_, .money): object.add(field.name, text)
                default: object.add(field.name, raw: text)
                }
            }
            if self.format == .ndjson || self.isSingle {
                lines += object.text + "\n"
            } else {
                lines += (self.rowCount + row == 0 ? "[" : ",\n ") + object.text
            }
        }
        Terminal.write(lines, to: 1)
    }

    // MARK: - The table

    private mutating func printTable(_ table: ResultTable, _ columns: [Int]) {
        guard table.rowCount > 0 else { return }
        let rows = (0..<table.rowCount).map { row in
            columns.map { column -> String in
                let text = self.text(table, row, column)
                return table.columns[column].field.kind == .money
                    ? DecimalText.grouped(text) : text
            }
        }
        let heads = columns.map { Self.head(table.columns[$0].field.name) }
        let isFirst = self.widths.isEmpty
        for index in columns.indices {
            let widest = rows.map { Self.width($0[index]) }.max() ?? 0
            let width = max(Self.width(heads[index]), widest)
            if isFirst {
                self.widths.append(width)
            } else {
                self.widths[index] = max(self.widths[index], width)
            }
        }
        var lines = isFirst ? self.line(heads, table, columns) : ""
        for row in rows { lines += self.line(row, table, columns) }
        Terminal.write(lines, to: 1)
    }

    private func line(_ cells: [String], _ table: ResultTable, _ columns: [Int]) -> String {
        var line = ""
        for (index, cell) in cells.enumerated() {
            let padding = String(repeating: " ", count: self.widths[index] - Self.width(cell))
            let isNumber: Bool =
                switch table.columns[columns[index]].field.kind {
                case .integer, .money, .quantity: true
                case .instant, .text, .boolean: false
                }
            line += isNumber ? padding + cell : cell + padding
            line += "  "
        }
        while line.hasSuffix(" ") { line.removeLast() }
        return line + "\n"
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

    /// Columns of a terminal that a text takes; wide characters take two.
    static func width(_ text: String) -> Int {
        text.unicodeScalars.reduce(0) { sum, scalar in
            switch scalar.value {
            case 0x300...0x36F, 0x200B...0x200F, 0xFE00...0xFE0F: sum
            case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF,
                0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF:
                sum + 2
            default: sum + 1
            }
        }
    }
}

/// One JSON object, written in the order of its members.
struct JSONObject {
    private var members: [String] = []

    mutating func add(_ name: String, _ value: String) {
        self.add(name, raw: Self.quoted(value))
    }

    /// A value that is JSON already: a number, `null`, an object.
    mutating func add(_ name: String, raw: String) {
        self.members.append(Self.quoted(name) + ":" + raw)
    }

    var text: String { "{" + self.members.joined(separator: ",") + "}" }

    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case let scalar where scalar.value < 0x20:
                let hex = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - hex.utf8.count) + hex
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
