internal import Bytes
package import ColumnStore
internal import InventoryModel

/// The ledger of unmet demand: what was requested and could not be sold.
///
/// Append only.
package struct RefusedDemandTable: Sendable {
    package private(set) var lsns = LedgerColumn<UInt64>()
    package private(set) var recordedAt = LedgerColumn<Int64>()
    package private(set) var products = LedgerColumn<UInt32>()
    package private(set) var locations = LedgerColumn<UInt16>()
    package private(set) var asked = LedgerColumn<Int64>()
    package private(set) var available = LedgerColumn<Int64>()
    package private(set) var references = LedgerColumn<UInt32>()
    package private(set) var actors = LedgerColumn<UInt32>()

    package var rowCount: Int { self.lsns.count }

    mutating func append(
        _ refused: RefusedDemand,
        lsn: LSN,
        recordedAt: Instant,
        reference: UInt32,
        actor: UInt32
    ) {
        self.lsns.append(lsn.value)
        self.recordedAt.append(recordedAt.microseconds)
        self.products.append(refused.product.value)
        self.locations.append(refused.location.value)
        self.asked.append(refused.asked.baseUnits)
        self.available.append(refused.available.baseUnits)
        self.references.append(reference)
        self.actors.append(actor)
    }

    /// The unmet demand at `row` as it was recorded.
    func demand(_ row: Int, strings: TextColumn) -> RefusedDemand {
        RefusedDemand(
            product: ProductID(self.products[row]),
            location: LocationID(self.locations[row]),
            asked: Quantity(self.asked[row]),
            available: Quantity(self.available[row]),
            reference: strings[Int(self.references[row])]
        )
    }

    /// Visits every column with its number; see ``InventoryTables``.
    mutating func visit<Visitor: ImageVisitor>(
        _ visitor: inout Visitor
    ) throws(Visitor.Failure) {
        try visitor.visit(600, &self.lsns)
        try visitor.visit(601, &self.recordedAt)
        try visitor.visit(602, &self.products)
        try visitor.visit(603, &self.locations)
        try visitor.visit(604, &self.asked)
        try visitor.visit(605, &self.available)
        try visitor.visit(606, &self.references)
        try visitor.visit(607, &self.actors)
    }
}
