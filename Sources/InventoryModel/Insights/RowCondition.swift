/// A condition on the rows of a result, over its columns.
///
/// Strings are compared after normalization (trimmed, case folded); numbers, money and quantities exactly, by
/// their decimals. A comparison with a missing value is false, except for `= none`, ``Comparison/notEqual``
/// and ``Comparison/notContains``.
public indirect enum RowCondition: Hashable, Sendable {
    /// At least one of the two holds.
    case or(RowCondition, RowCondition)
    /// Both hold.
    case and(RowCondition, RowCondition)
    /// The condition does not hold.
    case not(RowCondition)
    /// A comparison of one column.
    case test(Test)

    /// How a cell is compared with the operand.
    public enum Comparison: UInt8, CaseIterable, Sendable {
        /// The cell equals the operand.
        case equal = 1
        /// The cell differs from the operand, or is missing.
        case notEqual = 2
        /// The cell is less than the operand.
        case less = 3
        /// The cell is less than or equal to the operand.
        case atMost = 4
        /// The cell is greater than the operand.
        case greater = 5
        /// The cell is greater than or equal to the operand.
        case atLeast = 6
        /// The text contains the operand.
        case contains = 7
        /// The text does not contain the operand, or is missing.
        case notContains = 8
    }

    /// The constant that a cell is compared with.
    public enum Operand: Hashable, Sendable {
        /// The missing value.
        case none
        /// A number in millionths, the finest decimals of a unit: 1.5 is 1,500,000.
        case number(Int64)
        /// A point in time.
        case instant(Instant)
        /// A text; normalized before comparison.
        case text(String)
    }

    /// A comparison of a column with a constant.
    public struct Test: Hashable, Sendable {
        /// The column's name; refused with `invalid_field` if the result has no such column.
        public var column: String
        /// How they are compared.
        public var comparison: Comparison
        /// The constant.
        public var operand: Operand

        /// Creates a test; it is validated when it is bound to the result's columns.
        public init(_ column: String, comparison: Comparison, operand: Operand) {
            self.column = column
            self.comparison = comparison
            self.operand = operand
        }
    }
}

/// A condition bound to the columns of a schema, ready to be evaluated.
package indirect enum BoundCondition: Sendable {
    case or(BoundCondition, BoundCondition)
    case and(BoundCondition, BoundCondition)
    case not(BoundCondition)
    case test(BoundTest)

    /// Binds `condition` to the columns of `schema`.
    ///
    /// - Throws: `invalid_field` for a column that does not exist.
    package init(
        _ condition: RowCondition,
        _ schema: [ResultField],
        currencyDecimals: UInt8
    ) throws(Refusal) {
        func bound(_ condition: RowCondition) throws(Refusal) -> BoundCondition {
            try BoundCondition(condition, schema, currencyDecimals: currencyDecimals)
        }
        switch condition {
        case .or(let a, let b): self = .or(try bound(a), try bound(b))
        case .and(let a, let b): self = .and(try bound(a), try bound(b))
        case .not(let a): self = .not(try bound(a))
        case .test(let test):
            self = .test(try BoundTest(test, schema, currencyDecimals: currencyDecimals))
        }
    }

    /// Returns whether the condition holds for a row.
    ///
    /// - Complexity: O(tests)
    package func holds(_ table: ResultTable, _ row: Int) -> Bool {
        switch self {
        case .or(let a, let b): a.holds(table, row) || b.holds(table, row)
        case .and(let a, let b): a.holds(table, row) && b.holds(table, row)
        case .not(let a): !a.holds(table, row)
        case .test(let test): test.holds(table, row)
        }
    }
}

/// A test bound to a column of a schema.
package struct BoundTest: Sendable {
    private let column: Int
    private let kind: ResultKind
    private let comparison: RowCondition.Comparison
    private let operand: RowCondition.Operand
    /// The decimals of the currency.
    private let currencyDecimals: UInt8
    /// The index of the column with the decimals of a row's quantities.
    private let unitDecimals: Int?

    fileprivate init(
        _ test: RowCondition.Test,
        _ schema: [ResultField],
        currencyDecimals: UInt8
    ) throws(Refusal) {
        guard let column = schema.firstIndex(where: { $0.name == test.column }) else {
            throw .noColumn(test.column, of: "condition")
        }
        self.column = column
        self.kind = schema[column].kind
        self.comparison = test.comparison
        switch test.operand {
        // An optional text is never empty: it is absent.
        case .text("") where test.comparison == .equal || test.comparison == .notEqual:
            self.operand = .none
        case .text(let text): self.operand = .text(NormalizedText.key(text))
        default: self.operand = test.operand
        }
        self.currencyDecimals = currencyDecimals
        self.unitDecimals = schema.firstIndex { $0.name == "unitDecimals" }
    }

    fileprivate func holds(_ table: ResultTable, _ row: Int) -> Bool {
        let cell = table.cell(row, self.column)
        if case .none = self.operand {
            let isNone = cell == .none
            return self.comparison == .notEqual ? !isNone : isNone
        }
        switch (cell, self.operand) {
        case (.text(let text), .text(let operand)):
            let key = NormalizedText.key(text)
            switch self.comparison {
            case .contains: return key.contains(operand)
            case .notContains: return !key.contains(operand)
            default: return self.compare(key, operand)
            }
        case (.integer(let value), .number(let operand)):
            return self.compare(self.millionths(value, table: table, row: row), Int128(operand))
        case (.integer(let value), .instant(let operand)):
            return self.compare(value, operand.microseconds)
        case (.number(let value), .number(let operand)):
            return self.compare(value, Double(operand) / 1_000_000)
        default:
            return self.comparison == .notEqual || self.comparison == .notContains
        }
    }

    private func millionths(_ value: Int64, table: ResultTable, row: Int) -> Int128 {
        let decimals: UInt8 =
            switch self.kind {
            case .money: self.currencyDecimals
            case .quantity: self.decimals(table, row)
            case .integer, .boolean, .instant, .text, .number: 0
            }
        var scaled = Int128(value)
        for _ in decimals..<max(decimals, 6) { scaled *= 10 }
        return scaled
    }

    private func decimals(_ table: ResultTable, _ row: Int) -> UInt8 {
        guard let column = self.unitDecimals, case .integer(let value) = table.cell(row, column)
        else { return 0 }
        return UInt8(clamping: value)
    }

    private func compare<Value: Comparable>(_ a: Value, _ b: Value) -> Bool {
        switch self.comparison {
        case .equal, .contains: a == b
        case .notEqual, .notContains: a != b
        case .less: a < b
        case .atMost: a <= b
        case .greater: a > b
        case .atLeast: a >= b
        }
    }
}

extension Refusal {
    package static func noColumn(_ name: String, of part: String) -> Refusal {
        Refusal(
            .invalidField,
            .field(part, problem: "refers to the unknown column '\(name)'")
        )
    }
}
