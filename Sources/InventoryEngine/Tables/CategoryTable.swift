internal import Bytes
package import ColumnStore
package import InventoryModel

/// The categories: one row each, found by id.
package struct CategoryTable: Sendable {
    package private(set) var names = TextColumn()
    package private(set) var archived = Column<UInt8>()
    package private(set) var revisions = Column<UInt64>()
    /// Products that refer to each category and are not archived.
    package private(set) var productCounts = Column<UInt32>()

    /// Without the reserved row, to be filled from a snapshot.
    init(blank: Void) {}

    init() {
        self.names.append("")
        self.archived.append(1)
        self.revisions.append(0)
        self.productCounts.append(0)
    }

    /// One past the largest id assigned; row 0 is reserved.
    package var rowCount: Int { self.names.count }
    var nextID: CategoryID { CategoryID(UInt32(self.rowCount)) }

    package func contains(_ id: CategoryID) -> Bool { id.value > 0 && id.row < self.rowCount }

    /// Whether a category is archived; `nil` if it does not exist.
    @inline(__always)
    func archivedState(_ id: CategoryID) -> Bool? {
        self.contains(id) ? self.archived[id.row] == 1 : nil
    }

    /// The category with that id, which must exist.
    package func category(_ id: CategoryID) -> Category {
        Category(
            id: id,
            name: self.names[id.row],
            isArchived: self.archived[id.row] == 1,
            revision: LSN(self.revisions[id.row])
        )
    }

    package mutating func put(_ category: Category) {
        let row = category.id.row
        if row == self.rowCount {
            self.names.append(category.name)
            self.archived.append(category.isArchived ? 1 : 0)
            self.revisions.append(category.revision.value)
            self.productCounts.append(0)
        } else {
            precondition(row < self.rowCount, "category \(row) leaves a gap at \(self.rowCount)")
            self.names[row] = category.name
            self.archived[row] = category.isArchived ? 1 : 0
            self.revisions[row] = category.revision.value
        }
    }

    mutating func addProduct(_ id: CategoryID) { self.productCounts[id.row] += 1 }

    mutating func removeProduct(_ id: CategoryID) {
        precondition(self.productCounts[id.row] > 0, "category \(id.row) has no product to lose")
        self.productCounts[id.row] -= 1
    }

    /// Visits every column with its number; see ``InventoryTables``.
    mutating func visit<Visitor: ImageVisitor>(
        _ visitor: inout Visitor
    ) throws(Visitor.Failure) {
        try self.names.visitParts(100, &visitor)
        try visitor.visit(102, &self.archived)
        try visitor.visit(103, &self.revisions)
        try visitor.visit(104, &self.productCounts)
    }
}
