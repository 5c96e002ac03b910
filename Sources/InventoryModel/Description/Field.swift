/// What a description says of a field beside its kind and its place.
public struct Field<Value: Sendable>: Sendable {
    /// As JSON has it.
    public let name: String
    /// What comes in must be within: bytes of UTF-8 after trimming, base units, minor units, a number.
    public let bounds: ClosedRange<Int64>
    /// What stands for it where it is left out; `nil` where it must be given.
    public let standard: Value?

    @inlinable @inline(__always)
    init(_ name: String, bounds: ClosedRange<Int64>, standard: Value?) {
        self.name = name
        self.bounds = bounds
        self.standard = standard
    }

    /// A field that is described by its name, its bounds and its default.
    @inlinable @inline(__always)
    public static func named(
        _ name: String,
        in bounds: ClosedRange<Int64> = .min ... .max,
        default standard: Value? = nil
    ) -> Self { Self(name, bounds: bounds, standard: standard) }
}

extension Field<String> {
    /// A text of a number of bytes.
    @inlinable @inline(__always)
    public static func named(
        _ name: String,
        in byteCount: ClosedRange<Int>,
        default standard: String? = nil
    ) -> Self {
        Self(
            name,
            bounds: Int64(byteCount.lowerBound)...Int64(byteCount.upperBound),
            standard: standard
        )
    }
}

/// What a quantity is where nobody says it.
public enum DefaultQuantity: Hashable, Sendable {
    /// A number of base units.
    case base(Int64)
    /// A number of the product's unit: 10 kg are 10,000 base units with 3 decimals.
    case units(Int64)

    /// Base units, for a product in `unit`.
    public func quantity(in unit: Unit) -> Quantity {
        switch self {
        case .base(let count): Quantity(count)
        case .units(let count): Quantity(count * unit.baseUnits)
        }
    }
}

/// An enumeration with a number for programs and a word for people: the name of its case.
public protocol FieldChoice: RawRepresentable, CaseIterable, Hashable, Sendable
where RawValue == UInt8 {
    /// What PROTOCOL.md calls the enumeration.
    static var title: String { get }
}

extension ProductStatus: FieldChoice {
    @inlinable public static var title: String { "product status" }
}

extension LocationKind: FieldChoice {
    @inlinable public static var title: String { "location kind" }
}

extension Reason: FieldChoice {
    @inlinable public static var title: String { "reason" }
}

extension MovementKind: FieldChoice {
    @inlinable public static var title: String { "movement kind" }
}

extension ReturnTarget: FieldChoice {
    @inlinable public static var title: String { "return target" }
}

extension ReservationState: FieldChoice {
    @inlinable public static var title: String { "reservation state" }
}

extension TransferState: FieldChoice {
    @inlinable public static var title: String { "transfer state" }
}

extension AlertKind: FieldChoice {
    @inlinable public static var title: String { "alert kind" }
}

extension ProductSearch.Sort: FieldChoice {
    @inlinable public static var title: String { "product sort" }
}

extension InsightSource: FieldChoice {
    @inlinable public static var title: String { "insight source" }
}

extension InsightDimension: FieldChoice {
    @inlinable public static var title: String { "insight dimension" }
}

extension InsightMeasure: FieldChoice {
    @inlinable public static var title: String { "insight measure" }
}

extension NamedInsight.Name: FieldChoice {
    @inlinable public static var title: String { "named insight" }
}

extension CalendarUnit: FieldChoice {
    @inlinable public static var title: String { "calendar unit" }
}

/// An id, which is a number of its own type.
public protocol EntityID: Hashable, Sendable {
    associatedtype Value: FixedWidthInteger & UnsignedInteger
    init(_ value: Value)
    var value: Value { get }
    /// What PROTOCOL.md calls it.
    static var title: String { get }
    /// What an error of decoding calls it.
    static var numberTitle: String { get }
}

extension ProductID: EntityID {
    @inlinable public static var title: String { "product" }
    @inlinable public static var numberTitle: String { "product id" }
}

extension CategoryID: EntityID {
    @inlinable public static var title: String { "category" }
    @inlinable public static var numberTitle: String { "category id" }
}

extension LocationID: EntityID {
    @inlinable public static var title: String { "location" }
    @inlinable public static var numberTitle: String { "location id" }
}

extension ReservationID: EntityID {
    @inlinable public static var title: String { "reservation" }
    @inlinable public static var numberTitle: String { "reservation id" }
}

extension TransferID: EntityID {
    @inlinable public static var title: String { "transfer" }
    @inlinable public static var numberTitle: String { "transfer id" }
}
