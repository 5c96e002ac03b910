internal import InventoryModel

/// The rules of deliveries, of stock on hold, and of what a level is to have.
///
/// Counts and other corrections of what is on hand are in `InventoryState+Correction`.
extension InventoryState {
    func restock(_ command: Restock, in draft: inout Draft) throws(Refusal) -> Outcome.Done {
        var findings = Findings()
        self.checkLines(
            command.lines.count,
            reference: command.reference,
            note: command.note,
            &findings
        )
        let occurredAt = Self.occurrence(command.occurred, at: draft.time, &findings)

        for (index, line) in command.lines.enumerated() {
            let number = UInt32(index)
            let found = findings.count
            let quantities = FieldBounds.quantities
            findings.check("quantity", line.quantity.baseUnits, in: quantities, line: number)
            if let cost = line.unitCost {
                findings.check("unitCost", cost.minorUnits, in: FieldBounds.amounts, line: number)
            }
            let place = self.place(
                line.product,
                location: line.location,
                ifRevision: line.ifRevision,
                line: number,
                draft: draft,
                findings: &findings
            )
            guard quantities.contains(line.quantity.baseUnits), let facts = place.facts else {
                continue
            }
            let price = self.cost(of: line, facts: facts, level: place.level, draft: draft)
            let cost = price.amount(of: line.quantity)
            if cost == nil { findings.add(.overflow("cost", line: number)) }
            guard var level = place.level else { continue }
            let gained = StockMath.receiving(
                line.quantity,
                costing: cost ?? 0,
                onto: level
            )
            let arrived = self.arrived(line.quantity, of: command, at: level, draft)
            level.onHand += line.quantity
            level.incoming -= arrived
            level.value += gained.value
            guard self.checkRange(of: level, line: number, &findings), findings.count == found
            else { continue }
            var movement = Movement(restocking: line, of: command, at: occurredAt)
            movement.incomingDelta = -arrived
            movement.price = price
            movement.cost = gained.value
            draft.move(movement, leaving: level)
            self.recordLateCost(gained.late, of: movement, at: level, in: &draft)
        }
        try findings.settle()
        return self.done(in: draft)
    }

    /// The part of a delivered quantity that was expected, by which incoming stock falls.
    ///
    /// Of a delivery *from incoming* it is what is expected at all; of any other what is expected under its
    /// reference.
    private func arrived(
        _ quantity: Quantity,
        of command: Restock,
        at level: Level,
        _ draft: Draft
    ) -> Quantity {
        if command.fromIncoming { return min(quantity, self.expected(level, draft)) }
        return min(quantity, self.expected(under: command.reference, at: level, draft))
    }

    /// The unit cost of a restock: the line's, else the current one of the level.
    private func cost(
        of line: RestockLine,
        facts: ProductTable.Facts,
        level: Level?,
        draft: Draft
    ) -> Price {
        if let cost = line.unitCost { return Price(cost.minorUnits, per: facts.price.basis) }
        let known = level.flatMap { self.unitCost(of: $0, draft) }
        return known ?? Price(0, per: facts.price.basis)
    }

    func setUnavailable(_ command: Hold, in draft: inout Draft) throws(Refusal) -> Outcome.Done {
        var findings = Findings()
        Self.checkStrings(reference: command.reference, note: command.note, &findings)
        let isDelta = Self.checkDelta(command.delta, &findings)
        let place = self.place(
            command.product,
            location: command.location,
            ifRevision: command.ifRevision,
            line: nil,
            draft: draft,
            findings: &findings
        )
        if isDelta, let level = place.level {
            // At most what is on hand can be put on hold.
            let highest = max(0, level.onHand - level.unavailable)
            findings.check(
                "delta",
                command.delta.baseUnits,
                in: -level.unavailable.baseUnits...highest.baseUnits
            )
        }
        try findings.settle()
        guard var level = place.level else { preconditionFailure("no level and no finding") }
        level.unavailable += command.delta
        draft.move(
            Movement(
                kind: .setUnavailable,
                product: command.product,
                location: command.location,
                unavailableDelta: command.delta,
                reason: command.reason,
                reference: command.reference,
                note: command.note,
                occurredAt: draft.time
            ),
            leaving: level
        )
        return self.done(in: draft)
    }

