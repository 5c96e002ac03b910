public import Bytes

/// The editable fields of a category; raw values are the field numbers in masks.
public enum CategoryField: UInt8, EntityField {
    /// The name; 1 to ``Limits/nameByteCountMax`` bytes.
    case name = 1
}

/// The editable fields of a category: all but its id, its archived flag and its revision.
public struct CategoryFields: Described {
    /// Identifies a field in masks.
    public typealias FieldID = CategoryField

    /// The name, 1 to ``Limits/nameByteCountMax`` UTF-8 bytes.
    ///
    /// Unique among the categories that are not archived, see ``NormalizedText``.
    public var name = ""

    /// Creates empty fields.
    public init() {}
    /// Creates the fields; they are validated by the command that uses them.
    public init(name: String) { self.name = name }

    /// The key paths of the fields, by ascending field number.
    public static let paths: [FieldPath<Self>] = [FieldPath(\.name)]

    /// Visits the given fields in order, each with its name and limits.
    @inlinable @inline(__always)
    public mutating func visit<Visitor: FieldVisitor & ~Copyable>(
        _ visitor: inout Visitor,
        only given: FieldSet<CategoryField>
    ) throws(Visitor.Failure) {
        if given.contains(.name) {
            try visitor.text(.named("name", in: FieldBounds.name), &self.name)
        }
    }
}

/// A group of products, such as "Electronics".
public typealias Category = CatalogRow<CategoryID, CategoryFields>

extension CatalogRow<CategoryID, CategoryFields> {
    /// Creates a category as the server has it.
    ///
    /// - Parameters:
    ///   - id: Its id.
    ///   - name: Its name.
    ///   - isArchived: Whether it is archived.
    ///   - revision: The LSN of its last change.
    public init(id: CategoryID, name: String, isArchived: Bool = false, revision: LSN = 0) {
        let fields = CategoryFields(name: name)
        self.init(id: id, fields, isArchived: isArchived, revision: revision)
    }
}
