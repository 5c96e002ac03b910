/// What a location is for.
public enum LocationKind: UInt8, CaseIterable, Sendable {
    case store = 1
    case warehouse = 2
    case transit = 3
}

/// The fields of a location that people give, by the numbers that masks have.
public enum LocationField: UInt8, EntityField {
    case code = 1
    case name = 2
    case zone = 3
    case kind = 4
}

/// What people say of a location: all of it but its id, whether it is archived, and its revision.
public struct LocationFields: Described {
    public typealias FieldID = LocationField

    /// Unique among the locations that are not archived.
    public var code = ""
    public var name = ""
    /// The IANA name of its time zone: where its day begins and ends.
    public var zone = "UTC"
    public var kind = LocationKind.store

    public init() {}

    public init(code: String, name: String, zone: String = "UTC", kind: LocationKind = .store) {
        self.code = code
        self.name = name
        self.zone = zone
        self.kind = kind
    }

    public static let paths: [FieldPath<Self>] = [
        FieldPath(\.code), FieldPath(\.name), FieldPath(\.zone), FieldPath(\.kind),
    ]

    @inlinable @inline(__always)
    public mutating func visit<Visitor: FieldVisitor & ~Copyable>(
        _ visitor: inout Visitor,
        only given: FieldSet<LocationField>
    ) throws(Visitor.Failure) {
        if given.contains(.code) {
            let length = 1...Limits.locationCodeByteCountMax
            try visitor.text(.named("code", in: length), &self.code)
        }
        if given.contains(.name) {
            let length = 1...Limits.nameByteCountMax
            try visitor.text(.named("name", in: length), &self.name)
        }
        if given.contains(.zone) {
            let length = 0...Limits.zoneByteCountMax
            try visitor.text(.named("zone", in: length, default: "UTC"), &self.zone)
        }
        if given.contains(.kind) {
            try visitor.choice(.named("kind", default: .store), &self.kind)
        }
    }
}

/// A place that holds stock.
public typealias Location = CatalogRow<LocationID, LocationFields>

/// A location that is to be created.
public typealias LocationDraft = LocationFields

/// The fields of a location to change.
public typealias LocationUpdate = FieldUpdate<LocationFields>
