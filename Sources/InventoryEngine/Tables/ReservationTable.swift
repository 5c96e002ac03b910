internal import Bytes
internal import ColumnStore
internal import InventoryModel

/// All reservations; see ``OpenItemTable``.
struct ReservationTable: OpenItemTable, Sendable {
    typealias State = ReservationState

    private(set) var items = OpenItemColumns()
    private(set) var locations = Column<UInt16>()
    private(set) var expiresAt = Column<Int64>()

    init(blank: Void) {}

    /// The reservation with that id, which must exist.
    func reservation(_ id: ReservationID, strings: TextColumn) -> Reservation {
        let row = id.row
        return Reservation(
            id: id,
            product: ProductID(self.items.products[row]),
            location: LocationID(self.locations[row]),
            quantity: Quantity(self.items.quantities[row]),
            remaining: Quantity(self.items.remaining[row]),
            expiresAt: Instant(microseconds: self.expiresAt[row]),
            state: self.state(row),
            reference: strings[Int(self.items.references[row])],
            origin: self.items.origin(row),
            revision: LSN(self.items.revisions[row])
        )
    }

    mutating func put(_ reservation: Reservation, reference: UInt32) {
        let row = reservation.id.row
        if row < self.rowCount {
            self.items.update(reservation)
            self.expiresAt[row] = reservation.expiresAt.microseconds
        } else {
            self.items.append(reservation, reference: reference)
            self.locations.append(reservation.location.value)
            self.expiresAt.append(reservation.expiresAt.microseconds)
        }
    }

    mutating func visit<Visitor: ImageVisitor>(
        _ visitor: inout Visitor
    ) throws(Visitor.Failure) {
        try visitor.visit(800, &self.items.products)
        try visitor.visit(801, &self.locations)
        try visitor.visit(802, &self.items.quantities)
        try visitor.visit(803, &self.items.remaining)
        try visitor.visit(804, &self.expiresAt)
        try visitor.visit(805, &self.items.states)
        try visitor.visit(806, &self.items.references)
        try visitor.visit(807, &self.items.originLSNs)
        try visitor.visit(808, &self.items.originLines)
        try visitor.visit(809, &self.items.revisions)
    }
}
