import Inventory

/// What `--sort a,-b` asks for: columns, `-` before one turns it round; ties keep their order.
///
/// Quantities are compared as they are written: 52 pieces are more than half a kilogram.
///
/// Sorting has to see every row, so it holds them; with a limit it holds twice that many.
struct RowOrder {
    private struct Key {
        var column: Int
        var isDescending: Bool
        var kind: ResultKind
    }

    private let keys: [Key]
    private let limit: Int?
    private var held: ResultTable

    init?(_ text: String?, _ schema: [ResultField], limit: Int?) throws(Failure) {
        guard let text, !text.isEmpty else { return nil }
        var keys: [Key] = []
        for part in text.split(separator: ",") {
            let isDescending = part.hasPrefix("-")
            let name = String(isDescending ? part.dropFirst() : part)
            guard let column = schema.firstIndex(where: { $0.name == name }) else {
                throw Failure.noColumn(name, schema)
            }
            keys.append(Key(column: column, isDescending: isDescending, kind: schema[column].kind))
        }
        self.keys = keys
        self.limit = limit
        self.held = ResultTable(schema)
    }

    mutating func take(_ table: ResultTable, _ rows: [Int]) {
        for row in rows {
            self.held.append(table.columns.indices.map { table.cell(row, $0) })
        }
        guard let limit, self.held.rowCount > max(4_096, limit * 2) else { return }
        self.held = self.picked(self.sorted().prefix(limit))
    }

    /// The rows in order.
    func sortedTable() -> ResultTable { self.picked(self.sorted().prefix(self.limit ?? .max)) }

    private func picked(_ rows: ArraySlice<Int>) -> ResultTable {
        var picked = ResultTable(self.held.schema)
        for row in rows {
            picked.append(self.held.columns.indices.map { self.held.cell(row, $0) })
        }
        return picked
    }

    private func sorted() -> [Int] {
        let texts = self.keys.map { key in
            key.kind == .text
                ? self.held.columns[key.column].texts.map { NormalizedText.key($0) } : []
        }
        return (0..<self.held.rowCount).sorted { a, b in
            for (index, key) in self.keys.enumerated() {
                let order =
                    key.kind == .text
                    ? Self.order(texts[index][a], texts[index][b])
                    : self.order(a, b, key)
                if order != 0 { return key.isDescending ? order > 0 : order < 0 }
            }
            return a < b
        }
    }

    private static func order<Value: Comparable>(_ a: Value, _ b: Value) -> Int {
        a < b ? -1 : a > b ? 1 : 0
    }

    /// Base units of a row as millionths of what people count them in.
    private func counted(_ quantity: Int64, _ row: Int) -> Int128 {
        let decimals = CellText.unitDecimals(self.held, row)
        let missing = decimals..<max(decimals, Limits.unitDecimalsMax)
        return missing.reduce(Int128(quantity)) { sum, _ in sum * 10 }
    }

    /// What is not there comes last, however the column is turned.
    private func order(_ a: Int, _ b: Int, _ key: Key) -> Int {
        let end = key.isDescending ? -1 : 1
        switch (self.held.cell(a, key.column), self.held.cell(b, key.column)) {
        case (.integer(let first), .integer(let second)):
            guard key.kind == .quantity else { return Self.order(first, second) }
            return Self.order(self.counted(first, a), self.counted(second, b))
        case (.number(let a), .number(let b)): return Self.order(a, b)
        case (.none, .none): return 0
        case (.none, _): return end
        case (_, .none): return -end
        default: return 0
        }
    }
}
