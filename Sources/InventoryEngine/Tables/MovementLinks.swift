internal import ColumnStore
internal import InventoryModel

/// How much of a sale came back: units, what was given back for them, and what they had cost.
struct ReturnedSums: Equatable, Sendable {
    var quantity: Quantity = 0
    /// Minor units that were given back.
    var amount: Money = 0
    /// Those of the units that were not there when they were sold.
    var backordered: Quantity = 0
    /// The part of what the sale's row says it cost, in minor units, that went with the other units:
    /// also where the level, in backorder, did not gain it.
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

/// What later movements did to earlier ones: how much of a sale came back, and what was reversed.
///
/// Keyed by the row of the earlier movement. Derived from the ledger's origins and rebuilt with
/// them; sparse, since most movements are never touched again.
struct MovementLinks: Sendable {
    /// What came back of each sale, net of reversed returns.
    private(set) var returned: [Int: ReturnedSums] = [:]
    /// Movements that were reversed.
    private(set) var reversed: Set<Int> = []
    /// The ``ReturnedSums/cost`` of each return of a named sale, by its own row.
    private var returnCosts: [Int: Money] = [:]

    func returned(_ row: Int) -> ReturnedSums { self.returned[row] ?? ReturnedSums() }
    func isReversed(_ row: Int) -> Bool { self.reversed.contains(row) }

    /// Notes what the movement in `row` of `ledger` did to the one in `origin`.
    mutating func note(_ row: Int, origin: Int, in ledger: MovementLedger) {
        switch ledger.kind(row) {
        case .return:
            let units = Quantity(ledger.onHandDeltas[row]) - ledger.backordered(row)
            let cost = ledger.cost(of: units, soldIn: origin, after: self.returned(origin))
            self.returnCosts[row] = cost
            self.add(self.returned(by: row, in: ledger), to: origin)
        case .reversal:
            let (isNew, _) = self.reversed.insert(origin)
            precondition(isNew, "row \(origin) is reversed twice")
            let sale = ledger.origins[origin]
            if ledger.kind(origin) == .return, sale > 0 {
                self.add(-self.returned(by: origin, in: ledger), to: Int(sale) - 1)
            }
        case .commit, .release, .expire, .transferIn:
            // What is left of reservations and transfers is kept in their own rows.
            break
        default:
            preconditionFailure("row \(row), a \(ledger.kind(row)), has an origin")
        }
    }

    private mutating func add(_ sums: ReturnedSums, to sale: Int) {
        self.returned[sale] = self.returned(sale) + sums
    }

    /// What the return in `row` of `ledger` gave back.
    func returned(by row: Int, in ledger: MovementLedger) -> ReturnedSums {
        ReturnedSums(
            quantity: Quantity(ledger.onHandDeltas[row]),
            amount: Money(-ledger.amounts[row]),
            backordered: ledger.backordered(row),
            cost: self.returnCosts[row] ?? 0
        )
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
