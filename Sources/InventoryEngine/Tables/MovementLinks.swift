internal import ColumnStore
internal import InventoryModel

/// The returned part of a sale: units, their refund, and what they had cost.
struct ReturnedSums: Equatable, Sendable {
    var quantity: Quantity = 0
    /// The refund in minor units.
    var amount: Money = 0
    /// The units of them that were sold in backorder.
    var backordered: Quantity = 0
    /// The part of the cost in the sale's row, in minor units, that belongs to the other units; also if
    /// the level, in backorder, did not gain it.
    var cost: Money = 0

    static func + (left: Self, right: Self) -> Self {
        Self(
            quantity: left.quantity + right.quantity,
            amount: left.amount + right.amount,
            backordered: left.backordered + right.backordered,
            cost: left.cost + right.cost
        )
    }

    static prefix func - (sums: Self) -> Self {
        Self(
            quantity: -sums.quantity,
            amount: -sums.amount,
            backordered: -sums.backordered,
            cost: -sums.cost
        )
    }
}

/// The effects of later movements on earlier ones: the returned part of a sale, and what was reversed.
///
/// Keyed by the row of the earlier movement. Derived from the ledger's origins and rebuilt with
/// them; sparse, since most movements have no later ones.
struct MovementLinks: Sendable {
    /// The returned part of each sale, net of reversed returns.
    private(set) var returned = ShardedMap<Int, ReturnedSums>()
    /// Movements that were reversed: true for each.
    private(set) var reversed = ShardedMap<Int, Bool>()
    /// The ``ReturnedSums/cost`` of each return of a named sale, by its own row.
    private var returnCosts = ShardedMap<Int, Money>()

    func returned(_ row: Int) -> ReturnedSums { self.returned[row] ?? ReturnedSums() }
    func isReversed(_ row: Int) -> Bool { self.reversed[row] != nil }

    /// Records the effect of the movement in `row` of `ledger` on the one in `origin`.
    mutating func note(_ row: Int, origin: Int, in ledger: MovementLedger) {
        switch ledger.kind(row) {
        case .sale, .return, .adjust:
            // What is sold in the past has an opening balance; any other return that has an origin names its
            // sale.
            if ledger.kind(origin) == .openingBalance { return }
            precondition(ledger.kind(row) == .return, "row \(row) has an origin")
            let units = Quantity(ledger.onHandDeltas[row]) - ledger.backordered(row)
            let cost = ledger.cost(of: units, soldIn: origin, after: self.returned(origin))
            self.returnCosts[row] = cost
            self.add(self.returned(by: row, in: ledger), to: origin)
        case .reversal:
            precondition(!self.isReversed(origin), "row \(origin) is reversed twice")
            self.reversed[origin] = true
            let sale = ledger.origins[origin]
            if ledger.kind(origin) == .return, sale > 0, ledger.kind(Int(sale) - 1) == .sale {
                self.add(-self.returned(by: origin, in: ledger), to: Int(sale) - 1)
            }
        case .commit, .release, .expire, .transferIn:
            // The remainder of reservations and transfers is in their own rows.
            break
        default:
            preconditionFailure("row \(row), a \(ledger.kind(row)), has an origin")
        }
    }

    private mutating func add(_ sums: ReturnedSums, to sale: Int) {
        self.returned[sale] = self.returned(sale) + sums
    }

    /// The part of a sale that the return in `row` of `ledger` gave back.
    func returned(by row: Int, in ledger: MovementLedger) -> ReturnedSums {
        ReturnedSums(
            quantity: Quantity(ledger.onHandDeltas[row]),
            amount: Money(-ledger.amounts[row]),
            backordered: ledger.backordered(row),
            cost: self.returnCosts[row] ?? 0
        )
    }

    init() {}

    /// Skips the segments of the ledger in which no row has an origin, which are most of them.
    ///
    /// - Complexity: O(movements), of which it reads few
    init(for ledger: MovementLedger) {
        self.insert(rows: 0..<ledger.rowCount, of: ledger)
    }

    /// Records the effects of the movements in these rows, which follow all those recorded.
    mutating func insert(rows: Range<Int>, of ledger: MovementLedger) {
        ledger.origins.scanSegments(of: rows, mayContain: 1...UInt64.max) { rows in
            for row in rows {
                let origin = ledger.origins[row]
                if origin > 0 { self.note(row, origin: Int(origin) - 1, in: ledger) }
            }
            return true
        }
    }
}
