internal import ColumnStore

/// A table whose columns are parts of a snapshot.
///
///     visit ──▶ snapshot, written and read
///           ──▶ epochs
///           ──▶ digest
///           ──▶ checkColumns
///
/// `visit` is the only list of all columns; a test compares it with the stored properties.
protocol StoredTable {
    var rowCount: Int { get }

    /// Visits every column with its number; see ``InventoryTables``.
    mutating func visit<Visitor: ImageVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure)
}

extension StoredTable {
    /// Stops the process unless every column has a value for every row; not checked are the parts in `sparse`,
    /// which only some rows have.
    ///
    /// - Complexity: O(columns)
    func checkColumns(_ table: StaticString, except sparse: ClosedRange<UInt32>? = nil) {
        var counter = RowCounter(table: table, rowCount: self.rowCount, sparse: sparse)
        var columns = self
        columns.visit(&counter)
    }
}

private struct RowCounter: ImageVisitor {
    typealias Failure = Never
    let table: StaticString
    let rowCount: Int
    let sparse: ClosedRange<UInt32>?

    mutating func visit(_ number: UInt32, _ column: inout some ColumnImaging) {
        guard let count = column.imageRowCount, self.sparse?.contains(number) != true else {
            return
        }
        precondition(
            count == self.rowCount,
            "\(self.table): part \(number) has \(count) of \(self.rowCount) rows"
        )
    }
}

extension CategoryTable: StoredTable {}
extension LocationTable: StoredTable {}
extension ProductTable: StoredTable {}
extension LevelTable: StoredTable {}
extension MovementLedger: StoredTable {}
extension RefusedDemandTable: StoredTable {}
