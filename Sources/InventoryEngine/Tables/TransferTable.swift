internal import ColumnStore
internal import InventoryModel

/// The transfers there ever were: a row each, found by id; row 0 is reserved.
struct TransferTable: Sendable {
    private(set) var products = Column<UInt32>()
    private(set) var sources = Column<UInt16>()
    private(set) var destinations = Column<UInt16>()
    private(set) var quantities = Column<Int64>()
    private(set) var remaining = Column<Int64>()
    private(set) var values = Column<Int64>()
    private(set) var states = Column<UInt8>()
    private(set) var references = Column<UInt32>()
    private(set) var originLSNs = Column<UInt64>()
    private(set) var originLines = Column<UInt16>()
    private(set) var revisions = Column<UInt64>()

    /// Without the reserved row, for a snapshot to fill.
    init(blank: Void) {}

    init() { self.reserveFirstRow() }

    /// Gives a table that an older version's snapshot knew nothing of its reserved row.
    mutating func completeLoading() {
        if self.rowCount == 0 { self.reserveFirstRow() }
    }

    private mutating func reserveFirstRow() {
        self.append(
            Transfer(
                id: TransferID(0),
                product: ProductID(0),
                source: LocationID(0),
                destination: LocationID(0),
                quantity: 0,
                remaining: 0,
                value: 0,
                state: .cancelled,
                origin: MovementID(lsn: 0, line: 0)
            ),
            reference: 0
        )
    }

    /// One past the largest id given.
    var rowCount: Int { self.products.count }
    var nextID: TransferID { TransferID(UInt32(self.rowCount)) }

    func contains(_ id: TransferID) -> Bool { id.value > 0 && id.row < self.rowCount }

    func isInTransit(_ row: Int) -> Bool {
        self.states[row] == TransferState.inTransit.rawValue
    }

    func state(_ row: Int) -> TransferState {
        guard let state = TransferState(rawValue: self.states[row]) else {
            preconditionFailure("transfer \(row) is in state \(self.states[row])")
        }
        return state
    }

    /// The transfer with that id, which must exist.
    func transfer(_ id: TransferID, texts: TextColumn) -> Transfer {
        let row = id.row
        return Transfer(
            id: id,
            product: ProductID(self.products[row]),
            source: LocationID(self.sources[row]),
            destination: LocationID(self.destinations[row]),
            quantity: self.quantities[row],
            remaining: self.remaining[row],
            value: self.values[row],
            state: self.state(row),
            reference: texts[Int(self.references[row])],
            origin: MovementID(lsn: self.originLSNs[row], line: self.originLines[row]),
            revision: self.revisions[row]
        )
    }

    /// Writes what may change of a transfer, or the whole of a new one.
    mutating func put(_ transfer: Transfer, reference: UInt32) {
        let row = transfer.id.row
        guard row < self.rowCount else {
            precondition(row == self.rowCount, "transfer \(row) leaves a gap")
            self.append(transfer, reference: reference)
            return
        }
        self.remaining[row] = transfer.remaining
        self.values[row] = transfer.value
        self.states[row] = transfer.state.rawValue
        self.revisions[row] = transfer.revision
    }

    private mutating func append(_ transfer: Transfer, reference: UInt32) {
        self.products.append(transfer.product.value)
        self.sources.append(transfer.source.value)
        self.destinations.append(transfer.destination.value)
        self.quantities.append(transfer.quantity)
        self.remaining.append(transfer.remaining)
        self.values.append(transfer.value)
        self.states.append(transfer.state.rawValue)
        self.references.append(reference)
        self.originLSNs.append(transfer.origin.lsn)
        self.originLines.append(transfer.origin.line)
        self.revisions.append(transfer.revision)
    }

    /// Every column under its number; see ``InventoryTables``.
    mutating func visit<Visitor: ImageVisitor>(
        _ visitor: inout Visitor
    ) throws(Visitor.Failure) {
        try visitor.visit(900, &self.products)
        try visitor.visit(901, &self.sources)
        try visitor.visit(902, &self.destinations)
        try visitor.visit(903, &self.quantities)
        try visitor.visit(904, &self.remaining)
        try visitor.visit(905, &self.values)
        try visitor.visit(906, &self.states)
        try visitor.visit(907, &self.references)
        try visitor.visit(908, &self.originLSNs)
        try visitor.visit(909, &self.originLines)
        try visitor.visit(910, &self.revisions)
    }
}
