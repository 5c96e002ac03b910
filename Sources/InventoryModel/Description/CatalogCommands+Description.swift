package import Bytes

// The descriptions of the catalog commands.

extension ProductDraft: DescribedCommand {
    /// Creates an empty draft, which a visitor fills.
    public init() { self.init(ProductFields()) }

    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try self.fields.visitFirstLayout(&v)
        try v.part("opening", &self.opening)
    }
}

extension OpeningStock: DescribedCommand {
    /// Creates an empty opening stock, which a visitor fills.
    public init() { self.init(quantity: 0) }

    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.id(.named("location", default: .main), &self.location)
        try v.quantity(.named("quantity", in: FieldBounds.counts), &self.quantity)
        try v.money(.named("unitCost", in: FieldBounds.amounts, default: .zero), &self.unitCost)
        try v.optionalInstant(.named("occurredAt"), &self.occurredAt)
    }
}

/// A category or a location to create.
package struct Creation<Entity: Described>: DescribedCommand {
    package var fields: Entity

    package init() { self.fields = Entity() }
    package init(_ fields: Entity) { self.fields = fields }

    package mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try self.fields.visit(&v, only: .all)
    }
}

/// A category to rename.
package struct Renaming: DescribedCommand {
    package var id: CategoryID
    package var fields: CategoryFields
    package var ifRevision: LSN?

    package init() { self.init(CategoryID(0), name: "", nil) }

    package init(_ id: CategoryID, name: String, _ ifRevision: LSN?) {
        self.id = id
        self.fields = CategoryFields(name: name)
        self.ifRevision = ifRevision
    }

    package mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.id(.named(CategoryID.title), &self.id)
        try self.fields.visit(&v, only: .all)
        try v.revision(&self.ifRevision)
    }
}

/// Fields of a location or a product to change.
package struct Updating<ID: EntityID, Entity: Described>: DescribedCommand {
    package var id: ID
    package var update: FieldUpdate<Entity>
    package var ifRevision: LSN?

    package init() { self.init(ID(0), update: FieldUpdate(), ifRevision: nil) }

    package init(_ id: ID, update: FieldUpdate<Entity>, ifRevision: LSN?) {
        self.id = id
        self.update = update
        self.ifRevision = ifRevision
    }

    package mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.id(.named(ID.title), &self.id)
        try v.update(&self.update)
        try v.revision(&self.ifRevision)
    }
}

/// A category or a location to archive, or a product to delete.
package struct Removal<ID: EntityID>: DescribedCommand {
    package var id: ID
    package var ifRevision: LSN?

    package init() { self.init(ID(0), nil) }

    package init(_ id: ID, _ ifRevision: LSN?) {
        self.id = id
        self.ifRevision = ifRevision
    }

    package mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.id(.named(ID.title), &self.id)
        try v.revision(&self.ifRevision)
    }
}
