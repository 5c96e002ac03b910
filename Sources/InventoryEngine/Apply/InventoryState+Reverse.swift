internal import Bytes
internal import ColumnStore
internal import InventoryModel

/// The rule of undoing: a step's movements again, the other way.
extension InventoryState {
    /// Undoes every movement of one step.
    ///
    /// A movement is undone at most once; one that undoes, or a sale of which something came back,
    /// is not undone at all.
    ///
    /// What it takes away must be there: it never leaves less available than the floor.
    ///
    /// Each movement is looked at as the ones before it leave the level.
    ///
    /// Of a commit, the sale is undone: a reservation is closed once, and stays closed. A step that
    /// reserved, released or moved stock between locations is not undone; it has commands of its own
    /// for that.
    func reverse(_ wanted: Reversal, in draft: inout Draft) throws(Refusal) -> Outcome.Done {
        var findings = Findings()
        Self.checkStrings(reference: "", note: wanted.note, &findings)
        let ledger = self.tables.ledger
        let rows = ledger.rows(of: wanted.lsn).filter { ledger.kind($0) != .commit }
        if rows.isEmpty { findings.add(Refusal(.movementNotFound, .id(wanted.lsn.value))) }
        self.checkMovements(rows.count, draft: draft, findings: &findings)

        var total = Money.zero
        for row in rows {
            let found = findings.count
            self.checkReversible(row, draft: draft, findings: &findings)
            let movement = self.tables.movement(row)
            let place = self.place(
                movement.product,
                location: movement.location,
                line: nil,
                draft: draft,
                findings: &findings
            )
            guard let before = place.level else { continue }
            // Cost that came late was never charged to anybody.
            let amount = movement.kind == .costVariance ? 0 : -movement.amount
            _ = findings.add(amount, to: &total, line: nil)
            let after = self.undoing(
                row,
                movement: movement,
                since: before,
                draft: draft,
                findings: &findings
            )
            guard let after, findings.count == found else { continue }
            self.undo(row, movement: movement, wanted: wanted, from: before, to: after, in: &draft)
        }
        try findings.settle()
        return self.done(amount: total, in: draft)
    }

    private func checkReversible(_ row: Int, draft: Draft, findings: inout Findings) {
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
        let isReversed = self.links.isReversed(row) || draft.reversed.contains(row)
        if isReversed || self.returned(row, draft).quantity > 0 {
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

    /// The level without one movement; `nil` where a finding was added.
    ///
    /// What it takes away must be there, and what it puts on hold too.
    private func undoing(
        _ row: Int,
        movement: Movement,
        since before: Level,
        draft: Draft,
        findings: inout Findings
    ) -> Level? {
        let found = findings.count
        var level = before
        level.onHand -= movement.onHandDelta
        level.unavailable -= movement.unavailableDelta
        level.reserved -= movement.reservedDelta
        level.incoming -= movement.incomingDelta
        if level.available < before.available, level.available < level.floor {
            findings.add(
                Refusal(
                    .insufficientStock,
                    .shortage(
                        Refusal.Shortage(of: before, asked: before.available - level.available)
                    )
                )
            )
        }
        let holdable = max(before.unavailable, level.onHand, 0)
        findings.check("unavailable", level.unavailable.baseUnits, in: 0...holdable.baseUnits)
        // What transfers bring stays announced.
        let announced = before.incoming - self.expected(before, draft)
        findings.check(
            "incoming",
            level.incoming.baseUnits,
            in: announced.baseUnits...Limits.quantityMax
        )
        level.value = self.value(of: level, undoing: row, before, draft)
        let isInRange = self.checkRange(of: level, line: nil, &findings)
        return isInRange && findings.count == found ? level : nil
    }

    /// The value of a level without a movement that left it as `before`.
    ///
    /// Units that come back bring what they cost, as far as they do not make up for units that were
    /// sold before they were there, and what a unit costs where they themselves were sold so; units that
    /// go take what they brought, as far as it is there. What they made up for is made up for by others
    /// now: these go with their share of what is left.
    private func value(
        of level: Level,
        undoing row: Int,
        _ before: Level,
        _ draft: Draft
    ) -> Money {
        let ledger = self.tables.ledger
        let quantity = Quantity(-ledger.onHandDeltas[row])
        let cost = Money(-ledger.costs[row])
        guard quantity > 0 else {
            guard level.onHand > 0 else { return 0 }
            let left = max(0, before.value + cost)
            let madeUpFor = ledger.kind(row) == .return ? 0 : ledger.backordered(row)
            return StockMath.share(of: left, level.onHand, of: level.onHand + madeUpFor)
        }
        let returned = StockMath.Returned(
            quantity: quantity,
            backordered: ledger.backordered(row),
            cost: cost
        )
        let unit = self.unitCost(of: before, draft)
        return before.value + (StockMath.value(of: returned, at: unit, onto: before) ?? cost)
    }

    /// Moves one movement's deltas the other way.
    private func undo(
        _ row: Int,
        movement: Movement,
        wanted: Reversal,
        from before: Level,
        to level: Level,
        in draft: inout Draft
    ) {
        draft.reversed.insert(row)
        if movement.kind == .return, let sale = movement.origin,
            let saleRow = self.tables.ledger.row(of: sale)
        {
            let sums = self.links.returned(by: row, in: self.tables.ledger)
            draft.addReturned(-sums, to: saleRow)
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
        // Of a sale or a return, what did not move is still cost of what was sold: nothing came late.
        guard movement.kind != .sale, movement.kind != .return else { return }
        let late = -movement.cost - reversal.cost
        self.recordLateCost(late, of: reversal, at: level, in: &draft)
    }
}
