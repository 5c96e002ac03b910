/// A value that has a description: see ``FieldVisitor``.
public protocol Described: Hashable, Sendable {
    associatedtype FieldID: EntityField

    /// The value of all defaults; what must be given is empty or 0.
    init()

    /// Where each field is, in the order of ``FieldID``.
    static var paths: [FieldPath<Self>] { get }

    /// Shows `visitor` the fields in `given`, in the order of their bytes.
    ///
    /// The visitor may change them.
    mutating func visit<Visitor: FieldVisitor & ~Copyable>(
        _ visitor: inout Visitor,
        only given: FieldSet<FieldID>
    ) throws(Visitor.Failure)
}

/// A whole row: what people say of an entity, and what the server adds.
package protocol DescribedEntity: Hashable, Sendable {
    /// The row of number 0, which names none.
    init()

    /// Shows `v` each field, in the order of their bytes.
    mutating func visit<V: FieldVisitor & ~Copyable>(_ v: inout V) throws(V.Failure)
}

/// The fields of one entity, by their numbers from 1, which never get a second meaning.
public protocol EntityField: RawRepresentable, CaseIterable, Hashable, Sendable
where RawValue == UInt8 {}

/// Some of the fields of one entity: bit *n* − 1 for the field of number *n*, as masks have it.
public struct FieldSet<FieldID: EntityField>: Hashable, Sendable {
    public var rawValue: UInt64

    @inlinable
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    public init(_ fields: FieldID...) {
        self.rawValue = 0
        for field in fields { self.insert(field) }
    }

    /// Every bit, those of no field too: what a walk over the whole value is given.
    @inlinable public static var all: Self { Self(rawValue: .max) }

    public var isEmpty: Bool { self.rawValue == 0 }

    @inlinable @inline(__always)
    public func contains(_ field: FieldID) -> Bool {
        self.rawValue & (1 << UInt64(field.rawValue - 1)) != 0
    }

    public mutating func insert(_ field: FieldID) {
        self.rawValue |= 1 << UInt64(field.rawValue - 1)
    }

    public mutating func remove(_ field: FieldID) {
        self.rawValue &= ~(1 << UInt64(field.rawValue - 1))
    }

    /// Those of its bits that stand for fields.
    var known: Self { Self(rawValue: self.rawValue & (1 << UInt64(FieldID.allCases.count) - 1)) }

    /// Its fields, by number.
    public var fields: [FieldID] { FieldID.allCases.filter { self.contains($0) } }
}

/// Where a field is in its entity, whatever its type: for what is done to any field alike.
public struct FieldPath<Root>: Sendable {
    let path: any PartialKeyPath<Root> & Sendable
    let copy: @Sendable (Root, inout Root) -> Void
    let isSame: @Sendable (Root, Root) -> Bool

    public init<Value: Hashable & Sendable>(
        _ path: any WritableKeyPath<Root, Value> & Sendable
    ) {
        self.path = path
        self.copy = { $1[keyPath: path] = $0[keyPath: path] }
        self.isSame = { $0[keyPath: path] == $1[keyPath: path] }
    }
}

extension Described {
    /// The field at a path.
    static func field(at path: PartialKeyPath<Self>) -> FieldID {
        guard let index = Self.paths.firstIndex(where: { $0.path == path }),
            let field = FieldID(rawValue: UInt8(index + 1))
        else { preconditionFailure("no field is described at \(path)") }
        return field
    }

    /// Takes the fields in `given` from `other`.
    package mutating func take(_ given: FieldSet<FieldID>, from other: Self) {
        for field in given.fields { Self.paths[Int(field.rawValue) - 1].copy(other, &self) }
    }

    /// The fields in which `other` differs.
    package func differences(from other: Self) -> FieldSet<FieldID> {
        var fields = FieldSet<FieldID>()
        for field in FieldID.allCases
        where !Self.paths[Int(field.rawValue) - 1].isSame(self, other) {
            fields.insert(field)
        }
        return fields
    }
}
