public import Bytes

/// A category or a location: its editable fields, and what the server maintains.
@dynamicMemberLookup
public struct CatalogRow<ID: EntityID, Fields: Described>: DescribedEntity, Hashable, Sendable {
    /// The entity's id, assigned by the server.
    public var id: ID
    /// The editable fields; also accessible as members of the row.
    public var fields: Fields
    /// Whether it was archived: it is absent from lists, and its name or code is free again.
    public var isArchived: Bool
    /// The LSN of its last change.
    public var revision: LSN

    /// Creates a row as the server has it.
    ///
    /// - Parameters:
    ///   - id: Its id.
    ///   - fields: Its fields.
    ///   - isArchived: Whether it is archived.
    ///   - revision: The LSN of its last change.
    public init(id: ID, _ fields: Fields, isArchived: Bool = false, revision: LSN = 0) {
        self.id = id
        self.fields = fields
        self.isArchived = isArchived
        self.revision = revision
    }

    package init() { self.init(id: ID(0), Fields()) }

    /// Accesses one of ``fields``.
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
