internal import Bytes
internal import ColumnStore
internal import InventoryModel

/// An operation that fills or changes the columns of the fields of products.
///
///     ProductTable.change… ──▶ ProductAppender         a row of a whole product
///                          ──▶ PlainStringAppender     the strings of one on the fast path
///                          ──▶ GatheredNumberAppender  the numbers of many on the fast path
///                          ──▶ ProductChanger          the changed fields of a row
///                          ──▶ ProductCompleter        the defaults, for a snapshot that lacks a column
///                          ──▶ ProductImages           the parts of a snapshot
///
/// The table passes each column with the field that it belongs to, its part number, and the value of the field
/// to store. A visitor uses what it needs of them. All are generic and inlined, so that a visit costs as
/// much as handwritten code.
protocol ProductColumnVisitor {
    associatedtype Failure: Error

    /// Visits the strings of a field.
    mutating func text(
        _ field: ProductField,
        _ column: inout TextColumn,
        part: UInt32,
        value: String
    ) throws(Failure)

    /// Visits the keys by which a field is found.
    mutating func key(
        _ field: ProductField,
        _ column: inout TextColumn,
        part: UInt32,
        value: @autoclosure () -> String
    ) throws(Failure)

    /// Visits the numbers of a field.
    mutating func number<Stored>(
        _ field: ProductField,
        _ column: inout Column<Stored>,
        part: UInt32,
        value: Stored
    ) throws(Failure)
}

/// Appends a whole product.
struct ProductAppender: ProductColumnVisitor {
    typealias Failure = Never

    @inline(__always)
    mutating func text(
        _ field: ProductField,
        _ column: inout TextColumn,
        part: UInt32,
        value: String
    ) { column.append(value) }

    @inline(__always)
    mutating func key(
        _ field: ProductField,
        _ column: inout TextColumn,
        part: UInt32,
        value: @autoclosure () -> String
    ) { column.append(value()) }

    @inline(__always)
    mutating func number<Stored>(
        _ field: ProductField,
        _ column: inout Column<Stored>,
        part: UInt32,
        value: Stored
    ) { column.append(value) }
}

/// Writes the given fields to their row.
struct ProductChanger: ProductColumnVisitor {
    typealias Failure = Never
    let row: Int
    let given: FieldSet<ProductField>

    @inline(__always)
    mutating func text(
        _ field: ProductField,
        _ column: inout TextColumn,
        part: UInt32,
        value: String
    ) { if self.given.contains(field) { column[self.row] = value } }

    @inline(__always)
    mutating func key(
        _ field: ProductField,
        _ column: inout TextColumn,
        part: UInt32,
        value: @autoclosure () -> String
    ) { if self.given.contains(field) { column[self.row] = value() } }

    @inline(__always)
    mutating func number<Stored>(
        _ field: ProductField,
        _ column: inout Column<Stored>,
        part: UInt32,
        value: Stored
    ) { if self.given.contains(field) { column[self.row] = value } }
}

/// Fills columns with the value of their field up to a number of rows.
struct ProductCompleter: ProductColumnVisitor {
    typealias Failure = Never
    let rowCount: Int

    mutating func text(
        _ field: ProductField,
        _ column: inout TextColumn,
        part: UInt32,
        value: String
    ) { while column.count < self.rowCount { column.append(value) } }

    mutating func key(
        _ field: ProductField,
        _ column: inout TextColumn,
        part: UInt32,
        value: @autoclosure () -> String
    ) { while column.count < self.rowCount { column.append(value()) } }

    mutating func number<Stored>(
        _ field: ProductField,
        _ column: inout Column<Stored>,
        part: UInt32,
        value: Stored
    ) { column.append(repeating: value, count: max(0, self.rowCount - column.count)) }
}

/// Passes each column to the visitor of a snapshot under its part number.
struct ProductImages<Visitor: ImageVisitor>: ProductColumnVisitor {
    typealias Failure = Visitor.Failure
    /// Valid during the visit; the visitor is not copied.
    let visitor: UnsafeMutablePointer<Visitor>

    mutating func text(
        _ field: ProductField,
        _ column: inout TextColumn,
        part: UInt32,
        value: String
    ) throws(Failure) { try column.visitParts(part, &self.visitor.pointee) }

    mutating func key(
        _ field: ProductField,
        _ column: inout TextColumn,
        part: UInt32,
        value: @autoclosure () -> String
    ) throws(Failure) { try column.visitParts(part, &self.visitor.pointee) }

    mutating func number<Stored>(
        _ field: ProductField,
        _ column: inout Column<Stored>,
        part: UInt32,
        value: Stored
    ) throws(Failure) { try self.visitor.pointee.visit(part, &column) }
}

// MARK: - The fast path

/// Appends the strings of a product in the bytes of its request; its numbers follow later.
struct PlainStringAppender: ProductColumnVisitor {
    typealias Failure = Never
    let product: UnsafePointer<PlainProduct>
    /// The place of the next string.
    private(set) var next = 0

    init(_ product: UnsafePointer<PlainProduct>) { self.product = product }

    @inline(__always)
    mutating func text(
        _ field: ProductField,
        _ column: inout TextColumn,
        part: UInt32,
        value: String
    ) {
        column.append(utf8: self.product.pointee.strings[self.next])
        self.next += 1
    }

    @inline(__always)
    mutating func key(
        _ field: ProductField,
        _ column: inout TextColumn,
        part: UInt32,
        value: @autoclosure () -> String
    ) {
        let key = field == .sku ? self.product.pointee.skuKey : self.product.pointee.barcodeKey
        column.append(utf8: key)
    }

    @inline(__always)
    mutating func number<Stored>(
        _ field: ProductField,
        _ column: inout Column<Stored>,
        part: UInt32,
        value: Stored
    ) {}
}

/// Appends the numbers of buffered products, whose strings are in the table.
struct GatheredNumberAppender: ProductColumnVisitor {
    typealias Failure = Never
    let rows: UnsafePointer<PlainProduct.Step>
    let count: Int
    /// The place of the next number.
    private(set) var next = 0

    init(_ gathered: borrowing GatheredProducts) {
        self.rows = UnsafePointer(gathered.rows)
        self.count = gathered.count
    }

    @inline(__always)
    mutating func text(
        _ field: ProductField,
        _ column: inout TextColumn,
        part: UInt32,
        value: String
    ) {}

    @inline(__always)
    mutating func key(
        _ field: ProductField,
        _ column: inout TextColumn,
        part: UInt32,
        value: @autoclosure () -> String
    ) {}

    @inline(__always)
    mutating func number<Stored>(
        _ field: ProductField,
        _ column: inout Column<Stored>,
        part: UInt32,
        value: Stored
    ) {
        let (rows, place) = (self.rows, self.next)
        column.append(count: self.count) { Stored(truncatingIfNeeded: rows[$0].numbers[place]) }
        self.next += 1
    }
}
