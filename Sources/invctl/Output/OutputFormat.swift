internal import InventoryModel
import InventoryTransfer

/// How rows are written.
///
///     table   aligned, for people at a terminal       md     a table for documents
///     plain   tab-separated with a head, when piped   csv    RFC 4180
///     json    one array of objects                    tsv    as csv with tabs; tab and line end as \t, \n
///     ndjson  an object a line
enum OutputFormat: String, CaseIterable, Sendable {
    case table, plain, json, ndjson, csv, tsv, md

    /// Whether programs read it, who want every column and the parts of a sentence.
    var isJSON: Bool { self == .json || self == .ndjson }

    /// Whether people read it, who are spared the columns that only say how to show others.
    var isForPeople: Bool { self == .table || self == .plain || self == .md }
}

/// How one answer is to be written.
struct RowStyle: Sendable {
    var format: OutputFormat
    var currencyDecimals: UInt8
    /// The columns to show, in this order; all if empty.
    var fields: [String] = []
    /// Columns that say nothing here, such as the SKU where only one was asked for; for people.
    var omitted: Set<String> = []
    /// Whether to write one object instead of an array with one.
    var isSingle = false
    /// Columns of the terminal; nothing where there is none to fit.
    var width: Int?
    var hasColor = false
    var clock = ClockText()

    /// Columns that only say how to show others.
    private static let hidden: Set<String> = [
        "unitDecimals", "priceBasis", "productId", "categoryId", "locationId", "unit",
        "reservedDelta", "originLine",
    ]

    /// The columns that are shown, in order.
    func columns(of schema: [ResultField]) -> [Int] {
        if !self.fields.isEmpty {
            return self.fields.compactMap { name in schema.firstIndex { $0.name == name } }
        }
        return schema.indices.filter { index in
            let name = schema[index].name
            guard self.format.isForPeople else { return name != "unitDecimals" }
            return !Self.hidden.contains(name) && !self.omitted.contains(name)
        }
    }

    /// A writer of this style.
    func writer() -> any RowWriter {
        switch self.format {
        case .table: TableWriter(self)
        case .md: MarkdownWriter(self)
        case .json, .ndjson: JSONWriter(self)
        case .plain: DelimitedWriter(self, separator: 0x09, quote: Self.flat)
        case .tsv: DelimitedWriter(self, separator: 0x09, quote: Self.escaped)
        case .csv: DelimitedWriter(self, separator: 0x2C, quote: CSV.quoted)
        }
    }

    /// One cell on one line.
    static func flat(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 < 0x20 }) else { return text }
        return String(
            String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 ? " " : $0 })
        )
    }

    private static func escaped(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x5C }) else { return text }
        return text.replacing("\\", with: "\\\\").replacing("\t", with: "\\t")
            .replacing("\n", with: "\\n").replacing("\r", with: "\\r")
    }
}

/// Writes rows in one format: the head once its columns are known, rows as they come, the end.
protocol RowWriter {
    mutating func begin(_ schema: [ResultField], into bytes: inout [UInt8])
    /// Rows of a table, by their numbers in it.
    mutating func write(_ table: ResultTable, _ rows: [Int], into bytes: inout [UInt8])
    mutating func finish(into bytes: inout [UInt8])
}
