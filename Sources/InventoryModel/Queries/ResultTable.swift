/// A query result as typed columns, so that one codec and one printer serve every query.
///
/// A large result arrives in several blocks, each a table with the same columns and some of the rows.
public struct ResultTable: Hashable, Sendable {
    /// The columns, in the order of the schema; all have ``rowCount`` values.
    public private(set) var columns: [ResultColumn]
    /// The number of rows.
    public private(set) var rowCount: Int

    /// Creates an empty table with these columns.
    public init(_ schema: [ResultField]) {
        self.columns = schema.map { ResultColumn($0) }
        self.rowCount = 0
    }

    /// Creates a table.
    ///
    /// - Parameters:
    ///   - columns: Its columns.
    ///   - rowCount: The number of values of each column.
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

    /// The name and the kind of each column.
    public var schema: [ResultField] { self.columns.map { $0.field } }

    /// Appends a row: a cell for each column, in order; traps if a cell is of another kind than its column.
    public mutating func append(_ cells: [ResultCell]) {
        precondition(
            cells.count == self.columns.count,
            "\(cells.count) cells for \(self.columns.count) columns"
        )
        for index in cells.indices { self.columns[index].append(cells[index]) }
        self.rowCount += 1
    }

    /// Returns the cell at a row and a column index.
    public func cell(_ row: Int, _ column: Int) -> ResultCell { self.columns[column].cell(row) }

    /// Returns the index of the column with this name, or `nil` if there is none.
    public func column(named name: String) -> Int? {
        self.columns.firstIndex { $0.field.name == name }
    }
}

/// The kind of a column's values, which determines how they are formatted.
public enum ResultKind: UInt8, CaseIterable, Sendable {
    /// A number without a unit.
    case integer = 1
    /// Minor units of the database's currency.
    case money = 2
    /// Base units.
    ///
    /// The column `unitDecimals` of the same row, if there is one, has the decimals that people write.
    case quantity = 3
    /// Microseconds since 1970-01-01 UTC.
    case instant = 4
    /// UTF-8 text.
    case text = 5
    /// 0 or 1.
    case boolean = 6
    /// A finite derived number, such as a ratio or a rate; the only inexact kind.
    case number = 7
}

/// The name and the kind of a column.
public struct ResultField: Hashable, Sendable {
    /// The name in camel case, as in JSON.
    public let name: String
    /// The kind of its values.
    public let kind: ResultKind

    /// Creates the description of a column.
    public init(_ name: String, _ kind: ResultKind) {
        self.name = name
        self.kind = kind
    }
}

/// A single value of a table.
public enum ResultCell: Hashable, Sendable {
    /// No value.
    case none
    /// A value of any kind but text and number, in the unit of its ``ResultKind``.
    case integer(Int64)
    /// A value of a text column.
    case text(String)
    /// A finite value of a number column.
    case number(Double)
}

/// One column: the values, and which rows have none.
///
/// All kinds but text are stored as integers. A number is stored as its IEEE 754 bits, without a negative
/// zero, so that equal columns have equal bits.
public struct ResultColumn: Hashable, Sendable {
    /// The column's name and kind.
    public let field: ResultField
    /// A value for each row, 0 if it is missing; empty in a text column.
    public private(set) var integers: [Int64]
    /// A text for each row, "" if it is missing; empty in any other column.
    public private(set) var strings: [String]
    /// The indices of the rows without a value, ascending.
    public private(set) var missing: [Int]

    /// Creates an empty column.
    public init(_ field: ResultField) {
        self.field = field
        self.integers = []
        self.strings = []
        self.missing = []
    }

    /// The number of values, including missing ones.
    public var count: Int {
        self.field.kind == .text ? self.strings.count : self.integers.count
    }

    /// Appends a value; traps if it is of another kind than the column, or not finite.
    public mutating func append(_ cell: ResultCell) {
        switch (cell, self.field.kind) {
        case (.none, .text):
            self.missing.append(self.strings.count)
            self.strings.append("")
        case (.none, _):
            self.missing.append(self.integers.count)
            self.integers.append(0)
        case (.text(let text), .text):
            self.strings.append(text)
        case (.number(let value), .number):
            precondition(value.isFinite, "\(value) in column \(self.field.name)")
            self.integers.append(value == 0 ? 0 : Int64(bitPattern: value.bitPattern))
        case (.integer(let value), let kind) where kind != .text && kind != .number:
            self.integers.append(value)
        case (.text, _), (.integer, _), (.number, _):
            preconditionFailure("\(cell) in column \(self.field.name), a \(self.field.kind)")
        }
    }

    /// Returns the value of a row.
    ///
    /// - Complexity: O(log m) for m rows without a value.
    public func cell(_ row: Int) -> ResultCell {
        if self.isMissing(row) { return .none }
        switch self.field.kind {
        case .text: return .text(self.strings[row])
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
        precondition(self.schema == other.schema, "tables with different columns")
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
        self.strings += other.strings
        self.missing += other.missing.map { $0 + offset }
    }
}