    func expectIncoming(
        _ command: Expectation,
        in draft: inout Draft
    ) throws(Refusal) -> Outcome.Done {
        var findings = Findings()
        Self.checkStrings(reference: command.reference, note: command.note, &findings)
        let isDelta = Self.checkDelta(command.delta, &findings)
        if let eta = command.eta {
            findings.check("eta", eta.microseconds, in: FieldBounds.instants)
        }
        let place = self.place(
            command.product,
            location: command.location,
            ifRevision: command.ifRevision,
            line: nil,
            draft: draft,
            findings: &findings
        )
        var level = place.level
        if isDelta, let before = level {
            // This command cannot reduce what transfers bring.
            let lowest = -self.expected(before, draft)
            findings.check(
                "delta",
                command.delta.baseUnits,
                in: lowest.baseUnits...Limits.quantityMax
            )
            level?.incoming += command.delta
            _ = level.map { self.checkRange(of: $0, line: nil, &findings) }
        }
        try findings.settle()
        guard let level else { preconditionFailure("no level and no finding") }
        draft.move(
            Movement(
                kind: .expectIncoming,
                product: command.product,
                location: command.location,
                incomingDelta: command.delta,
                reference: command.reference,
                note: command.note,
                // The movement of an expected delivery occurs when it arrives.
                occurredAt: command.eta ?? draft.time
            ),
            leaving: level
        )
        return self.done(in: draft)
    }

    func setFloor(_ command: FloorChange, in draft: inout Draft) throws(Refusal) -> Outcome.Done {
        var findings = Findings()
        findings.check("floor", command.floor.baseUnits, in: FieldBounds.deltas)
        let place = self.place(
            command.product,
            location: command.location,
            ifRevision: command.ifRevision,
            line: nil,
            draft: draft,
            findings: &findings
        )
        try findings.settle()
        guard var level = place.level else { preconditionFailure("no level and no finding") }
        if level.floor == command.floor { return self.done(in: draft) }
        level.floor = command.floor
        draft.set(level)
        return self.done(in: draft)
    }

    func setReorderPoint(
        _ command: ReorderPointChange,
        in draft: inout Draft
    ) throws(Refusal) -> Outcome.Done {
        var findings = Findings()
        if let point = command.reorderPoint {
            findings.check("reorderPoint", point.baseUnits, in: FieldBounds.counts)
        }
        let place = self.place(
            command.product,
            location: command.location,
            ifRevision: command.ifRevision,
            line: nil,
            draft: draft,
            findings: &findings
        )
        try findings.settle()
        guard let level = place.level else { preconditionFailure("no level and no finding") }
        guard self.ownReorderPoint(of: level, draft) != command.reorderPoint else {
            return self.done(in: draft)
        }
        // The level's row, which also gets the revision of the step.
        draft.set(level)
        draft.set(
            LevelReorderPoint(
                product: command.product,
                location: command.location,
                point: command.reorderPoint
            )
        )
        return self.done(in: draft)
    }

    // MARK: - Shared

    /// - Returns: Whether it is within the range of quantities.
    static func checkDelta(_ delta: Quantity, _ findings: inout Findings) -> Bool {
        if delta == 0 {
            findings.add(Refusal(.invalidField, .field("delta", problem: "is 0")))
        }
        return findings.check("delta", delta.baseUnits, in: FieldBounds.deltas)
    }

    /// Records cost of goods sold that belongs to no sale, as an amount without a
    /// quantity.
    ///
    /// `late` is the part of a stock movement's cost that did not become value of the level, in minor units;
    /// negative if such cost, or the cost of goods that were sold since, is taken back. So the value of the
    /// stock plus the cost of goods sold, late cost included, always equals what was paid.
    func recordLateCost(
        _ late: Money,
        of movement: Movement,
        at level: Level,
        in draft: inout Draft
    ) {
        guard late != 0 else { return }
        draft.move(
            Movement(
                kind: .costVariance,
                product: movement.product,
                location: movement.location,
                amount: late,
                reference: movement.reference,
                occurredAt: movement.occurredAt,
                isImported: movement.isImported
            ),
            leaving: level
        )
    }
}

extension Movement {
    /// Creates the movement of a delivered line, without what depends on its level.
    fileprivate init(restocking line: RestockLine, of command: Restock, at occurredAt: Instant) {
        self.init(
            kind: .restock,
            product: line.product,
            location: line.location,
            onHandDelta: line.quantity,
            reference: command.reference,
            note: command.note,
            occurredAt: occurredAt,
            isImported: command.occurred?.isImported ?? false
        )
    }
}
