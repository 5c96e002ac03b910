internal import ColumnStore

/// Balances of the past: those of now, less what the ledger says happened since.
struct PastBalances {
    private struct Key: Hashable {
        var product: UInt32
        var location: UInt16
    }

    /// What happened after the point asked for, by level.
    private var later: [Key: Level] = [:]

    /// - Complexity: O(movements after the point).
    init(_ view: ReadView, _ asOf: AsOf?) throws(Refusal) {
        guard let asOf else { return }
        let ledger = view.tables.ledger
        let first = try Self.firstRow(after: asOf, view)
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
    func level(_ now: Level) -> Level {
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

    private static func firstRow(after asOf: AsOf, _ view: ReadView) throws(Refusal) -> Int {
        let ledger = view.tables.ledger
        switch asOf {
        case .lsn(let lsn):
            guard lsn <= view.lsn else {
                throw Refusal(
                    .outOfRange,
                    .range("asOf", value: Int64(clamping: lsn), lowest: 0, highest: Int64(view.lsn))
                )
            }
            return ledger.firstRow(after: lsn)
        case .time(let time):
            // Recording times rise with the rows, so the point is found by halving.
            var low = 0
            var high = ledger.rowCount
            while low < high {
                let middle = (low + high) / 2
                if ledger.recordedAt[middle] <= time.microseconds {
                    low = middle + 1
                } else {
                    high = middle
                }
            }
            return low
        }
    }
}
