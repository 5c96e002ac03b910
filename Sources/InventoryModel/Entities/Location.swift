/// The purpose of a location; it does not affect how stock is counted.
public enum LocationKind: UInt8, CaseIterable, Sendable {
    /// A shop that sells to customers.
    case store = 1
    /// A warehouse.
    case warehouse = 2
    /// A place for goods between other locations.
    case transit = 3
}

/// The editable fields of a location; raw values are the field numbers in masks.
public enum LocationField: UInt8, EntityField {
    /// The short code; unique, 1 to ``Limits/locationCodeByteCountMax`` bytes.
    case code = 1
    /// The name; 1 to ``Limits/nameByteCountMax`` bytes.
    case name = 2
    /// The IANA time zone.
    case zone = 3
    /// The purpose.
    case kind = 4
}

/// The editable fields of a location: all but its id, its archived flag and its revision.
public struct LocationFields: Described {
    /// Identifies a field in masks.
    public typealias FieldID = LocationField

    /// The short code, 1 to ``Limits/locationCodeByteCountMax`` UTF-8 bytes.
    ///
    /// Unique among the locations that are not archived, see ``NormalizedText``.
    public var code = ""
    /// The name: 1 to ``Limits/nameByteCountMax`` UTF-8 bytes.
    public var name = ""
    /// The IANA name of its time zone, which determines where its day begins and ends.
    public var zone = "UTC"
    /// The purpose; a store by default.
    public var kind = LocationKind.store

    /// Creates empty fields with the default zone and kind.
    public init() {}

    /// Creates the fields; they are validated by the command that uses them.
    public init(code: String, name: String, zone: String = "UTC", kind: LocationKind = .store) {
        self.code = code
        self.name = name
        self.zone = zone
        self.kind = kind
    }

    /// The key paths of the fields, by ascending field number.
    public static let paths: [FieldPath<Self>] = [
        FieldPath(\.code), FieldPath(\.name), FieldPath(\.zone), FieldPath(\.kind),
    ]

    /// Visits the given fields in order, each with its name, limits and default.
    @inlinable @inline(__always)
    public mutating func visit<Visitor: FieldVisitor & ~Copyable>(
        _ visitor: inout Visitor,
        only given: FieldSet<LocationField>
    ) throws(Visitor.Failure) {
        if given.contains(.code) {
            try visitor.text(.named("code", in: FieldBounds.locationCode), &self.code)
        }
        if given.contains(.name) {
            try visitor.text(.named("name", in: FieldBounds.name), &self.name)
        }
        if given.contains(.zone) {
            try visitor.text(.named("zone", in: FieldBounds.zone, default: "UTC"), &self.zone)
        }
        if given.contains(.kind) {
            try visitor.choice(.named("kind", default: .store), &self.kind)
        }
    }
}

/// A place that holds stock.
public typealias Location = CatalogRow<LocationID, LocationFields>

/// The fields of a location to create.
public typealias LocationDraft = LocationFields

/// The fields of a location to change, and their new values.
public typealias LocationUpdate = FieldUpdate<LocationFields>
