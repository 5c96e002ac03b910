internal import ColumnStore
internal import InventoryModel

/// The checks of reserved stock and of stock in transit.
extension Verification {
    /// Checks that what remains of each reservation is what the ledger left of it, and that what a level has
    /// reserved is the sum of its active reservations.
    mutating func checkReservations() throws(Refusal) {
        let (ledger, levels) = (self.tables.ledger, self.tables.levels)
        let reservations = self.tables.reservations
        let lifted = try self.sums(ofKinds: [.commit, .release, .expire], ledger.reservedDeltas)
        var held: [Int: Int64] = [:]
        var failure: String?
        for row in 1..<max(reservations.rowCount, 1) {
            try self.checkpoint(at: row)
            let reservation = self.tables.reservation(ReservationID(UInt32(row)))
            let isActive = reservation.state == .active
            guard let made = ledger.row(of: reservation.origin), ledger.kind(made) == .reserve,
                ledger.reservedDeltas[made] == reservation.quantity.baseUnits,
                ledger.products[made] == reservation.product.value,
                ledger.locations[made] == reservation.location.value
            else {
                failure = failure ?? "reservation \(row): no movement in the ledger created it"
                continue
            }
            let left = reservation.quantity + Quantity(lifted[made] ?? 0)
            if left != reservation.remaining || (left > 0) != isActive {
                failure = failure ?? "\(reservation) should have \(left) left, by the ledger"
            }
            if let level = levels.row(reservation.product, reservation.location) {
                held[level, default: 0] += reservation.remaining.baseUnits
            }
        }
        for row in 0..<levels.rowCount {
            try self.checkpoint(at: row)
            guard levels.reserved[row] != held[row] ?? 0 else { continue }
            let level = levels.level(row)
            failure =
                failure ?? "\(level) does not match the sum of its reservations: \(held[row] ?? 0)"
        }
        self.note(
            "reserved is what reservations hold",
            checked: reservations.rowCount - 1,
            failure: failure
        )
    }

    /// Checks that what left one location was received at another, came back, or is in transit.
    mutating func checkTransfers() throws(Refusal) {
        let ledger = self.tables.ledger
        let transfers = self.tables.transfers
        let arrived = try self.sums(ofKinds: [.transferIn], ledger.onHandDeltas)
        var sent = 0
        var failure: String?
        for row in 1..<max(transfers.rowCount, 1) {
            try self.checkpoint(at: row)
            let transfer = self.tables.transfer(TransferID(UInt32(row)))
            guard let out = ledger.row(of: transfer.origin), ledger.kind(out) == .transferOut,
                ledger.onHandDeltas[out] == -transfer.quantity.baseUnits,
                ledger.products[out] == transfer.product.value,
                ledger.locations[out] == transfer.source.value
            else {
                failure = failure ?? "transfer \(row): no movement in the ledger sent it"
                continue
            }
            sent += 1
            let left = transfer.quantity - Quantity(arrived[out] ?? 0)
            let isValued = left > 0 ? transfer.value >= 0 : transfer.value == 0
            if left != transfer.remaining || (left > 0) != (transfer.state == .inTransit)
                || !isValued
            {
                failure = failure ?? "\(transfer) should have \(left) in transit, by the ledger"
            }
        }
        let outs = (0..<ledger.rowCount).count {
            ledger.kinds[$0] == MovementKind.transferOut.rawValue
        }
        if outs != sent { failure = failure ?? "\(outs) movements sent \(sent) transfers" }
        self.note(
            "goods in transit were dispatched and not received",
            checked: transfers.rowCount - 1,
            failure: failure
        )
    }

    /// The sums of movements of those kinds, by the row of the movement that each names as its
    /// origin.
    private func sums(
        ofKinds kinds: Set<MovementKind>,
        _ deltas: LedgerColumn<Int64>
    ) throws(Refusal) -> [Int: Int64] {
        let ledger = self.tables.ledger
        var sums: [Int: Int64] = [:]
        for row in 0..<ledger.rowCount {
            try self.checkpoint(at: row)
            guard kinds.contains(ledger.kind(row)) else { continue }
            sums[Int(ledger.origins[row]) - 1, default: 0] += deltas[row]
        }
        return sums
    }
}
