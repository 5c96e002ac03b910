public import Bytes
public import InventoryModel

/// A row of an answer as a value.
///
/// The conforming types of this module are the rows of the queries with fixed columns; a program can add its
/// own types for insights.
///
///     struct Seller: AnswerRow {
///         var sku: String
///         var units: Quantity
///
///         init(from row: inout RowReader) throws(ClientError) {
///             self.sku = try row.text("sku")
///             self.units = try row.quantity("units")
///         }
///     }
public protocol AnswerRow: Sendable {
    /// Reads the row.
    ///
    /// - Throws: ``ClientError`` with ``ClientError/Code-swift.struct/protocolViolation`` if a column is
    ///   missing or has values of another kind.
    init(from row: inout RowReader) throws(ClientError)
}

/// Reads the cells of one row of an answer by column name.
///
/// Each method throws ``ClientError`` with ``ClientError/Code-swift.struct/protocolViolation`` if there is no
/// such column or it has values of another kind.
///
/// - Complexity: Each read compares one name if columns are read in order, otherwise up to all names.
public struct RowReader {
    private let table: ResultTable
    /// The index of the row that is read.
    var row: Int
    /// The index after the column that was read last.
    private var next = 0
    /// The raw values of an enumeration by the names of its cases, for each column.
    private var words: [String: [String: UInt8]] = [:]

    init(_ table: ResultTable, row: Int) {
        self.table = table
        self.row = row
    }

    // MARK: - Cells

    private mutating func column(
        _ name: String,
        _ kind: ResultKind
    ) throws(ClientError) -> ResultColumn {
        let columns = self.table.columns
        for step in columns.indices {
            let index = (self.next + step) % columns.count
            guard columns[index].field.name == name else { continue }
            guard columns[index].field.kind == kind else {
                let found = columns[index].field.kind
                throw Self.violation("column '\(name)' is \(found), not \(kind)")
            }
            self.next = index + 1
            return columns[index]
        }
        throw Self.violation("there is no column '\(name)' in the answer")
    }

    private mutating func number(
        _ name: String,
        _ kind: ResultKind
    ) throws(ClientError) -> Int64? {
        let column = try self.column(name, kind)
        if column.missing.isEmpty { return column.integers[self.row] }
        guard case .integer(let value) = column.cell(self.row) else { return nil }
        return value
    }

    private func present<Value>(
        _ value: Value?,
        _ name: String
    ) throws(ClientError) -> Value {
        guard let value else {
            throw Self.violation("there is no value in column '\(name)' of row \(self.row)")
        }
        return value
    }

    private static func violation(_ problem: String) -> ClientError {
        ClientError(.protocolViolation, problem)
    }

    // MARK: - Values

    /// Reads a string; empty if there is none.
    public mutating func text(_ name: String) throws(ClientError) -> String {
        try self.column(name, .text).strings[self.row]
    }

    /// Reads a number without a unit; `nil` if there is none.
    public mutating func optionalInteger<Value: FixedWidthInteger>(
        _ name: String,
        as type: Value.Type = Value.self
    ) throws(ClientError) -> Value? {
        guard let number = try self.number(name, .integer) else { return nil }
        guard let value = Value(exactly: number) else {
            throw Self.violation("\(number) in column '\(name)' is out of range")
        }
        return value
    }

    /// Reads a number without a unit.
    public mutating func integer<Value: FixedWidthInteger>(
        _ name: String,
        as type: Value.Type = Value.self
    ) throws(ClientError) -> Value {
        let value: Value? = try self.optionalInteger(name)
        return try self.present(value, name)
    }

    /// Reads an LSN; `nil` if there is none.
    public mutating func optionalLSN(_ name: String) throws(ClientError) -> LSN? {
        let number: UInt64? = try self.optionalInteger(name)
        return number.map { LSN($0) }
    }

    /// Reads an LSN.
    public mutating func lsn(_ name: String) throws(ClientError) -> LSN {
        LSN(try self.integer(name))
    }

    /// Reads a quantity in base units of the row's product; `nil` if the cell is empty.
    public mutating func optionalQuantity(_ name: String) throws(ClientError) -> Quantity? {
        try self.number(name, .quantity).map { Quantity($0) }
    }

    /// Reads a quantity in base units of the row's product.
    public mutating func quantity(_ name: String) throws(ClientError) -> Quantity {
        let number = try self.number(name, .quantity)
        return Quantity(try self.present(number, name))
    }

    /// Reads an amount in minor units of the database's currency.
    public mutating func money(_ name: String) throws(ClientError) -> Money {
        let number = try self.number(name, .money)
        return Money(try self.present(number, name))
    }

    /// Reads a price and its basis.
    ///
    /// - Parameter name: The column of the price; that of its basis, in base units, is called `nameBasis`.
    /// - Returns: The price.
    /// - Throws: `protocol violation` without such columns, or for a basis below 1.
    public mutating func price(_ name: String) throws(ClientError) -> Price {
        let money = try self.money(name)
        let basis = try self.quantity(name + "Basis")
        guard basis > 0 else { throw Self.violation("a price for \(basis) base units") }
        return Price(money, for: basis)
    }

    /// Reads a unit.
    ///
    /// - Parameter name: The column of its code; that of its decimals is called `nameDecimals`.
    /// - Returns: The unit.
    /// - Throws: `protocol violation` without such columns.
    public mutating func unit(_ name: String) throws(ClientError) -> Unit {
        let code = try self.text(name)
        return Unit(code: code, decimals: try self.integer(name + "Decimals"))
    }

    /// Reads an instant; `nil` if there is none.
    public mutating func optionalInstant(_ name: String) throws(ClientError) -> Instant? {
        try self.number(name, .instant).map { Instant(microseconds: $0) }
    }

    /// Reads an instant.
    public mutating func instant(_ name: String) throws(ClientError) -> Instant {
        let value = try self.optionalInstant(name)
        return try self.present(value, name)
    }

    /// Reads a Boolean.
    public mutating func flag(_ name: String) throws(ClientError) -> Bool {
        let number = try self.number(name, .boolean)
        return try self.present(number, name) != 0
    }

    /// Reads an enumeration value by the name of its case; `nil` if the cell is empty.
    public mutating func optionalChoice<Value>(
        _ name: String,
        as type: Value.Type = Value.self
    ) throws(ClientError) -> Value?
    where Value: RawRepresentable<UInt8> & CaseIterable {
        let word = try self.text(name)
        if word.isEmpty { return nil }
        if self.words[name] == nil {
            self.words[name] = Dictionary(
                uniqueKeysWithValues: Value.allCases.map { ("\($0)", $0.rawValue) }
            )
        }
        guard let value = self.words[name]?[word].flatMap({ Value(rawValue: $0) }) else {
            throw Self.violation("'\(word)' in column '\(name)' is not a \(Value.self)")
        }
        return value
    }

    /// Reads an enumeration value by the name of its case.
    public mutating func choice<Value>(
        _ name: String,
        as type: Value.Type = Value.self
    ) throws(ClientError) -> Value
    where Value: RawRepresentable<UInt8> & CaseIterable {
        let value: Value? = try self.optionalChoice(name)
        return try self.present(value, name)
    }

    /// Reads an id.
    public mutating func id<ID: EntityID>(_ name: String) throws(ClientError) -> ID {
        ID(try self.integer(name))
    }
}
