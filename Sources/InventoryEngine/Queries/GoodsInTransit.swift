internal import ColumnStore
package import InventoryModel

/// Goods in transit between two locations, now or at a point of the past: on hand nowhere, but still owned by
/// the shop.
package struct GoodsInTransit {
    /// The remainder of one transfer.
    package struct Line {
        package var product: ProductID
        package var destination: LocationID
        /// Base units still in transit.
        package var quantity: Quantity
        /// Their cost.
        package var value: Money
    }

    package private(set) var lines: [Line] = []

    /// What was received or cancelled of a transfer after the requested point.
    private struct Later {
        var quantity: Quantity = 0
        var value: Money = 0
    }

    /// - Complexity: O(transfers); without a point of the past, only segments with open ones are read.
    package init(_ view: ReadView, _ asOf: AsOf?) throws(Refusal) {
        let transfers = view.tables.transfers
        let inTransit = TransferState.inTransit.rawValue
        guard let asOf else {
            transfers.items.states.scanSegments(
                of: 1..<max(transfers.rowCount, 1),
                mayContain: inTransit...inTransit
            ) { rows in
                for row in rows where transfers.isOpen(row) {
                    self.append(row, of: transfers, Later())
                }
                return true
            }
            return
        }
        var later: [MovementID: Later] = [:]
        var sentLater: Set<MovementID> = []
        let ledger = view.tables.ledger
        try view.forEachMovement(after: asOf) { row in
            switch ledger.kind(row) {
            case .transferOut: sentLater.insert(ledger.movementID(row))
            case .transferIn:
                let origin = ledger.movementID(Int(ledger.origins[row]) - 1)
                later[origin, default: Later()].quantity += Quantity(ledger.onHandDeltas[row])
                later[origin, default: Later()].value +=
                    Money(ledger.costs[row]) + ledger.lateCost(after: row)
            default: break
            }
        }
        for row in 1..<max(transfers.rowCount, 1) {
            let origin = transfers.items.origin(row)
            guard !sentLater.contains(origin) else { continue }
            let arrived = later[origin] ?? Later()
            guard transfers.isOpen(row) || arrived.quantity > 0 else { continue }
            self.append(row, of: transfers, arrived)
        }
    }

    private mutating func append(_ row: Int, of transfers: TransferTable, _ later: Later) {
        self.lines.append(
            Line(
                product: ProductID(transfers.items.products[row]),
                destination: LocationID(transfers.destinations[row]),
                quantity: Quantity(transfers.items.remaining[row]) + later.quantity,
                value: Money(transfers.values[row]) + later.value
            )
        )
    }
}

/// The change of the value in transit by each row of the ledger, with the destination.
package struct TransitChanges {
    /// Destinations by the movement that sent the goods.
    private var destinations: [MovementID: LocationID] = [:]

    /// Collects the destinations; `nil` if there never was a transfer.
    ///
    /// - Complexity: O(transfers)
    package init?(_ view: ReadView) {
        let transfers = view.tables.transfers
        guard transfers.rowCount > 1 else { return nil }
        for row in 1..<transfers.rowCount {
            let origin = transfers.items.origin(row)
            self.destinations[origin] = LocationID(transfers.destinations[row])
        }
    }

    /// The change by one row: sent, received or cancelled goods; `nil` for other rows.
    package func change(
        _ row: Int,
        _ ledger: MovementLedger
    ) -> (destination: LocationID, value: Money)? {
        let origin: Int
        let value: Money
        switch ledger.kind(row) {
        case .transferOut: (origin, value) = (row, Money(-ledger.costs[row]))
        case .transferIn:
            origin = Int(ledger.origins[row]) - 1
            value = Money(-ledger.costs[row]) - ledger.lateCost(after: row)
        default: return nil
        }
        guard let destination = self.destinations[ledger.movementID(origin)] else { return nil }
        return (destination, value)
    }
}

extension MovementLedger {
    /// The cost received with a row that did not become value of its level: that of the following cost
    /// variance.
    fileprivate func lateCost(after row: Int) -> Money {
        let next = row + 1
        guard next < self.rowCount, self.lsns[next] == self.lsns[row],
            self.kinds[next] == MovementKind.costVariance.rawValue,
            self.products[next] == self.products[row], self.locations[next] == self.locations[row]
        else { return 0 }
        return Money(self.amounts[next])
    }
}
