public import Bytes

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
public typealias Category = CatalogRow<CategoryID, CategoryFields>

extension CatalogRow<CategoryID, CategoryFields> {
    public init(id: CategoryID, name: String, isArchived: Bool = false, revision: LSN = 0) {
        let fields = CategoryFields(name: name)
        self.init(id: id, fields, isArchived: isArchived, revision: revision)
    }
}
