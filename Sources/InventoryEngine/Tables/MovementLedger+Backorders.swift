internal import ColumnStore
package import InventoryModel

/// The units of movements that were in backorder, and what returns of them cost.
extension MovementLedger {
    /// The units in backorder of the movement in `row`; see ``backorderRows``.
    ///
    /// - Complexity: O(log n)
    package func backordered(_ row: Int) -> Quantity {
        if self.backorderRows.count == 0 { return 0 }
        let index = row == 0 ? 0 : self.backorderRows.firstRow(above: UInt64(row - 1))
        guard index < self.backorderRows.count, self.backorderRows[index] == UInt64(row) else {
            return 0
        }
        return Quantity(self.backorderUnits[index])
    }

    /// How many of the next `quantity` returned units of the sale in `row` were sold in backorder: these are
    /// returned first, so that their cost is the level's average.
    func backordered(
        of quantity: Quantity,
        soldIn row: Int,
        after returned: ReturnedSums
    ) -> Quantity {
        min(quantity, self.backordered(row) - returned.backordered)
    }

    /// The cost, in minor units, of the next `quantity` returned units of the sale in `row` that were on
    /// hand when sold: their share of what is not returned yet, so that all parts add up to the row's cost,
    /// in whatever order returns are made and reversed.
    func cost(of quantity: Quantity, soldIn row: Int, after returned: ReturnedSums) -> Money {
        let sold = Quantity(-self.onHandDeltas[row]) - self.backordered(row)
        return StockMath.share(
            of: Money(-self.costs[row]) - returned.cost,
            quantity,
            of: sold - (returned.quantity - returned.backordered)
        )
    }

    /// Determines which sales were in backorder, from a snapshot that does not contain it:
    /// one made before 0.2.0.
    ///
    /// - Complexity: O(movements)
    mutating func deriveBackorders() {
        self.removeBackorders()
        var onHand: [UInt64: Int64] = [:]
        var links = MovementLinks()
        for row in 0..<self.rowCount {
            let place = UInt64(self.products[row]) << 16 | UInt64(self.locations[row])
            let left = onHand[place, default: 0] + self.onHandDeltas[row]
            onHand[place] = left
            let origin = self.origins[row] > 0 ? Int(self.origins[row]) - 1 : nil
            let units = self.backordered(
                by: self.kind(row),
                of: Quantity(self.onHandDeltas[row]),
                leaving: Quantity(left),
                returned: origin.map { ($0, links.returned($0)) }
            )
            if units > 0 { self.noteBackorder(of: units, in: row) }
            if let origin { links.note(row, origin: origin, in: self) }
        }
    }

    /// How many units of a movement of `delta` units are in backorder.
    ///
    /// `returned` is the row that it refers to, and the part of it that was returned before.
    func backordered(
        by kind: MovementKind,
        of delta: Quantity,
        leaving onHand: Quantity,
        returned: (row: Int, sums: ReturnedSums)?
    ) -> Quantity {
        // What is sold in the past was never in backorder.
        if let returned, self.kind(returned.row) == .openingBalance { return 0 }
        switch kind {
        case .sale:
            return StockMath.backordered(of: -delta, leaving: onHand)
        case .return:
            guard let returned else { return 0 }
            return self.backordered(of: delta, soldIn: returned.row, after: returned.sums)
        case .restock, .adjust, .count:
            return max(0, min(delta, delta - onHand))
        default:
            return 0
        }
    }
}
