internal import InventoryModel

/// The rules of corrections: what is on hand becomes what the shelf has.
///
///     adjust      by a difference          at the current unit cost
///     count       to a counted quantity    at the current unit cost
///     writeOff    by what is on hold       which then is neither on hand nor on hold
extension InventoryState {
    func adjust(_ command: Adjustment, in draft: inout Draft) throws(Refusal) -> Outcome.Done {
        var findings = Findings()
        Self.checkStrings(reference: command.reference, note: command.note, &findings)
        let isDelta = Self.checkDelta(command.delta, &findings)
        let occurredAt = Self.occurrence(command.occurred, at: draft.time, &findings)
        let level = self.place(
            command.product,
            location: command.location,
            ifRevision: command.ifRevision,
            line: nil,
            draft: draft,
            findings: &findings
        ).level
        var corrected: Correction?
        if isDelta, let level {
            // A level cannot have fewer than 0 units on hand.
            let lowest = command.delta < 0 ? -max(0, level.onHand) : 0
            findings.check(
                "delta",
                command.delta.baseUnits,
                in: lowest.baseUnits...Limits.quantityMax
            )
            corrected = self.correction(of: level, by: command.delta, draft, &findings)
        }
        try findings.settle()
        return self.done(
            corrected,
            Movement(
                kind: .adjust,
                product: command.product,
                location: command.location,
                onHandDelta: command.delta,
                reason: command.reason,
                reference: command.reference,
                note: command.note,
                occurredAt: occurredAt,
                isImported: command.occurred?.isImported ?? false
            ),
            in: &draft
        )
    }

    func count(_ command: StockCount, in draft: inout Draft) throws(Refusal) -> Outcome.Done {
        var findings = Findings()
        Self.checkStrings(reference: command.reference, note: command.note, &findings)
        let isCount = findings.check(
            "counted",
            command.counted.baseUnits,
            in: FieldBounds.counts
        )
        let level = self.place(
            command.product,
            location: command.location,
            ifRevision: command.ifRevision,
            line: nil,
            draft: draft,
            findings: &findings
        ).level
        var corrected: Correction?
        var delta: Quantity = 0
        if isCount, let level {
            delta = command.counted - level.onHand
            corrected = self.correction(of: level, by: delta, draft, &findings)
        }
        try findings.settle()
        return self.done(
            corrected,
            Movement(
                kind: .count,
                product: command.product,
                location: command.location,
                onHandDelta: delta,
                reason: .recount,
                reference: command.reference,
                note: command.note,
                occurredAt: draft.time
            ),
            in: &draft
        )
    }

    func writeOff(_ command: WriteOff, in draft: inout Draft) throws(Refusal) -> Outcome.Done {
        var findings = Findings()
        Self.checkStrings(reference: command.reference, note: command.note, &findings)
        let quantities = FieldBounds.quantities
        let isQuantity = findings.check("quantity", command.quantity.baseUnits, in: quantities)
        let occurredAt = Self.occurrence(command.occurred, at: draft.time, &findings)
        let place = self.place(
            command.product,
            location: command.location,
            ifRevision: command.ifRevision,
            line: nil,
            draft: draft,
            findings: &findings
        )
        var corrected: Correction?
        if isQuantity, let level = place.level {
            // What is on hold may exceed what is on hand, after a count.
            let highest = min(level.unavailable, max(0, level.onHand))
            findings.check("quantity", command.quantity.baseUnits, in: 0...highest.baseUnits)
            corrected = self.correction(of: level, by: -command.quantity, draft, &findings)
            corrected?.level.unavailable -= command.quantity
        }
        try findings.settle()
        return self.done(
            corrected,
            Movement(
                kind: .adjust,
                product: command.product,
                location: command.location,
                onHandDelta: -command.quantity,
                unavailableDelta: -command.quantity,
                reason: command.reason,
                reference: command.reference,
                note: command.note,
                occurredAt: occurredAt,
                isImported: command.occurred?.isImported ?? false
            ),
            in: &draft
        )
    }

    // MARK: - Shared

    /// A level as an adjustment, a count or a write-off leaves it.
    private struct Correction {
        var level: Level
        /// The change of its value, in minor units.
        var cost: Money
        /// The late cost of units that were sold before they were found.
        var late: Money
    }

    /// Changes what is on hand by `delta`, at the current unit cost.
    ///
    /// - Returns: `nil` if a finding was added.
    private func correction(
        of old: Level,
        by delta: Quantity,
        _ draft: Draft,
        _ findings: inout Findings
    ) -> Correction? {
        var corrected = Correction(level: old, cost: 0, late: 0)
        if delta < 0 {
            corrected.cost = -StockMath.cost(ofTaking: -delta, from: old)
        } else if delta > 0 {
            let unit = self.unitCost(of: old, draft)
            guard let cost = StockMath.cost(of: delta, at: unit) else {
                findings.add(.overflow("value"))
                return nil
            }
            let gained = StockMath.receiving(delta, costing: cost, onto: old)
            corrected.cost = gained.value
            corrected.late = gained.late
        }
        corrected.level.onHand += delta
        corrected.level.value += corrected.cost
        return self.checkRange(of: corrected.level, line: nil, &findings) ? corrected : nil
    }

    /// Records a correction; `movement` is complete except for its cost.
    private func done(
        _ corrected: Correction?,
        _ movement: Movement,
        in draft: inout Draft
    ) -> Outcome.Done {
        guard let corrected else { preconditionFailure("a correction without a finding or level") }
        var movement = movement
        movement.cost = corrected.cost
        draft.move(movement, leaving: corrected.level)
        self.recordLateCost(corrected.late, of: movement, at: corrected.level, in: &draft)
        return self.done(in: draft)
    }
}
