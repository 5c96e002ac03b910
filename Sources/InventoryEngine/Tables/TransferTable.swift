internal import Bytes
internal import ColumnStore
internal import InventoryModel

/// All transfers; see ``OpenItemTable``.
struct TransferTable: OpenItemTable, Sendable {
    typealias State = TransferState

    private(set) var items = OpenItemColumns()
    private(set) var sources = Column<UInt16>()
    private(set) var destinations = Column<UInt16>()
    private(set) var values = Column<Int64>()

    init(blank: Void) {}

    /// The transfer with that id, which must exist.
    func transfer(_ id: TransferID, strings: TextColumn) -> Transfer {
        let row = id.row
        return Transfer(
            id: id,
            product: ProductID(self.items.products[row]),
            source: LocationID(self.sources[row]),
            destination: LocationID(self.destinations[row]),
            quantity: Quantity(self.items.quantities[row]),
            remaining: Quantity(self.items.remaining[row]),
            value: Money(self.values[row]),
            state: self.state(row),
            reference: strings[Int(self.items.references[row])],
            origin: self.items.origin(row),
            revision: LSN(self.items.revisions[row])
        )
    }

    mutating func put(_ transfer: Transfer, reference: UInt32) {
        let row = transfer.id.row
        if row < self.rowCount {
            self.items.update(transfer)
            self.values[row] = transfer.value.minorUnits
        } else {
            self.items.append(transfer, reference: reference)
            self.sources.append(transfer.source.value)
            self.destinations.append(transfer.destination.value)
            self.values.append(transfer.value.minorUnits)
        }
    }

    mutating func visit<Visitor: ImageVisitor>(
        _ visitor: inout Visitor
    ) throws(Visitor.Failure) {
        try visitor.visit(900, &self.items.products)
        try visitor.visit(901, &self.sources)
        try visitor.visit(902, &self.destinations)
        try visitor.visit(903, &self.items.quantities)
        try visitor.visit(904, &self.items.remaining)
        try visitor.visit(905, &self.values)
        try visitor.visit(906, &self.items.states)
        try visitor.visit(907, &self.items.references)
        try visitor.visit(908, &self.items.originLSNs)
        try visitor.visit(909, &self.items.originLines)
        try visitor.visit(910, &self.items.revisions)
    }
}
