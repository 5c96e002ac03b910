import Foundation
internal import InventoryModel
import InventoryTransfer
import TerminalKit

/// The format of rows.
///
///     table      aligned, for people at a terminal         md     a Markdown table
///     vertical   one line per field, for people            csv    RFC 4180
///     plain      tab-separated with a header, when piped   tsv    as csv with tabs; tab, newline as \t, \n
///     json       one array of objects
///     ndjson     one object per line
enum OutputFormat: String, CaseIterable, Sendable {
    case table, vertical, plain, json, ndjson, csv, tsv, md

    /// Whether the format is JSON, with every column, and the parts of a message as fields.
    var isJSON: Bool { self == .json || self == .ndjson }

    /// Whether the format is for people, without columns that only determine how others are shown.
    var isForPeople: Bool {
        switch self {
        case .table, .vertical, .plain, .md: true
        case .json, .ndjson, .csv, .tsv: false
        }
    }

    /// Whether a command that lists nothing can answer in the format: with a sentence, or with an object.
    var isForAnswers: Bool { self.isForPeople && self != .md || self.isJSON }
}

/// How to write one answer.
struct RowStyle: Sendable {
    var format: OutputFormat
    var currencyDecimals: UInt8
    /// The columns to show, in this order; all if empty.
    var fields: [String] = []
    /// Columns hidden from people because they are redundant, such as the SKU of a single product.
    var omitted: Set<String> = []
    /// Whether to write one object instead of an array with one.
    var isSingle = false
    /// The width of the terminal in columns; `nil` for unlimited.
    var width: Int?
    var hasColor = false
    /// Whether a terminal receives the output: cells then have no characters that steer it.
    var isForTerminal = false
    /// Whether every column is written, also those that are there for other columns: an import needs them.
    var isExport = false
    /// Whether text that a spreadsheet would take for a formula is written as text.
    var sanitizesFormulas = false
    var clock = ClockText()
    /// The zone of instants in conditions.
    var zone = TimeText.utc
    /// The labels of spans of time; `nil` if the answer has none.
    var buckets: BucketText?

    /// Columns that only determine how others are shown.
    private static let hidden: Set<String> = [
        "unitDecimals", "priceBasis", "productId", "categoryId", "locationId", "unit",
        "reservedDelta", "originLine",
    ]

    /// Returns the indices of the shown columns, in order.
    func columns(of schema: [ResultField]) -> [Int] {
        if !self.fields.isEmpty {
            return self.fields.compactMap { name in schema.firstIndex { $0.name == name } }
        }
        return schema.indices.filter { index in
            let name = schema[index].name
            if self.isExport { return true }
            guard self.format.isForPeople else { return name != "unitDecimals" }
            return !Self.hidden.contains(name) && !self.omitted.contains(name)
        }
    }

    /// Returns a writer for this style.
    func writer() -> any RowWriter {
        switch self.format {
        case .table: TableWriter(self)
        case .vertical: VerticalWriter(self)
        case .md: MarkdownWriter(self)
        case .json, .ndjson: JSONWriter(self)
        case .plain: DelimitedWriter(self, separator: 0x09, quote: Self.flat)
        case .tsv where self.isExport: DelimitedWriter(self, separator: 0x09, quote: Self.quoted)
        case .tsv: DelimitedWriter(self, separator: 0x09, quote: Self.escaped)
        case .csv: DelimitedWriter(self, separator: 0x2C, quote: CSV.quoted)
        }
    }

    /// Returns the text of a cell on one line, without characters that steer a terminal.
    static func flat(_ text: String) -> String { SafeText.line(text) }

    /// Returns a cell as an import reads it: quoted as in CSV, also for the sake of tabs.
    private static func quoted(_ text: String) -> String {
        let quoted = CSV.quoted(text)
        return text.contains("\t") && !quoted.hasPrefix("\"") ? "\"\(text)\"" : quoted
    }

    private static func escaped(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x5C }) else { return text }
        return text.replacing("\\", with: "\\\\").replacing("\t", with: "\\t")
            .replacing("\n", with: "\\n").replacing("\r", with: "\\r")
    }
}

/// Writes rows in one format: the header once the columns are known, rows as they arrive, the end.
protocol RowWriter {
    mutating func begin(_ schema: [ResultField], into bytes: inout [UInt8])
    /// Writes rows of a table, given by their indices in it.
    mutating func write(_ table: ResultTable, _ rows: [Int], into bytes: inout [UInt8])
    mutating func finish(into bytes: inout [UInt8])
}
