public import Bytes

/// One description of a value, many readers of it.
///
///     ProductFields.visit ──▶ ByteWriter, ByteReader      log, snapshot rows, network
///                         ──▶ FieldDifference             the field changes of productUpdated
///                         ──▶ FieldList                   invctl help, the field column of PROTOCOL.md
///                         ──▶ result columns              -o json and the other formats
///                         ──▶ command, export, watch      JSON in and out
///                         ──▶ rules                       what is refused with invalid_field, out_of_range
///
/// A description names each field once, in the order of its bytes, with its kind and its
/// ``Field``. A visitor takes of that what it needs; bounds hold for what comes in, so a decoder does
/// not check them. A visitor that only writes changes nothing that it is shown.
///
/// Visitors are generic and specialized, so that a walk costs what code by hand costs.
public protocol FieldVisitor: ~Copyable {
    associatedtype Failure: Error

    mutating func text(_ field: Field<String>, _ value: inout String) throws(Failure)

    mutating func flag(_ field: Field<Bool>, _ value: inout Bool) throws(Failure)

    /// A number of no unit.
    mutating func integer<Value: FixedWidthInteger & UnsignedInteger & Sendable>(
        _ field: Field<Value>,
        _ value: inout Value
    ) throws(Failure)

    /// Base units of the product that the description names before it, or of its own unit.
    mutating func quantity(_ field: Field<DefaultQuantity>, _ value: inout Quantity) throws(Failure)

    /// Minor units of the currency.
    mutating func money(_ field: Field<Money>, _ value: inout Money) throws(Failure)

    /// Minor units for a number of base units: of one unit, where people name no number.
    mutating func price(_ field: Field<Price>, _ value: inout Price) throws(Failure)

    /// What quantities are counted in; it comes before them.
    mutating func unit(_ field: Field<Unit>, _ value: inout Unit) throws(Failure)

    mutating func choice<Value: FieldChoice>(
        _ field: Field<Value>,
        _ value: inout Value
    ) throws(Failure)

    /// The id of something else, which people call by its name.
    mutating func id<ID: EntityID>(_ field: Field<ID>, _ value: inout ID) throws(Failure)

    mutating func instant(_ field: Field<Instant>, _ value: inout Instant) throws(Failure)
}

extension FieldVisitor where Self: ~Copyable {
    /// A version of the data, which every visitor treats as its number.
    @inlinable @inline(__always)
    public mutating func lsn(_ field: Field<LSN>, _ value: inout LSN) throws(Failure) {
        var number = value.value
        let standard = field.standard?.value
        try self.integer(.named(field.name, in: field.bounds, default: standard), &number)
        value = LSN(number)
    }
}

/// A visitor that cares for some kinds of fields, and passes over the others.
///
/// A codec is none: a kind that it leaves out does not compile.
public protocol SelectiveVisitor: FieldVisitor {}

extension SelectiveVisitor {
    public func text(_ field: Field<String>, _ value: inout String) {}
    public func flag(_ field: Field<Bool>, _ value: inout Bool) {}
    public func integer<Value>(_ field: Field<Value>, _ value: inout Value) {}
    public func quantity(_ field: Field<DefaultQuantity>, _ value: inout Quantity) {}
    public func money(_ field: Field<Money>, _ value: inout Money) {}
    public func price(_ field: Field<Price>, _ value: inout Price) {}
    public func unit(_ field: Field<Unit>, _ value: inout Unit) {}
    public func choice<Value>(_ field: Field<Value>, _ value: inout Value) {}
    public func id<ID>(_ field: Field<ID>, _ value: inout ID) {}
    public func instant(_ field: Field<Instant>, _ value: inout Instant) {}
}
