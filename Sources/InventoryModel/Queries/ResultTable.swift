/// Typed columns of an answer: one codec on the wire and one printer serve every query.
///
/// A large answer comes as several blocks, each a table with the same columns and some of the rows.
public struct ResultTable: Hashable, Sendable {
    public private(set) var columns: [ResultColumn]
    public private(set) var rowCount: Int

    public init(_ schema: [ResultField]) {
        self.columns = schema.map { ResultColumn($0) }
        self.rowCount = 0
    }

    /// The table with these columns, which must all have `rowCount` values.
    public init(columns: [ResultColumn], rowCount: Int) {
        for column in columns {
            precondition(
                column.count == rowCount,
                "column \(column.field.name) has \(column.count) values, not \(rowCount)"
            )
        }
        self.columns = columns
        self.rowCount = rowCount
    }

    public var schema: [ResultField] { self.columns.map { $0.field } }

    /// Appends one row: a cell for each column, in their order.
    public mutating func append(_ cells: [ResultCell]) {
        precondition(
            cells.count == self.columns.count,
            "\(cells.count) cells for \(self.columns.count) columns"
        )
        for index in cells.indices { self.columns[index].append(cells[index]) }
        self.rowCount += 1
    }

    /// The cell of a row in the column of that index.
    public func cell(_ row: Int, _ column: Int) -> ResultCell { self.columns[column].cell(row) }

    /// The index of the column with that name.
    public func column(named name: String) -> Int? {
        self.columns.firstIndex { $0.field.name == name }
    }
}

/// What a column of an answer holds, and so how people are shown it.
public enum ResultKind: UInt8, CaseIterable, Sendable {
    case integer = 1
    /// Minor units of the database's currency.
    case money = 2
    /// Base units; the column `unitDecimals` of the same row, where there is one, says how many
    /// decimals people write.
    case quantity = 3
    /// Microseconds since 1970 UTC.
    case instant = 4
    case text = 5
    /// 0 or 1.
    case boolean = 6
    /// A finite number that was derived: a ratio, a rate. The only kind that is not exact.
    case number = 7
}

/// A column's name, in camel case as in JSON, and kind.
public struct ResultField: Hashable, Sendable {
    public let name: String
    public let kind: ResultKind

    public init(_ name: String, _ kind: ResultKind) {
        self.name = name
        self.kind = kind
    }
}

public enum ResultCell: Hashable, Sendable {
    case none
    case integer(Int64)
    case text(String)
    /// Finite.
    case number(Double)
}

/// One column: integers for every kind but text, and which rows have no value.
///
/// A number is kept as the bits of its IEEE 754 form, and zero without a sign, so that equal columns
/// have equal bits.
public struct ResultColumn: Hashable, Sendable {
    public let field: ResultField
    /// A value a row, 0 where there is none; empty in a text column.
    public private(set) var integers: [Int64]
    /// A value a row, "" where there is none; empty in any other column.
    public private(set) var texts: [String]
    /// The rows without a value, ascending.
    public private(set) var missing: [Int]

    public init(_ field: ResultField) {
        self.field = field
        self.integers = []
        self.texts = []
        self.missing = []
    }

    public var count: Int {
        self.field.kind == .text ? self.texts.count : self.integers.count
    }

    public mutating func append(_ cell: ResultCell) {
        switch (cell, self.field.kind) {
        case (.none, .text):
            self.missing.append(self.texts.count)
            self.texts.append("")
        case (.none, _):
            self.missing.append(self.integers.count)
            self.integers.append(0)
        case (.text(let text), .text):
            self.texts.append(text)
        case (.number(let value), .number):
            precondition(value.isFinite, "\(value) in column \(self.field.name)")
            self.integers.append(value == 0 ? 0 : Int64(bitPattern: value.bitPattern))
        case (.integer(let value), let kind) where kind != .text && kind != .number:
            self.integers.append(value)
        case (.text, _), (.integer, _), (.number, _):
            preconditionFailure("\(cell) in column \(self.field.name), a \(self.field.kind)")
        }
    }

    /// - Complexity: O(log m) for m rows without a value.
    public func cell(_ row: Int) -> ResultCell {
        if self.isMissing(row) { return .none }
        switch self.field.kind {
        case .text: return .text(self.texts[row])
        case .number: return .number(Double(bitPattern: UInt64(bitPattern: self.integers[row])))
        default: return .integer(self.integers[row])
        }
    }

    private func isMissing(_ row: Int) -> Bool {
        var low = 0
        var high = self.missing.count
        while low < high {
            let middle = (low + high) / 2
            if self.missing[middle] < row { low = middle + 1 } else { high = middle }
        }
        return low < self.missing.count && self.missing[low] == row
    }
}

extension ResultTable {
    /// Appends the rows of a table with the same columns.
    public mutating func append(contentsOf other: ResultTable) {
        precondition(self.schema == other.schema, "rows of other columns")
        for index in self.columns.indices {
            self.columns[index].append(contentsOf: other.columns[index])
        }
        self.rowCount += other.rowCount
    }
}

extension ResultColumn {
    fileprivate mutating func append(contentsOf other: ResultColumn) {
        let offset = self.count
        self.integers += other.integers
        self.texts += other.texts
        self.missing += other.missing.map { $0 + offset }
    }
}
