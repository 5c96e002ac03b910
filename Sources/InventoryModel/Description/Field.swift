/// The description of a field, apart from its kind and its position.
public struct Field<Value: Sendable>: Sendable {
    /// The name in JSON, in camel case.
    public let name: String
    /// The limits of input: UTF-8 bytes after trimming, base units, minor units, or a plain number.
    public let bounds: ClosedRange<Int64>
    /// The default value; `nil` if the field is required.
    public let standard: Value?
    /// Whether it was added after the first layout of its entity, and so is encoded behind it.
    public let isExtension: Bool

    @inlinable @inline(__always)
    init(
        _ name: String,
        bounds: ClosedRange<Int64>,
        standard: Value?,
        isExtension: Bool = false
    ) {
        self.name = name
        self.bounds = bounds
        self.standard = standard
        self.isExtension = isExtension
    }

    /// The same field, added after the first layout; it must have a default.
    @inlinable @inline(__always) public var asExtension: Self {
        precondition(self.standard != nil, "an extension without a default")
        return Self(self.name, bounds: self.bounds, standard: self.standard, isExtension: true)
    }

    /// Creates the description of a field.
    ///
    /// - Parameters:
    ///   - name: The name in JSON.
    ///   - bounds: The inclusive limits of input; by default none.
    ///   - standard: The default value; `nil` if the field is required.
    /// - Returns: The description.
    @inlinable @inline(__always)
    public static func named(
        _ name: String,
        in bounds: ClosedRange<Int64> = .min ... .max,
        default standard: Value? = nil
    ) -> Self { Self(name, bounds: bounds, standard: standard) }
}

extension Field<String> {
    /// The limits of its UTF-8 bytes after trimming.
    @inlinable package var byteCount: ClosedRange<Int> {
        Int(self.bounds.lowerBound)...Int(self.bounds.upperBound)
    }

    /// Creates the description of a text.
    ///
    /// - Parameters:
    ///   - name: The name in JSON.
    ///   - byteCount: The inclusive limits of its UTF-8 bytes after trimming.
    ///   - standard: The default value; `nil` if the field is required.
    /// - Returns: The description.
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

/// The default value of a quantity.
public enum DefaultQuantity: Hashable, Sendable {
    /// A number of base units.
    case base(Int64)
    /// A number of the product's unit: 10 kg are 10,000 base units with 3 decimals.
    case units(Int64)

    /// Returns the quantity in base units of a product in `unit`.
    public func quantity(in unit: Unit) -> Quantity {
        switch self {
        case .base(let count): Quantity(count)
        case .units(let count): Quantity(count * unit.baseUnits)
        }
    }
}

/// An enumeration with a number for programs and a word for users: the name of its case.
public protocol FieldChoice: RawRepresentable, CaseIterable, Hashable, Sendable
where RawValue == UInt8 {
    /// The enumeration's name in PROTOCOL.md.
    static var title: String { get }
}

extension ProductStatus: FieldChoice {
    /// Its name in PROTOCOL.md.
    @inlinable public static var title: String { "product status" }
}

extension LocationKind: FieldChoice {
    /// Its name in PROTOCOL.md.
    @inlinable public static var title: String { "location kind" }
}

extension Reason: FieldChoice {
    /// Its name in PROTOCOL.md.
    @inlinable public static var title: String { "reason" }
}

extension MovementKind: FieldChoice {
    /// Its name in PROTOCOL.md.
    @inlinable public static var title: String { "movement kind" }
}

extension ReturnTarget: FieldChoice {
    /// Its name in PROTOCOL.md.
    @inlinable public static var title: String { "return target" }
}

extension ReservationState: FieldChoice {
    /// Its name in PROTOCOL.md.
    @inlinable public static var title: String { "reservation state" }
}

extension TransferState: FieldChoice {
    /// Its name in PROTOCOL.md.
    @inlinable public static var title: String { "transfer state" }
}

extension AlertKind: FieldChoice {
    /// Its name in PROTOCOL.md.
    @inlinable public static var title: String { "alert kind" }
}

extension ProductSearch.Sort: FieldChoice {
    /// Its name in PROTOCOL.md.
    @inlinable public static var title: String { "product sort" }
}

extension InsightSource: FieldChoice {
    /// Its name in PROTOCOL.md.
    @inlinable public static var title: String { "insight source" }
}

extension InsightDimension: FieldChoice {
    /// Its name in PROTOCOL.md.
    @inlinable public static var title: String { "insight dimension" }
}

extension InsightMeasure: FieldChoice {
    /// Its name in PROTOCOL.md.
    @inlinable public static var title: String { "insight measure" }
}

extension NamedInsight.Name: FieldChoice {
    /// Its name in PROTOCOL.md.
    @inlinable public static var title: String { "named insight" }
}

extension CalendarUnit: FieldChoice {
    /// Its name in PROTOCOL.md.
    @inlinable public static var title: String { "calendar unit" }
}

/// An id: a number with its own type.
public protocol EntityID: Hashable, Sendable {
    /// The type of the number.
    associatedtype Value: FixedWidthInteger & UnsignedInteger
    /// Creates an id; the entity need not exist.
    init(_ value: Value)
    /// The id's number; 0 is none.
    var value: Value { get }
    /// The entity's name in PROTOCOL.md.
    static var title: String { get }
    /// The id's name in decoding errors.
    static var numberTitle: String { get }
}

extension ProductID: EntityID {
    /// The entity's name in PROTOCOL.md.
    @inlinable public static var title: String { "product" }
    /// The id's name in decoding errors.
    @inlinable public static var numberTitle: String { "product id" }
}

extension CategoryID: EntityID {
    /// The entity's name in PROTOCOL.md.
    @inlinable public static var title: String { "category" }
    /// The id's name in decoding errors.
    @inlinable public static var numberTitle: String { "category id" }
}

extension LocationID: EntityID {
    /// The entity's name in PROTOCOL.md.
    @inlinable public static var title: String { "location" }
    /// The id's name in decoding errors.
    @inlinable public static var numberTitle: String { "location id" }
}

extension ReservationID: EntityID {
    /// The entity's name in PROTOCOL.md.
    @inlinable public static var title: String { "reservation" }
    /// The id's name in decoding errors.
    @inlinable public static var numberTitle: String { "reservation id" }
}

extension TransferID: EntityID {
    /// The entity's name in PROTOCOL.md.
    @inlinable public static var title: String { "transfer" }
    /// The id's name in decoding errors.
    @inlinable public static var numberTitle: String { "transfer id" }
}
