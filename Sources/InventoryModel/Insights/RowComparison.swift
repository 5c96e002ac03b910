/// Compares rows of a table by some of its columns.
///
/// Strings are compared after normalization, and quantities in their units: 52 pieces are more than half a
/// kilogram. Missing values come last in either direction.
package struct RowComparison {
    package struct Key: Sendable {
        package var column: Int
        package var isDescending: Bool

        package init(column: Int, isDescending: Bool) {
            self.column = column
            self.isDescending = isDescending
        }
    }

    private let keys: [Key]
    private let table: ResultTable
    /// For each key, the column's normalized strings; empty for other kinds.
    private let strings: [[String]]
    /// The index of the column with the decimals of a row's quantities.
    private let unitDecimals: Int?

    /// - Complexity: O(rows · keys)
    package init(_ keys: [Key], of table: ResultTable) {
        self.keys = keys
        self.table = table
        self.unitDecimals = table.column(named: "unitDecimals")
        self.strings = keys.map { key in
            table.columns[key.column].field.kind == .text
                ? table.columns[key.column].strings.map { NormalizedText.key($0) } : []
        }
    }

    /// Whether row `a` comes before row `b`; equal rows keep their order.
    package func isBefore(_ a: Int, _ b: Int) -> Bool {
        for (index, key) in self.keys.enumerated() {
            let order =
                self.table.columns[key.column].field.kind == .text
                ? Self.order(self.strings[index][a], self.strings[index][b])
                : self.order(a, b, by: key)
            if order != 0 { return key.isDescending ? order > 0 : order < 0 }
        }
        return a < b
    }

    private static func order<Value: Comparable>(_ a: Value, _ b: Value) -> Int {
        a < b ? -1 : a > b ? 1 : 0
    }

    private func order(_ a: Int, _ b: Int, by key: Key) -> Int {
        let end = key.isDescending ? -1 : 1
        switch (self.table.cell(a, key.column), self.table.cell(b, key.column)) {
        case (.integer(let first), .integer(let second)):
            guard self.table.columns[key.column].field.kind == .quantity else {
                return Self.order(first, second)
            }
            return Self.order(self.counted(first, a), self.counted(second, b))
        case (.number(let a), .number(let b)): return Self.order(a, b)
        case (.none, .none): return 0
        case (.none, _): return end
        case (_, .none): return -end
        default: return 0
        }
    }

    /// Returns base units of a row as millionths of its unit.
    private func counted(_ quantity: Int64, _ row: Int) -> Int128 {
        var decimals: UInt8 = 0
        if let column = self.unitDecimals, case .integer(let value) = self.table.cell(row, column) {
            decimals = UInt8(clamping: value)
        }
        let missing = decimals..<max(decimals, Limits.unitDecimalsMax)
        return missing.reduce(Int128(quantity)) { sum, _ in sum * 10 }
    }
}
