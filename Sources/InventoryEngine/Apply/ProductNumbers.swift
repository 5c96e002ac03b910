internal import Bytes
internal import InventoryModel

/// The numbers of a product's fields as the columns store them, in the order of the fields.
///
///     category │ unit: code, decimals │ price: minor units, basis │ status │ …
///
/// A buffered product has them until its row is filled: see ``GatheredNumberAppender``.
struct ProductNumbers: Sendable {
    private var values = InlineArray<12, Int64>(repeating: 0)
    private var count = 0
    /// The place of the interned code of the unit, which is known once the product is applied.
    private var unitPlace = 0

    /// Creates the numbers of no product.
    init() {}

    /// Takes the numbers from the fields; the code of the unit is 0.
    @inline(__always)
    init(_ fields: inout ProductFields) { fields.visit(&self) }

    /// The number at a place, from 0.
    @inline(__always)
    subscript(place: Int) -> Int64 { self.values[place] }

    @inline(__always)
    mutating func setUnit(code: UInt32) { self.values[self.unitPlace] = Int64(code) }

    @inline(__always)
    private mutating func append(_ value: Int64) {
        precondition(self.count < self.values.count, "more than \(self.values.count) numbers")
        self.values[self.count] = value
        self.count += 1
    }
}

extension ProductNumbers: FieldVisitor {
    typealias Failure = Never

    @inline(__always)
    mutating func text(_ field: Field<String>, _ value: inout String) {}

    @inline(__always)
    mutating func flag(_ field: Field<Bool>, _ value: inout Bool) { self.append(value ? 1 : 0) }

    @inline(__always)
    mutating func integer<Value: FixedWidthInteger>(_ field: Field<Value>, _ value: inout Value) {
        self.append(Int64(truncatingIfNeeded: value))
    }

    @inline(__always)
    mutating func quantity(_ field: Field<DefaultQuantity>, _ value: inout Quantity) {
        self.append(value.baseUnits)
    }

    @inline(__always)
    mutating func money(_ field: Field<Money>, _ value: inout Money) {
        self.append(value.minorUnits)
    }

    @inline(__always)
    mutating func price(_ field: Field<Price>, _ value: inout Price) {
        self.append(value.minorUnits)
        self.append(value.basis)
    }

    @inline(__always)
    mutating func unit(_ field: Field<Unit>, _ value: inout Unit) {
        self.unitPlace = self.count
        self.append(0)
        self.append(Int64(value.decimals))
    }

    @inline(__always)
    mutating func choice<Value: FieldChoice>(_ field: Field<Value>, _ value: inout Value) {
        self.append(Int64(value.rawValue))
    }

    @inline(__always)
    mutating func id<ID: EntityID>(_ field: Field<ID>, _ value: inout ID) {
        self.append(Int64(truncatingIfNeeded: value.value))
    }

    @inline(__always)
    mutating func instant(_ field: Field<Instant>, _ value: inout Instant) {
        self.append(value.microseconds)
    }
}
