/// The fields of an entity to change, and their new values; `nil` leaves a field unchanged.
///
///     let update = ProductUpdate { $0.price = Price(1_099) }
@dynamicMemberLookup
public struct FieldUpdate<Entity: Described>: Hashable, Sendable {
    package private(set) var given: FieldSet<Entity.FieldID>
    /// The given values, and the defaults of the other fields.
    package private(set) var values: Entity

    /// Creates an update that changes no field.
    public init() {
        self.given = FieldSet()
        self.values = Entity()
    }

    /// Creates an update whose fields `fill` sets.
    public init<Failure: Error>(_ fill: (inout Self) throws(Failure) -> Void) throws(Failure) {
        self.init()
        try fill(&self)
    }

    /// Creates an update of the fields in `given` with their values in `values`.
    package init(_ given: FieldSet<Entity.FieldID>, of values: Entity) {
        self.given = given.known
        self.values = Entity()
        self.values.take(given, from: values)
    }

    /// Whether it changes no field.
    public var isEmpty: Bool { self.given.isEmpty }

    /// The new value of a field; `nil` if the field is unchanged.
    ///
    /// - Complexity: O(fields)
    public subscript<Value>(dynamicMember path: WritableKeyPath<Entity, Value>) -> Value? {
        get {
            self.given.contains(Entity.field(at: path)) ? self.values[keyPath: path] : nil
        }
        set {
            let field = Entity.field(at: path)
            if let newValue {
                self.given.insert(field)
                self.values[keyPath: path] = newValue
            } else {
                self.given.remove(field)
                self.values[keyPath: path] = Entity()[keyPath: path]
            }
        }
    }
}

/// The changed fields of an entity, with their old and new values.
public struct FieldDifference<Entity: Described>: Hashable, Sendable {
    /// The changed fields; at least one.
    public let fields: FieldSet<Entity.FieldID>
    /// The old values; fields that are not in ``fields`` have their defaults.
    public let before: Entity
    /// The new values; fields that are not in ``fields`` have their defaults.
    public let after: Entity

    /// Compares two values; returns `nil` if no field differs.
    public init?(from before: Entity, to after: Entity) {
        let fields = before.differences(from: after)
        if fields.isEmpty { return nil }
        self.init(fields, from: before, to: after)
    }

    /// Creates a difference of the given fields, even if some do not differ.
    package init(_ fields: FieldSet<Entity.FieldID>, from before: Entity, to after: Entity) {
        self.fields = fields.known
        self.before = FieldUpdate(fields, of: before).values
        self.after = FieldUpdate(fields, of: after).values
    }

    /// Returns whether the field changed.
    public func contains(_ field: Entity.FieldID) -> Bool { self.fields.contains(field) }
}
