internal import ColumnStore

/// The rule of undoing: a step's movements again, the other way.
extension InventoryState {
    /// Undoes every movement of one step.
    ///
    /// A movement is undone at most once; one that undoes, or a sale of which something came back,
    /// is not undone at all.
    ///
    /// What it takes away must be there: it never leaves less available than the floor.
    ///
    /// Of a commit, the sale is undone: a reservation is closed once, and stays closed. A step that
    /// reserved, released or moved stock between locations is not undone; it has commands of its own
    /// for that.
    func reverse(_ wanted: Reversal, in draft: inout Draft) throws(Refusal) -> Outcome.Done {
        var findings = Findings()
        self.checkTexts(reference: "", note: wanted.note, &findings)
        let ledger = self.tables.ledger
        let rows = ledger.rows(of: wanted.lsn).filter { ledger.kind($0) != .commit }
        if rows.isEmpty { findings.add(Refusal(.movementNotFound, .id(wanted.lsn))) }
        if rows.count + draft.movementCount > Limits.batchLinesMax * 2 {
            findings.add(
                Refusal(
                    .tooManyLines,
                    .range(
                        "lines",
                        value: Int64(rows.count + draft.movementCount),
                        lowest: 0,
                        highest: Int64(Limits.batchLinesMax * 2)
                    )
                )
            )
        }
        try findings.settle()

        var total = Money.zero
        for row in rows {
            self.checkReversible(row, draft, &findings)
            let movement = self.tables.movement(row)
            _ = self.checkPlace(movement.product, movement.location, line: nil, draft, &findings)
            try findings.settle()
            let amount = try self.undo(row, movement, wanted, in: &draft)
            guard let sum = total.adding(Money(amount)) else {
                throw Refusal(.amountOverflow, .field("amount", problem: "of the reversal"))
            }
            total = sum
        }
        return self.done(amount: total.minorUnits, in: draft)
    }

    private func checkReversible(_ row: Int, _ draft: Draft, _ findings: inout Findings) {
        let ledger = self.tables.ledger
        let lsn = ledger.lsns[row]
        if ledger.kind(row) == .reversal {
            findings.add(
                Refusal(.invalidField, .field("lsn", problem: "\(lsn) is itself a reversal"))
            )
        }
        if let instead = Self.wayBack(from: ledger.kind(row)) {
            findings.add(
                Refusal(.invalidField, .field("lsn", problem: "\(lsn) \(instead)"))
            )
        }
        let returned = self.links.returnedQuantity(row) + (draft.returned[row] ?? 0)
        let isReversed = self.links.isReversed(row) || draft.reversed.contains(row)
        if isReversed || returned > 0 {
            findings.add(Refusal(.alreadyReversed, .id(lsn)))
        }
    }

    /// What to do instead of undoing a movement that cannot be undone; nothing if it can.
    private static func wayBack(from kind: MovementKind) -> String? {
        switch kind {
        case .reserve: "reserved stock: release the reservation"
        case .release, .expire: "closed a reservation: reserve again"
        case .transferOut: "sent stock on its way: cancel the transfer"
        case .transferIn: "took in stock that was on its way: transfer it back"
        default: nil
        }
    }

    /// Moves one movement's deltas the other way.
    ///
    /// - Returns: What is charged or given back by it.
    private func undo(
        _ row: Int,
        _ movement: Movement,
        _ wanted: Reversal,
        in draft: inout Draft
    ) throws(Refusal) -> Int64 {
        var level = self.level(movement.product, movement.location, draft)
        let before = level
        level.onHand -= movement.onHandDelta
        level.unavailable -= movement.unavailableDelta
        level.reserved -= movement.reservedDelta
        level.incoming -= movement.incomingDelta
        if level.available < before.available, level.available < level.floor {
            throw Refusal(
                .insufficientStock,
                .shortage(
                    Refusal.Shortage(of: before, asked: before.available - level.available)
                )
            )
        }
        var findings = Findings()
        let range = 0...Limits.quantityMax
        findings.check("unavailable", level.unavailable, in: range)
        findings.check("incoming", level.incoming, in: range)
        let wish = before.value - movement.cost
        if movement.onHandDelta < 0 {
            // What comes back makes up for what was sold below zero first, as a delivery does.
            let gained = StockMath.receiving(
                -movement.onHandDelta,
                costing: -movement.cost,
                onto: before
            )
            level.value += gained.value
        } else {
            level.value = level.onHand > 0 ? max(0, wish) : 0
        }
        // Cost that neither comes into the stock nor goes out of it belongs to what was sold. The rows
        // of sales and returns say so themselves: their cost is what the stock gained or lost.
        let late = movement.kind.isSaleOrReturn ? 0 : wish - level.value
        self.checkRange(of: level, line: nil, &findings)
        try findings.settle()

        draft.reversed.insert(row)
        if movement.kind == .return, let sale = movement.origin,
            let saleRow = self.tables.ledger.row(of: sale)
        {
            draft.returned[saleRow, default: 0] -= movement.onHandDelta
        }
        let reversal = Movement(
            kind: .reversal,
            product: movement.product,
            location: movement.location,
            onHandDelta: -movement.onHandDelta,
            unavailableDelta: -movement.unavailableDelta,
            reservedDelta: -movement.reservedDelta,
            incomingDelta: -movement.incomingDelta,
            amount: -movement.amount,
            price: movement.price,
            cost: level.value - before.value,
            reason: wanted.reason,
            reference: movement.reference,
            note: wanted.note,
            origin: self.tables.ledger.movementID(row),
            occurredAt: draft.time,
            isImported: false
        )
        draft.move(reversal, leaving: level)
        self.recordLateCost(late, of: reversal, at: level, in: &draft)
        // The amount of a cost variance is cost: nobody was charged it.
        return movement.kind == .costVariance ? 0 : -movement.amount
    }
}

extension MovementKind {
    fileprivate var isSaleOrReturn: Bool { self == .sale || self == .return }
}
