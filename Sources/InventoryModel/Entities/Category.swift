/// The fields of a category that people give.
public enum CategoryField: UInt8, EntityField {
    case name = 1
}

/// What people say of a category: all of it but its id, whether it is archived, and its revision.
public struct CategoryFields: Described {
    public typealias FieldID = CategoryField

    /// Unique among the categories that are not archived.
    public var name = ""

    public init() {}
    public init(name: String) { self.name = name }

    public static let paths: [FieldPath<Self>] = [FieldPath(\.name)]

    @inlinable @inline(__always)
    public mutating func visit<Visitor: FieldVisitor & ~Copyable>(
        _ visitor: inout Visitor,
        only given: FieldSet<CategoryField>
    ) throws(Visitor.Failure) {
        if given.contains(.name) {
            let length = 1...Limits.nameByteCountMax
            try visitor.text(.named("name", in: length), &self.name)
        }
    }
}

/// A group of products: "Electronics".
@dynamicMemberLookup
public struct Category: Hashable, Sendable {
    public var id: CategoryID
    public var fields: CategoryFields
    public var isArchived: Bool
    /// The LSN of its last change.
    public var revision: UInt64

    public init(id: CategoryID, name: String, isArchived: Bool = false, revision: UInt64 = 0) {
        self.id = id
        self.fields = CategoryFields(name: name)
        self.isArchived = isArchived
        self.revision = revision
    }

    @inlinable
    public subscript<Value>(dynamicMember path: WritableKeyPath<CategoryFields, Value>) -> Value {
        get { self.fields[keyPath: path] }
        _modify { yield &self.fields[keyPath: path] }
    }

    /// Shows the visitor the whole category.
    package mutating func visit<Visitor: FieldVisitor & ~Copyable>(
        _ visitor: inout Visitor
    ) throws(Visitor.Failure) {
        try visitor.id(.named("category"), &self.id)
        try self.fields.visit(&visitor, only: .all)
        try visitor.flag(.named("archived", default: false), &self.isArchived)
        try visitor.integer(.named("revision", default: 0), &self.revision)
    }
}
