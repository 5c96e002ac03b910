internal import Bytes
internal import ColumnStore
internal import InventoryModel

/// The common columns of the tables of reservations and transfers: one row each, found by its number; row 0
/// is reserved.
struct OpenItemColumns: Sendable {
    var products = Column<UInt32>()
    var quantities = Column<Int64>()
    var remaining = Column<Int64>()
    var states = Column<UInt8>()
    /// Codes into ``InventoryTables/strings``.
    var references = Column<UInt32>()
    var originLSNs = Column<UInt64>()
    var originLines = Column<UInt16>()
    var revisions = Column<UInt64>()

    /// One past the largest number assigned.
    var rowCount: Int { self.products.count }

    func contains(_ number: UInt32) -> Bool { number > 0 && Int(number) < self.rowCount }

    /// The movement that created the item in `row`.
    func origin(_ row: Int) -> MovementID {
        MovementID(lsn: LSN(self.originLSNs[row]), line: self.originLines[row])
    }

    mutating func append(_ item: some OpenItem, reference: UInt32) {
        precondition(Int(item.number) == self.rowCount, "\(item.number) leaves a gap")
        self.products.append(item.product.value)
        self.quantities.append(item.quantity.baseUnits)
        self.remaining.append(item.remaining.baseUnits)
        self.states.append(item.stateCode)
        self.references.append(reference)
        self.originLSNs.append(item.origin.lsn.value)
        self.originLines.append(item.origin.line)
        self.revisions.append(item.revision.value)
    }

    /// Writes the mutable fields of an existing item.
    mutating func update(_ item: some OpenItem) {
        let row = Int(item.number)
        self.remaining[row] = item.remaining.baseUnits
        self.states[row] = item.stateCode
        self.revisions[row] = item.revision.value
    }

    /// Stops the process unless exactly the open items have units left.
    ///
    /// - Complexity: O(rows)
    func checkInvariants(_ terms: OpenItemTerms) {
        for row in 1..<max(self.rowCount, 1) {
            let (remaining, quantity) = (self.remaining[row], self.quantities[row])
            let isOpen = self.states[row] == terms.openState
            precondition(
                (0...quantity).contains(remaining) && (remaining > 0) == isOpen,
                "\(terms.table) \(row) has \(remaining) of \(quantity) left, open: \(isOpen)"
            )
        }
    }
}
