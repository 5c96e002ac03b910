public import Bytes

/// An operation on a value's described fields: one description, many readers.
///
///     ProductFields.visit ──▶ ByteWriter, ByteReader      log, snapshot rows, network
///                         ──▶ FieldDifference             the field changes of productUpdated
///                         ──▶ FieldList                   invctl help, the field column of PROTOCOL.md
///                         ──▶ result columns              -o json and the other formats
///                         ──▶ command, export, watch      JSON in and out
///                         ──▶ rules                       refusals: invalid_field, out_of_range
///
/// A description lists each field once, in the order of the encoding, with its kind and its
/// ``Field``. A visitor uses what it needs of them; limits apply to input, so a decoder does
/// not check them. A visitor that only writes does not change the values.
///
/// Visitors are generic and specialized, so that a visit costs as much as handwritten code.
public protocol FieldVisitor: ~Copyable {
    /// The error that the visitor throws; `Never` if it cannot fail.
    associatedtype Failure: Error

    /// Whether it encodes or decodes bytes, in which extension fields follow the first layout.
    static var isCodec: Bool { get }

    /// Visits a text.
    mutating func text(_ field: Field<String>, _ value: inout String) throws(Failure)

    /// Visits a boolean.
    mutating func flag(_ field: Field<Bool>, _ value: inout Bool) throws(Failure)

    /// Visits a number without a unit.
    mutating func integer<Value: FixedWidthInteger & UnsignedInteger & Sendable>(
        _ field: Field<Value>,
        _ value: inout Value
    ) throws(Failure)

    /// Visits a quantity in base units of the product visited before it, or of the entity's own unit.
    mutating func quantity(_ field: Field<DefaultQuantity>, _ value: inout Quantity) throws(Failure)

    /// Visits an amount in minor units of the currency.
    mutating func money(_ field: Field<Money>, _ value: inout Money) throws(Failure)

    /// Visits a price: minor units for a number of base units, by default those of one unit.
    mutating func price(_ field: Field<Price>, _ value: inout Price) throws(Failure)

    /// Visits the unit of quantities; it precedes them.
    mutating func unit(_ field: Field<Unit>, _ value: inout Unit) throws(Failure)

    /// Visits a case of an enumeration.
    mutating func choice<Value: FieldChoice>(
        _ field: Field<Value>,
        _ value: inout Value
    ) throws(Failure)

    /// Visits the id of another entity, which users refer to by name.
    mutating func id<ID: EntityID>(_ field: Field<ID>, _ value: inout ID) throws(Failure)

    /// Visits an instant.
    mutating func instant(_ field: Field<Instant>, _ value: inout Instant) throws(Failure)
}

extension FieldVisitor where Self: ~Copyable {
    /// `false`.
    @inlinable public static var isCodec: Bool { false }

    /// Visits an LSN, which every visitor treats as a number.
    @inlinable @inline(__always)
    public mutating func lsn(_ field: Field<LSN>, _ value: inout LSN) throws(Failure) {
        var number = value.value
        let standard = field.standard?.value
        try self.integer(.named(field.name, in: field.bounds, default: standard), &number)
        value = LSN(number)
    }
}

/// A visitor that handles some kinds of fields and ignores the others.
///
/// A codec is not one: a kind that it omits does not compile.
public protocol SelectiveVisitor: FieldVisitor {}

extension SelectiveVisitor {
    /// Ignores a text.
    public func text(_ field: Field<String>, _ value: inout String) {}
    /// Ignores a boolean.
    public func flag(_ field: Field<Bool>, _ value: inout Bool) {}
    /// Ignores a number.
    public func integer<Value>(_ field: Field<Value>, _ value: inout Value) {}
    /// Ignores a quantity.
    public func quantity(_ field: Field<DefaultQuantity>, _ value: inout Quantity) {}
    /// Ignores an amount.
    public func money(_ field: Field<Money>, _ value: inout Money) {}
    /// Ignores a price.
    public func price(_ field: Field<Price>, _ value: inout Price) {}
    /// Ignores a unit.
    public func unit(_ field: Field<Unit>, _ value: inout Unit) {}
    /// Ignores an enumeration.
    public func choice<Value>(_ field: Field<Value>, _ value: inout Value) {}
    /// Ignores an id.
    public func id<ID>(_ field: Field<ID>, _ value: inout ID) {}
    /// Ignores an instant.
    public func instant(_ field: Field<Instant>, _ value: inout Instant) {}
}
