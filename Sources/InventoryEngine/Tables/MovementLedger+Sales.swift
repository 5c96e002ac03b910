internal import ColumnStore
package import InventoryModel

/// How a row of the ledger counts among sales.
///
/// The query, the topic of subscriptions and the insights share this rule, so that the lines of one add up
/// to the totals of another.
package enum SaleRow: Sendable {
    /// A sale, or the reversal of one.
    case sold
    /// A return, or the reversal of one.
    case returned
    /// Cost of goods sold that belongs to no sale, or its reversal: a cost variance. Its amount is
    /// cost; no money changed hands.
    case lateCost
}

extension MovementLedger {
    /// How a row counts among sales; `nil` if it does not.
    package func saleRow(_ row: Int) -> SaleRow? {
        switch self.kindUndone(row) {
        case .sale: .sold
        case .return: .returned
        case .costVariance: .lateCost
        default: nil
        }
    }

    /// The kind of a row, or of the row that it reverses.
    package func kindUndone(_ row: Int) -> MovementKind? {
        let kind = MovementKind(rawValue: self.kinds[row])
        guard kind == .reversal else { return kind }
        return MovementKind(rawValue: self.kinds[Int(self.origins[row]) - 1])
    }

    /// The rows of sales that the reversals in a range of rows undo, ascending.
    ///
    /// `happenedBy` restricts them to reversals that occurred by then; `nil` for all.
    /// - Complexity: O(u log u) for u reversals in the range
    package func undoneSales(by rows: Range<Int>, happenedBy: Instant? = nil) -> [Int] {
        let sale = MovementKind.sale.rawValue
        var undone: [Int] = []
        var index =
            rows.lowerBound == 0 ? 0 : self.reversals.firstRow(above: UInt64(rows.lowerBound - 1))
        while index < self.reversals.count {
            let row = Int(self.reversals[index])
            guard row < rows.upperBound else { break }
            let origin = Int(self.origins[row]) - 1
            let happened = Instant(microseconds: self.occurredAt[row])
            if self.kinds[origin] == sale, happenedBy.map({ happened <= $0 }) ?? true {
                undone.append(origin)
            }
            index += 1
        }
        undone.sort()
        return undone
    }
}
