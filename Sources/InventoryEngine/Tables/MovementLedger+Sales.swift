internal import ColumnStore
package import InventoryModel

/// What a row of the ledger is among sales.
///
/// One rule for all who report sales: the query, the topic of subscriptions and the insights. So the
/// lines that one shows sum up to what another says.
package enum SaleRow: Sendable {
    /// A sale, or the reversal of one.
    case sold
    /// A return, or the reversal of one.
    case returned
    /// Cost of goods sold that no sale has, or the reversal of such: a cost variance. Its amount is
    /// cost; no money changed hands.
    case lateCost
}

extension MovementLedger {
    /// What a row is among sales; `nil` for one that is not of them.
    package func saleRow(_ row: Int) -> SaleRow? {
        switch self.kindUndone(row) {
        case .sale: .sold
        case .return: .returned
        case .costVariance: .lateCost
        default: nil
        }
    }

    /// The kind of a row, or of the row that it undoes.
    package func kindUndone(_ row: Int) -> MovementKind? {
        let kind = MovementKind(rawValue: self.kinds[row])
        guard kind == .reversal else { return kind }
        return MovementKind(rawValue: self.kinds[Int(self.origins[row]) - 1])
    }

    /// The rows of sales that rows of a range undo, ascending.
    ///
    /// `happenedBy`: Only what was undone by then; `nil` for all.
    /// - Complexity: O(u log u) for u reversals in the range
    package func undoneSales(by rows: Range<Int>, happenedBy: Int64? = nil) -> [Int] {
        let sale = MovementKind.sale.rawValue
        var undone: [Int] = []
        var index =
            rows.lowerBound == 0 ? 0 : self.reversals.firstRow(above: UInt64(rows.lowerBound - 1))
        while index < self.reversals.count {
            let row = Int(self.reversals[index])
            guard row < rows.upperBound else { break }
            let origin = Int(self.origins[row]) - 1
            if self.kinds[origin] == sale, happenedBy.map({ self.occurredAt[row] <= $0 }) ?? true {
                undone.append(origin)
            }
            index += 1
        }
        undone.sort()
        return undone
    }
}
