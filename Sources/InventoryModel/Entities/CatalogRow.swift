public import Bytes

/// A category or a location: what people say of it, and what the server adds.
@dynamicMemberLookup
public struct CatalogRow<ID: EntityID, Fields: Described>: DescribedEntity, Hashable, Sendable {
    public var id: ID
    public var fields: Fields
    public var isArchived: Bool
    /// The LSN of its last change.
    public var revision: LSN

    public init(id: ID, _ fields: Fields, isArchived: Bool = false, revision: LSN = 0) {
        self.id = id
        self.fields = fields
        self.isArchived = isArchived
        self.revision = revision
    }

    package init() { self.init(id: ID(0), Fields()) }

    @inlinable
    public subscript<Value>(dynamicMember path: WritableKeyPath<Fields, Value>) -> Value {
        get { self.fields[keyPath: path] }
        _modify { yield &self.fields[keyPath: path] }
    }

    package mutating func visit<V: FieldVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.id(.named(ID.title), &self.id)
        try self.fields.visit(&v, only: .all)
        try v.flag(.named("archived", default: false), &self.isArchived)
        try v.lsn(.named("revision", default: 0), &self.revision)
    }
}
