/// An entity's editable fields, with a description: see ``FieldVisitor``.
public protocol Described: Hashable, Sendable {
    /// The numbers of the fields.
    associatedtype FieldID: EntityField

    /// Creates the value of all defaults; required fields are empty or 0.
    init()

    /// The key path of each field, in the order of ``FieldID``.
    static var paths: [FieldPath<Self>] { get }

    /// The fields that were added after the first layout, which are encoded behind it.
    static var extensionFields: FieldSet<FieldID> { get }

    /// Visits the fields in `given`, in the order of their encoding; the visitor may change them.
    mutating func visit<Visitor: FieldVisitor & ~Copyable>(
        _ visitor: inout Visitor,
        only given: FieldSet<FieldID>
    ) throws(Visitor.Failure)
}

/// A whole row: an entity's editable fields, and what the server maintains.
package protocol DescribedEntity: Hashable, Sendable {
    /// Creates a placeholder with id 0, which is not a valid id.
    init()

    /// Visits each field, in the order of the encoding.
    mutating func visit<V: FieldVisitor & ~Copyable>(_ v: inout V) throws(V.Failure)
}

/// The fields of an entity; raw values are numbers from 1, which never change their meaning.
public protocol EntityField: RawRepresentable, CaseIterable, Hashable, Sendable
where RawValue == UInt8 {}

/// A set of fields of an entity: bit *n* − 1 for the field with number *n*, as in masks.
public struct FieldSet<FieldID: EntityField>: Hashable, Sendable {
    /// The set's bits, as they are encoded.
    public var rawValue: UInt64

    /// Creates a set from its bits; bits without a field are kept.
    @inlinable
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Creates a set of the given fields.
    public init(_ fields: FieldID...) {
        self.rawValue = 0
        for field in fields { self.insert(field) }
    }

    /// Every bit, including those without a field: for a visit of the whole value.
    @inlinable public static var all: Self { Self(rawValue: .max) }

    /// Whether no bit is set.
    public var isEmpty: Bool { self.rawValue == 0 }

    /// Returns whether the field is in the set.
    @inlinable @inline(__always)
    public func contains(_ field: FieldID) -> Bool {
        self.rawValue & (1 << UInt64(field.rawValue - 1)) != 0
    }

    /// Returns whether all fields of this set are in the other one.
    package func isSubset(of other: Self) -> Bool { self.rawValue & ~other.rawValue == 0 }

    /// Adds a field.
    public mutating func insert(_ field: FieldID) {
        self.rawValue |= 1 << UInt64(field.rawValue - 1)
    }

    /// Removes a field.
    public mutating func remove(_ field: FieldID) {
        self.rawValue &= ~(1 << UInt64(field.rawValue - 1))
    }

    /// The set without bits that have no field.
    var known: Self { Self(rawValue: self.rawValue & (1 << UInt64(FieldID.allCases.count) - 1)) }

    /// The fields in the set, by ascending number.
    public var fields: [FieldID] { FieldID.allCases.filter { self.contains($0) } }
}

/// A field's key path, with its type erased: for operations on any field.
public struct FieldPath<Root>: Sendable {
    let path: any PartialKeyPath<Root> & Sendable
    let copy: @Sendable (Root, inout Root) -> Void
    let isSame: @Sendable (Root, Root) -> Bool

    /// Creates a path from the field's key path.
    public init<Value: Hashable & Sendable>(
        _ path: any WritableKeyPath<Root, Value> & Sendable
    ) {
        self.path = path
        self.copy = { $1[keyPath: path] = $0[keyPath: path] }
        self.isSame = { $0[keyPath: path] == $1[keyPath: path] }
    }
}

extension Described {
    /// No fields.
    @inlinable public static var extensionFields: FieldSet<FieldID> { FieldSet() }

    /// Visits the fields of the first layout if `visitor` is a codec, and else all.
    @inlinable @inline(__always)
    package mutating func visitFirstLayout<Visitor: FieldVisitor & ~Copyable>(
        _ visitor: inout Visitor
    ) throws(Visitor.Failure) {
        let first = FieldSet<FieldID>(rawValue: ~Self.extensionFields.rawValue)
        try self.visit(&visitor, only: Visitor.isCodec ? first : .all)
    }

    /// Returns the field at a key path; traps if the description has none there.
    static func field(at path: PartialKeyPath<Self>) -> FieldID {
        guard let index = Self.paths.firstIndex(where: { $0.path == path }),
            let field = FieldID(rawValue: UInt8(index + 1))
        else { preconditionFailure("no field is described at \(path)") }
        return field
    }

    /// Copies the fields in `given` from `other`.
    package mutating func take(_ given: FieldSet<FieldID>, from other: Self) {
        for field in given.fields { Self.paths[Int(field.rawValue) - 1].copy(other, &self) }
    }

    /// Returns the fields whose values differ.
    package func differences(from other: Self) -> FieldSet<FieldID> {
        var fields = FieldSet<FieldID>()
        for field in FieldID.allCases
        where !Self.paths[Int(field.rawValue) - 1].isSame(self, other) {
            fields.insert(field)
        }
        return fields
    }
}
