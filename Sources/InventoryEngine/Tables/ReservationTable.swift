internal import ColumnStore
internal import InventoryModel

/// The reservations there ever were: a row each, found by id; row 0 is reserved.
struct ReservationTable: Sendable {
    private(set) var products = Column<UInt32>()
    private(set) var locations = Column<UInt16>()
    private(set) var quantities = Column<Int64>()
    private(set) var remaining = Column<Int64>()
    private(set) var expiresAt = Column<Int64>()
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
            Reservation(
                id: ReservationID(0),
                product: ProductID(0),
                location: LocationID(0),
                quantity: 0,
                remaining: 0,
                expiresAt: .zero,
                state: .released,
                origin: MovementID(lsn: 0, line: 0)
            ),
            reference: 0
        )
    }

    /// One past the largest id given.
    var rowCount: Int { self.products.count }
    var nextID: ReservationID { ReservationID(UInt32(self.rowCount)) }

    func contains(_ id: ReservationID) -> Bool { id.value > 0 && id.row < self.rowCount }

    func isActive(_ row: Int) -> Bool {
        self.states[row] == ReservationState.active.rawValue
    }

    func state(_ row: Int) -> ReservationState {
        guard let state = ReservationState(rawValue: self.states[row]) else {
            preconditionFailure("reservation \(row) is in state \(self.states[row])")
        }
        return state
    }

    /// The reservation with that id, which must exist.
    func reservation(_ id: ReservationID, texts: TextColumn) -> Reservation {
        let row = id.row
        return Reservation(
            id: id,
            product: ProductID(self.products[row]),
            location: LocationID(self.locations[row]),
            quantity: self.quantities[row],
            remaining: self.remaining[row],
            expiresAt: Instant(microseconds: self.expiresAt[row]),
            state: self.state(row),
            reference: texts[Int(self.references[row])],
            origin: MovementID(lsn: self.originLSNs[row], line: self.originLines[row]),
            revision: self.revisions[row]
        )
    }

    /// Writes what may change of a reservation, or the whole of a new one.
    mutating func put(_ reservation: Reservation, reference: UInt32) {
        let row = reservation.id.row
        guard row < self.rowCount else {
            precondition(row == self.rowCount, "reservation \(row) leaves a gap")
            self.append(reservation, reference: reference)
            return
        }
        self.remaining[row] = reservation.remaining
        self.expiresAt[row] = reservation.expiresAt.microseconds
        self.states[row] = reservation.state.rawValue
        self.revisions[row] = reservation.revision
    }

    private mutating func append(_ reservation: Reservation, reference: UInt32) {
        self.products.append(reservation.product.value)
        self.locations.append(reservation.location.value)
        self.quantities.append(reservation.quantity)
        self.remaining.append(reservation.remaining)
        self.expiresAt.append(reservation.expiresAt.microseconds)
        self.states.append(reservation.state.rawValue)
        self.references.append(reference)
        self.originLSNs.append(reservation.origin.lsn)
        self.originLines.append(reservation.origin.line)
        self.revisions.append(reservation.revision)
    }

    /// Every column under its number; see ``InventoryTables``.
    mutating func visit<Visitor: ImageVisitor>(
        _ visitor: inout Visitor
    ) throws(Visitor.Failure) {
        try visitor.visit(800, &self.products)
        try visitor.visit(801, &self.locations)
        try visitor.visit(802, &self.quantities)
        try visitor.visit(803, &self.remaining)
        try visitor.visit(804, &self.expiresAt)
        try visitor.visit(805, &self.states)
        try visitor.visit(806, &self.references)
        try visitor.visit(807, &self.originLSNs)
        try visitor.visit(808, &self.originLines)
        try visitor.visit(809, &self.revisions)
    }
}
