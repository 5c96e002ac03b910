internal import Bytes
internal import ColumnStore
internal import InventoryModel

/// The rule of reversing a step: its movements with opposite signs.
extension InventoryState {
    /// Reverses every movement of one step.
    ///
    /// A movement is reversed at most once. A reversal cannot be reversed, nor can a sale that has
    /// returns.
    ///
    /// The reversal of a movement that was dated in the past has its time.
    ///
    /// Stock that a reversal removes must exist: it never leaves less available than the floor.
    ///
    /// The last movement is reversed first, so that a step that used what it had brought can be reversed. Each
    /// one is checked against the level as the ones reversed before leave it.
    ///
    /// Of a commit, only the sale is reversed: a reservation that is closed stays closed. A step that
    /// reserved, released or transferred stock cannot be reversed; other commands
    /// do that.
    func reverse(_ command: Reversal, in draft: inout Draft) throws(Refusal) -> Outcome.Done {
        var findings = Findings()
        Self.checkStrings(reference: "", note: command.note, &findings)
        let ledger = self.tables.ledger
        let rows = ledger.rows(of: command.lsn).filter { ledger.kind($0) != .commit }
        if rows.isEmpty { findings.add(Refusal(.movementNotFound, .id(command.lsn.value))) }
        self.checkMovements(rows.count, draft: draft, checks: &findings)

        var total = Money.zero
        for row in rows.reversed() {
            let found = findings.count
            self.checkReversible(row, draft: draft, findings: &findings)
            let movement = self.tables.movement(row)
            let isPast = ledger.isPast(row)
            let level = self.reversedLevel(
                of: movement,
                isPast: isPast,
                draft: draft,
                &findings
            )
            guard let before = level else { continue }
            // Late cost was never charged to a customer.
            let amount = movement.kind == .costVariance ? 0 : -movement.amount
            _ = findings.add(amount, to: &total, line: nil)
            let after =
                isPast
                ? self.undoingPast(movement, since: before, &findings)
                : self.undoing(
                    row,
                    movement: movement,
                    since: before,
                    draft: draft,
                    findings: &findings
                )
            guard let after, findings.count == found else { continue }
            self.undo(
                row,
                movement: movement,
                command: command,
                from: before,
                to: after,
                in: &draft
            )
        }
        try findings.settle()
        return self.done(amount: total, in: draft)
    }

    /// The level of a movement to be reversed; `nil` if a finding was added.
    ///
    /// As it is recorded, a past sale is reversed also of what is archived: it changes nothing of today.
    private func reversedLevel(
        of movement: Movement,
        isPast: Bool,
        draft: Draft,
        _ findings: inout Findings
    ) -> Level? {
        let (product, location) = (movement.product, movement.location)
        if isPast { return self.level(product, location: location, draft: draft) }
        return self.place(
            product,
            location: location,
            line: nil,
            draft: draft,
            findings: &findings
        ).level
    }

    /// The level without a movement of the past; `nil` if a finding was added.
    ///
    /// The movements of its step cancel each other out, so no stock has to exist.
    private func undoingPast(
        _ movement: Movement,
        since before: Level,
        _ findings: inout Findings
    ) -> Level? {
        var level = before
        level.onHand -= movement.onHandDelta
        level.value -= movement.cost
        return self.checkRange(of: level, line: nil, &findings) ? level : nil
    }

    private func checkReversible(_ row: Int, draft: Draft, findings: inout Findings) {
        let ledger = self.tables.ledger
        let lsn = ledger.lsns[row]
        if ledger.kind(row) == .reversal {
            findings.add(
                Refusal(.invalidField, .field("lsn", problem: "\(lsn) is itself a reversal"))
            )
        }
        if let instead = Self.alternative(from: ledger.kind(row)) {
            findings.add(
                Refusal(.invalidField, .field("lsn", problem: "\(lsn) \(instead)"))
            )
        }
        let isReversed = self.links.isReversed(row) || draft.reversed.contains(row)
        if isReversed || self.returned(row, draft).quantity > 0 {
            findings.add(Refusal(.alreadyReversed, .id(lsn)))
        }
    }

    /// What to do instead of reversing a movement of a kind that cannot be reversed; `nil` if it can.
    private static func alternative(from kind: MovementKind) -> String? {
        switch kind {
        case .reserve: "reserved stock: release the reservation"
        case .release, .expire: "closed a reservation: reserve again"
        case .transferOut: "sent stock in transit: cancel the transfer"
        case .transferIn: "received stock in transit: transfer it back"
        case .sale, .return, .restock, .adjust, .count, .commit, .setUnavailable,
            .expectIncoming, .reversal, .costVariance, .openingBalance:
            nil
        }
    }

    /// The level without one movement; `nil` if a finding was added.
    ///
    /// The stock that the reversal removes must exist, and so must stock that it puts on hold.
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
        // Incoming stock of transfers remains.
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

    /// The value of a level after reversing a movement; `before` is the level before the reversal.
    ///
    /// Units that come back bring their cost, except those that fill a backorder; units that were sold
    /// in backorder bring the current unit cost. Units that are removed take the value that they brought,
    /// as far as the level has it. Backorders that they had filled are now filled by others, which take
    /// their share of the remaining value.
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

    /// When a movement is undone: at its own time if that was dated, so that the reports of its day are right
    /// again; else now.
    private func whenUndone(_ row: Int, at time: Instant) -> Instant {
        let ledger = self.tables.ledger
        let isDated = ledger.occurredAt[row] < ledger.recordedAt[row]
        return isDated ? Instant(microseconds: ledger.occurredAt[row]) : time
    }

    /// Applies one movement's deltas with opposite signs.
    private func undo(
        _ row: Int,
        movement: Movement,
        command: Reversal,
        from before: Level,
        to level: Level,
        in draft: inout Draft
    ) {
        draft.reversed.insert(row)
        if movement.kind == .return, let sale = movement.origin,
            let saleRow = self.tables.ledger.row(of: sale),
            self.tables.ledger.kind(saleRow) == .sale
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
            reason: command.reason,
            reference: movement.reference,
            note: command.note,
            origin: self.tables.ledger.movementID(row),
            occurredAt: self.whenUndone(row, at: draft.time),
            isImported: false
        )
        let isPast = self.tables.ledger.isPast(row)
        draft.move(reversal, leaving: level, isPast: isPast)
        // For a sale or a return, the rest is still cost of goods sold: none of it is late.
        guard movement.kind != .sale, movement.kind != .return, !isPast else { return }
        let late = -movement.cost - reversal.cost
        self.recordLateCost(late, of: reversal, at: level, in: &draft)
    }
}
