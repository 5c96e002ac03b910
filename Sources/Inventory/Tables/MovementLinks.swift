internal import ColumnStore

/// What later movements did to earlier ones: how much of a sale came back, and what was reversed.
///
/// Keyed by the row of the earlier movement. Derived from the ledger's origins and rebuilt with
/// them; sparse, since most movements are never touched again.
struct MovementLinks: Sendable {
    /// Base units of each sale that came back, net of reversed returns.
    private(set) var returned: [Int: Int64] = [:]
    /// Movements that were reversed.
    private(set) var reversed: Set<Int> = []

    func returnedQuantity(_ row: Int) -> Int64 { self.returned[row] ?? 0 }
    func isReversed(_ row: Int) -> Bool { self.reversed.contains(row) }

    /// Notes what the movement in `row` of `ledger` did to the one in `origin`.
    mutating func note(_ row: Int, origin: Int, in ledger: MovementLedger) {
        switch ledger.kind(row) {
        case .return:
            self.returned[origin, default: 0] += ledger.onHandDeltas[row]
        case .reversal:
            let (isNew, _) = self.reversed.insert(origin)
            precondition(isNew, "row \(origin) is reversed twice")
            let sale = ledger.origins[origin]
            if ledger.kind(origin) == .return, sale > 0 {
                self.returned[Int(sale) - 1, default: 0] -= ledger.onHandDeltas[origin]
            }
        case .commit, .release, .expire, .transferIn:
            // What is left of reservations and transfers is kept in their own rows.
            break
        default:
            preconditionFailure("row \(row), a \(ledger.kind(row)), has an origin")
        }
    }

    init() {}

    /// Passes over the segments of the ledger in which nothing has an origin: most of them.
    ///
    /// - Complexity: O(movements), of which it looks at few
    init(for ledger: MovementLedger) {
        let all = 0..<ledger.rowCount
        ledger.origins.scanSegments(of: all, mayContain: 1...UInt64.max) { rows in
            for row in rows {
                let origin = ledger.origins[row]
                if origin > 0 { self.note(row, origin: Int(origin) - 1, in: ledger) }
            }
            return true
        }
    }
}
