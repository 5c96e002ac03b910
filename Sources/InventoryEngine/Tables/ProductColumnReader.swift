internal import Bytes
internal import ColumnStore
internal import InventoryModel

/// A type of field that is stored as one number.
protocol StoredNumber {
    associatedtype Stored: FixedWidthInteger & Sendable
    /// Creates the value of a row.
    init(stored: Stored)
    /// Writes the value of a row as its description does.
    static func encode(_ stored: Stored, into cursor: inout ByteCursor)
}

extension UInt16: StoredNumber {
    init(stored: UInt16) { self = stored }

    @inline(__always)
    static func encode(_ stored: UInt16, into cursor: inout ByteCursor) {
        cursor.writeVarint(UInt64(stored))
    }
}

extension Quantity: StoredNumber {
    init(stored: Int64) { self.init(stored) }

    @inline(__always)
    static func encode(_ stored: Int64, into cursor: inout ByteCursor) {
        cursor.writeVarint(stored)
    }
}

extension CategoryID: StoredNumber {
    init(stored: UInt32) { self.init(stored) }

    @inline(__always)
    static func encode(_ stored: UInt32, into cursor: inout ByteCursor) {
        cursor.writeVarint(UInt64(stored))
    }
}

extension ProductStatus: StoredNumber {
    /// Creates the status of a row; that of a deleted product is archived.
    init(stored: UInt8) { self = ProductStatus(rawValue: stored) ?? .archived }

    @inline(__always)
    static func encode(_ stored: UInt8, into cursor: inout ByteCursor) { cursor.write(stored) }
}

/// An operation that reads the fields of one row.
///
///     ProductTable.read… ──▶ ProductRowReader      the fields as values
///                        ──▶ ProductByteCount      the most bytes of their encoding
///                        ──▶ ProductEncoder        the encoding, without creating strings
///                        ──▶ GivenExtensions       the extension fields that are not at their defaults
///
/// The table passes each column with its field, and `set`, which writes the value to the field. It is a list beside
/// that of ``ProductColumnVisitor``, because a read must not ask for write access to a column: views share it.
protocol ProductColumnReader: ~Copyable {
    /// Reads a string.
    mutating func text(
        _ field: ProductField,
        _ column: TextColumn,
        set: (inout ProductFields, String) -> Void
    )

    /// Reads a number.
    mutating func number<Value: StoredNumber>(
        _ field: ProductField,
        _ column: Column<Value.Stored>,
        set: (inout ProductFields, Value) -> Void
    )

    /// Reads the price: minor units, and their basis.
    mutating func price(_ minorUnits: Column<Int64>, _ bases: Column<Int64>)

    /// Reads the unit: its code among the interned strings, and its decimals.
    mutating func unit(_ codes: Column<UInt32>, _ decimals: Column<UInt8>, in strings: TextColumn)
}

/// Reads the fields as values.
struct ProductRowReader: ProductColumnReader {
    let row: Int
    private(set) var fields = ProductFields()

    init(row: Int) { self.row = row }

    @inline(__always)
    mutating func text(
        _ field: ProductField,
        _ column: TextColumn,
        set: (inout ProductFields, String) -> Void
    ) { set(&self.fields, column[self.row]) }

    @inline(__always)
    mutating func number<Value: StoredNumber>(
        _ field: ProductField,
        _ column: Column<Value.Stored>,
        set: (inout ProductFields, Value) -> Void
    ) { set(&self.fields, Value(stored: column[self.row])) }

    @inline(__always)
    mutating func price(_ minorUnits: Column<Int64>, _ bases: Column<Int64>) {
        self.fields.price = Price(minorUnits[self.row], per: bases[self.row])
    }

    @inline(__always)
    mutating func unit(_ codes: Column<UInt32>, _ decimals: Column<UInt8>, in strings: TextColumn) {
        let code = strings[Int(codes[self.row])]
        self.fields.unit = Unit(code: code, decimals: decimals[self.row])
    }
}

/// Counts the most bytes that the fields take in their encoding.
struct ProductByteCount: ProductColumnReader {
    let row: Int
    private(set) var most = 0

    init(row: Int) { self.row = row }

    @inline(__always)
    mutating func text(
        _ field: ProductField,
        _ column: TextColumn,
        set: (inout ProductFields, String) -> Void
    ) { self.most += VarintCoding.byteCountMax + column.byteCount(self.row) }

    @inline(__always)
    mutating func number<Value: StoredNumber>(
        _ field: ProductField,
        _ column: Column<Value.Stored>,
        set: (inout ProductFields, Value) -> Void
    ) { self.most += VarintCoding.byteCountMax }

    @inline(__always)
    mutating func price(_ minorUnits: Column<Int64>, _ bases: Column<Int64>) {
        self.most += 2 * VarintCoding.byteCountMax
    }

    @inline(__always)
    mutating func unit(_ codes: Column<UInt32>, _ decimals: Column<UInt8>, in strings: TextColumn) {
        self.most += 2 * VarintCoding.byteCountMax + strings.byteCount(Int(codes[self.row]))
    }
}

/// Writes the given fields as their description does, without creating strings.
struct ProductEncoder: ProductColumnReader, ~Copyable {
    let row: Int
    let given: FieldSet<ProductField>
    var cursor: ByteCursor

    @inline(__always)
    mutating func text(
        _ field: ProductField,
        _ column: TextColumn,
        set: (inout ProductFields, String) -> Void
    ) { if self.given.contains(field) { column.encode(self.row, into: &self.cursor) } }

    @inline(__always)
    mutating func number<Value: StoredNumber>(
        _ field: ProductField,
        _ column: Column<Value.Stored>,
        set: (inout ProductFields, Value) -> Void
    ) { if self.given.contains(field) { Value.encode(column[self.row], into: &self.cursor) } }

    @inline(__always)
    mutating func price(_ minorUnits: Column<Int64>, _ bases: Column<Int64>) {
        if !self.given.contains(.price) { return }
        self.cursor.writeVarint(UInt64(bitPattern: minorUnits[self.row]))
        self.cursor.writeVarint(UInt64(bitPattern: bases[self.row]))
    }

    @inline(__always)
    mutating func unit(_ codes: Column<UInt32>, _ decimals: Column<UInt8>, in strings: TextColumn) {
        if !self.given.contains(.unit) { return }
        strings.encode(Int(codes[self.row]), into: &self.cursor)
        self.cursor.write(decimals[self.row])
    }
}

/// Finds the extension fields that are not at their defaults.
struct GivenExtensions: ProductColumnReader {
    let row: Int
    private(set) var fields = FieldSet<ProductField>(rawValue: 0)

    init(row: Int) { self.row = row }

    @inline(__always)
    mutating func text(
        _ field: ProductField,
        _ column: TextColumn,
        set: (inout ProductFields, String) -> Void
    ) {
        // The default of every string is empty.
        if !column.isEmpty(self.row) { self.fields.insert(field) }
    }

    @inline(__always)
    mutating func number<Value: StoredNumber>(
        _ field: ProductField,
        _ column: Column<Value.Stored>,
        set: (inout ProductFields, Value) -> Void
    ) {
        let standard = ProductFields()
        var fields = standard
        set(&fields, Value(stored: column[self.row]))
        if fields != standard { self.fields.insert(field) }
    }

    mutating func price(_ minorUnits: Column<Int64>, _ bases: Column<Int64>) {
        preconditionFailure("the price is a field of the first layout")
    }

    mutating func unit(_ codes: Column<UInt32>, _ decimals: Column<UInt8>, in strings: TextColumn) {
        preconditionFailure("the unit is a field of the first layout")
    }
}
