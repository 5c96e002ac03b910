/// The fields of an entity to change; `nil` leaves one as it is.
///
///     let update = ProductUpdate { $0.price = Price(1_099) }
@dynamicMemberLookup
public struct FieldUpdate<Entity: Described>: Hashable, Sendable {
    package private(set) var given: FieldSet<Entity.FieldID>
    /// What is given, and the default of what is not.
    package private(set) var values: Entity

    /// Nothing to change yet.
    public init() {
        self.given = FieldSet()
        self.values = Entity()
    }

    /// What `fill` puts in.
    public init<Failure: Error>(_ fill: (inout Self) throws(Failure) -> Void) throws(Failure) {
        self.init()
        try fill(&self)
    }

    /// Takes the fields in `given` from `values`.
    package init(_ given: FieldSet<Entity.FieldID>, of values: Entity) {
        self.given = given.known
        self.values = Entity()
        self.values.take(given, from: values)
    }

    public var isEmpty: Bool { self.given.isEmpty }

    /// The new value of a field; `nil` where it stays as it is.
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

/// Fields of an entity that changed, each as it was and as it is.
public struct FieldDifference<Entity: Described>: Hashable, Sendable {
    /// At least one.
    public let fields: FieldSet<Entity.FieldID>
    /// Only ``fields`` are of meaning, here and in ``after``; the others are the defaults.
    public let before: Entity
    public let after: Entity

    /// Nothing if there is no field in which they differ.
    public init?(from before: Entity, to after: Entity) {
        let fields = before.differences(from: after)
        if fields.isEmpty { return nil }
        self.init(fields, from: before, to: after)
    }

    /// `fields`: Those that count, whether they differ or not.
    package init(_ fields: FieldSet<Entity.FieldID>, from before: Entity, to after: Entity) {
        self.fields = fields.known
        self.before = FieldUpdate(fields, of: before).values
        self.after = FieldUpdate(fields, of: after).values
    }

    public func contains(_ field: Entity.FieldID) -> Bool { self.fields.contains(field) }
}
