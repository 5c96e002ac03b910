internal import ColumnStore

/// Balances of the past: those of now, less what the ledger says happened since.
package struct PastBalances {
    private struct Key: Hashable {
        var product: UInt32
        var location: UInt16
    }

    /// What happened after the point asked for, by level.
    private var later: [Key: Level] = [:]

    /// - Complexity: O(movements after the point).
    package init(_ view: ReadView, _ asOf: AsOf?) throws(Refusal) {
        guard let asOf else { return }
        let ledger = view.tables.ledger
        let first = try view.firstMovement(after: asOf)
        for row in first..<ledger.rowCount {
            let key = Key(product: ledger.products[row], location: ledger.locations[row])
            var sum =
                self.later[key]
                ?? Level(product: ProductID(key.product), location: LocationID(key.location))
            sum.onHand += ledger.onHandDeltas[row]
            sum.unavailable += ledger.unavailableDeltas[row]
            sum.reserved += ledger.reservedDeltas[row]
            sum.incoming += ledger.incomingDeltas[row]
            sum.value += ledger.costs[row]
            self.later[key] = sum
        }
    }

    /// The level as it was; its floor and revision are those of now.
    package func level(_ now: Level) -> Level {
        let key = Key(product: now.product.value, location: now.location.value)
        guard let later = self.later[key] else { return now }
        var level = now
        level.onHand -= later.onHand
        level.unavailable -= later.unavailable
        level.reserved -= later.reserved
        level.incoming -= later.incoming
        level.value -= later.value
        return level
    }
}

extension ReadView {
    /// The first row of the ledger that was recorded after a point; one past the last if none was.
    ///
    /// - Throws: `out_of_range` for a version that is yet to come.
    /// - Complexity: O(log n)
    package func firstMovement(after asOf: AsOf) throws(Refusal) -> Int {
        let ledger = self.tables.ledger
        switch asOf {
        case .lsn(let lsn):
            try self.check(asOf: lsn)
            return ledger.firstRow(after: lsn)
        case .time(let time):
            return ledger.recordedAt.firstRow(above: time.microseconds)
        }
    }

    /// As ``firstMovement(after:)``, of the ledger of refused demand.
    package func firstRefusal(after asOf: AsOf) throws(Refusal) -> Int {
        switch asOf {
        case .lsn(let lsn):
            try self.check(asOf: lsn)
            return self.tables.refusals.lsns.firstRow(above: lsn)
        case .time(let time):
            return self.tables.refusals.recordedAt.firstRow(above: time.microseconds)
        }
    }

    private func check(asOf lsn: UInt64) throws(Refusal) {
        guard lsn > self.lsn else { return }
        throw Refusal(
            .outOfRange,
            .range("asOf", value: Int64(clamping: lsn), lowest: 0, highest: Int64(self.lsn))
        )
    }
}

extension LedgerColumn {
    /// The first row whose value is larger, in a column whose values rise with the rows.
    ///
    /// - Complexity: O(log n)
    func firstRow(above value: Value) -> Int {
        var low = 0
        var high = self.count
        while low < high {
            let middle = (low + high) / 2
            if self[middle] <= value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
