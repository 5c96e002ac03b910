/// What is asked of each row of an answer, over its columns.
///
/// Texts are compared as keys are (trimmed, case folded); numbers, money and quantities exactly, by
/// their decimals. A comparison with a cell that has no value is false, but for `= none` and `!= …`.
public indirect enum RowCondition: Hashable, Sendable {
    case or(RowCondition, RowCondition)
    case and(RowCondition, RowCondition)
    case not(RowCondition)
    case test(Test)

    public enum Comparison: UInt8, CaseIterable, Sendable {
        case equal = 1
        case notEqual = 2
        case less = 3
        case atMost = 4
        case greater = 5
        case atLeast = 6
        /// A text has the other in it.
        case contains = 7
        case notContains = 8
    }

    public enum Operand: Hashable, Sendable {
        /// No value.
        case none
        /// A number as people write it, in millionths: the finest that a unit may have.
        case number(Int64)
        case instant(Instant)
        case text(String)
    }

    public struct Test: Hashable, Sendable {
        /// The column's name.
        public var column: String
        public var comparison: Comparison
        public var operand: Operand

        public init(_ column: String, comparison: Comparison, operand: Operand) {
            self.column = column
            self.comparison = comparison
            self.operand = operand
        }
    }
}

/// A condition over the columns of one schema, ready to be asked of its rows.
package indirect enum BoundCondition: Sendable {
    case or(BoundCondition, BoundCondition)
    case and(BoundCondition, BoundCondition)
    case not(BoundCondition)
    case test(BoundTest)

    /// - Throws: `invalid_field` for a column that is not there.
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

    /// Whether it holds of a row.
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

/// A test of one column of one schema.
package struct BoundTest: Sendable {
    private let column: Int
    private let kind: ResultKind
    private let comparison: RowCondition.Comparison
    private let operand: RowCondition.Operand
    /// The decimals of money.
    private let currencyDecimals: UInt8
    /// The column with the decimals of a row's quantities.
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
        if case .text(let text) = test.operand {
            self.operand = .text(NormalizedText.key(text))
        } else {
            self.operand = test.operand
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
        case (.text(let text), .text(let wanted)):
            let key = NormalizedText.key(text)
            switch self.comparison {
            case .contains: return key.contains(wanted)
            case .notContains: return !key.contains(wanted)
            default: return self.compare(key, wanted)
            }
        case (.integer(let value), .number(let wanted)):
            return self.compare(self.millionths(value, table: table, row: row), Int128(wanted))
        case (.integer(let value), .instant(let wanted)):
            return self.compare(value, wanted.microseconds)
        case (.number(let value), .number(let wanted)):
            return self.compare(value, Double(wanted) / 1_000_000)
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
            .field(part, problem: "names '\(name)', and there is no such column")
        )
    }
}
