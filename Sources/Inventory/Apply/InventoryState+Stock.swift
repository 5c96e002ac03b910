/// The rules of stock that moves without a customer: deliveries, adjustments, counts, holds.
extension InventoryState {
    func restock(_ wanted: Restock, in draft: inout Draft) throws(Refusal) -> Outcome.Done {
        var findings = Findings()
        self.checkLines(
            wanted.lines.count,
            reference: wanted.reference,
            note: wanted.note,
            &findings
        )
        let occurredAt = self.occurrence(wanted.occurred, draft, &findings)
        try findings.settle()

        for (index, line) in wanted.lines.enumerated() {
            let number = UInt32(index)
            let isQuantity = (1...Limits.quantityMax).contains(line.quantity)
            let costRange = 0...Limits.moneyMax
            findings.check("quantity", line.quantity, in: 1...Limits.quantityMax, line: number)
            findings.check("unitCost", line.unitCost.minorUnits, in: costRange, line: number)
            let facts = self.checkPlace(
                line.product,
                line.location,
                line: number,
                draft,
                &findings
            )
            guard isQuantity, let facts else { continue }
            var level = self.level(line.product, line.location, draft)
            let stored = self.tables.levels.level(line.product, line.location)
            self.check(revision: stored.revision, is: line.ifRevision, line: number, &findings)
            let price = Price(line.unitCost.minorUnits, per: facts.price.basis)
            guard let cost = price.amount(of: line.quantity) else {
                findings.add(Refusal(.amountOverflow, line: number, .field("cost", problem: "")))
                continue
            }
            let gained = StockMath.receiving(
                line.quantity,
                costing: cost.minorUnits,
                onto: level
            )
            let arrived = wanted.fromIncoming ? min(line.quantity, level.incoming) : 0
            level.onHand += line.quantity
            level.incoming -= arrived
            level.value += gained.value
            self.checkRange(of: level, line: number, &findings)
            let movement = Movement(
                kind: .restock,
                product: line.product,
                location: line.location,
                onHandDelta: line.quantity,
                incomingDelta: -arrived,
                price: price,
                cost: gained.value,
                reference: wanted.reference,
                note: wanted.note,
                occurredAt: occurredAt,
                isImported: wanted.occurred?.isImported ?? false
            )
            draft.move(movement, leaving: level)
            self.recordLateCost(gained.late, of: movement, at: level, in: &draft)
        }
        try findings.settle()
        return self.done(in: draft)
    }

    func adjust(_ wanted: Adjustment, in draft: inout Draft) throws(Refusal) -> Outcome.Done {
        var findings = Findings()
        self.checkTexts(reference: wanted.reference, note: wanted.note, &findings)
        Self.checkDelta(wanted.delta, &findings)
        let occurredAt = self.occurrence(wanted.occurred, draft, &findings)
        let place = self.place(
            wanted.product,
            wanted.location,
            ifRevision: wanted.ifRevision,
            draft,
            &findings
        )
        try findings.settle()
        guard let level = place else { preconditionFailure("a place without a finding or level") }
        // The shelf cannot hold less than nothing.
        if wanted.delta < 0, level.onHand + wanted.delta < 0 {
            let lowest = min(0, -level.onHand)
            throw Refusal(
                .outOfRange,
                .range("delta", value: wanted.delta, lowest: lowest, highest: Limits.quantityMax)
            )
        }
        return try self.correct(
            level,
            by: wanted.delta,
            Movement(
                kind: .adjust,
                product: wanted.product,
                location: wanted.location,
                reason: wanted.reason,
                reference: wanted.reference,
                note: wanted.note,
                occurredAt: occurredAt,
                isImported: wanted.occurred?.isImported ?? false
            ),
            in: &draft
        )
    }

    func count(_ wanted: StockCount, in draft: inout Draft) throws(Refusal) -> Outcome.Done {
        var findings = Findings()
        self.checkTexts(reference: wanted.reference, note: wanted.note, &findings)
        findings.check("counted", wanted.counted, in: 0...Limits.quantityMax)
        let place = self.place(
            wanted.product,
            wanted.location,
            ifRevision: wanted.ifRevision,
            draft,
            &findings
        )
        try findings.settle()
        guard let level = place else { preconditionFailure("a place without a finding or level") }
        return try self.correct(
            level,
            by: wanted.counted - level.onHand,
            Movement(
                kind: .count,
                product: wanted.product,
                location: wanted.location,
                reason: .recount,
                reference: wanted.reference,
                note: wanted.note,
                occurredAt: draft.time
            ),
            in: &draft
        )
    }

    /// Moves what is on hand by `delta` at the level's own average cost.
    private func correct(
        _ old: Level,
        by delta: Int64,
        _ movement: Movement,
        in draft: inout Draft
    ) throws(Refusal) -> Outcome.Done {
        var level = old
        var movement = movement
        if delta < 0 {
            movement.cost = -StockMath.cost(ofTaking: -delta, from: old)
        } else if delta > 0 {
            guard let cost = StockMath.cost(ofAdding: delta, to: old) else {
                throw Refusal(.amountOverflow, .field("value", problem: "of stock"))
            }
            movement.cost = cost
        }
        movement.onHandDelta = delta
        level.onHand += delta
        level.value += movement.cost
        var findings = Findings()
        self.checkRange(of: level, line: nil, &findings)
        try findings.settle()
        draft.move(movement, leaving: level)
        return self.done(in: draft)
    }

    func setUnavailable(_ wanted: Hold, in draft: inout Draft) throws(Refusal) -> Outcome.Done {
        var findings = Findings()
        self.checkTexts(reference: wanted.reference, note: wanted.note, &findings)
        Self.checkDelta(wanted.delta, &findings)
        let place = self.place(
            wanted.product,
            wanted.location,
            ifRevision: wanted.ifRevision,
            draft,
            &findings
        )
        try findings.settle()
        guard var level = place else { preconditionFailure("a place without a finding or level") }
        let lowest = -level.unavailable
        findings.check("delta", wanted.delta, in: lowest...Limits.quantityMax)
        try findings.settle()
        level.unavailable += wanted.delta
        self.checkRange(of: level, line: nil, &findings)
        try findings.settle()
        draft.move(
            Movement(
                kind: .setUnavailable,
                product: wanted.product,
                location: wanted.location,
                unavailableDelta: wanted.delta,
                reason: wanted.reason,
                reference: wanted.reference,
                note: wanted.note,
                occurredAt: draft.time
            ),
            leaving: level
        )
        return self.done(in: draft)
    }

    func expectIncoming(
        _ wanted: Expectation,
        in draft: inout Draft
    ) throws(Refusal) -> Outcome.Done {
        var findings = Findings()
        self.checkTexts(reference: wanted.reference, note: wanted.note, &findings)
        Self.checkDelta(wanted.delta, &findings)
        let place = self.place(
            wanted.product,
            wanted.location,
            ifRevision: wanted.ifRevision,
            draft,
            &findings
        )
        try findings.settle()
        guard var level = place else { preconditionFailure("a place without a finding or level") }
        findings.check("delta", wanted.delta, in: -level.incoming...Limits.quantityMax)
        try findings.settle()
        level.incoming += wanted.delta
        self.checkRange(of: level, line: nil, &findings)
        try findings.settle()
        draft.move(
            Movement(
                kind: .expectIncoming,
                product: wanted.product,
                location: wanted.location,
                incomingDelta: wanted.delta,
                reference: wanted.reference,
                note: wanted.note,
                // An expected delivery happens when it arrives.
                occurredAt: wanted.eta ?? draft.time
            ),
            leaving: level
        )
        return self.done(in: draft)
    }

    func setFloor(_ wanted: FloorChange, in draft: inout Draft) throws(Refusal) -> Outcome.Done {
        var findings = Findings()
        findings.check("floor", wanted.floor, in: -Limits.quantityMax...Limits.quantityMax)
        let place = self.place(
            wanted.product,
            wanted.location,
            ifRevision: wanted.ifRevision,
            draft,
            &findings
        )
        try findings.settle()
        guard var level = place else { preconditionFailure("a place without a finding or level") }
        if level.floor == wanted.floor { return self.done(in: draft) }
        level.floor = wanted.floor
        draft.set(level)
        return self.done(in: draft)
    }

    // MARK: - Shared

    /// The level a one-line command means; nothing where a finding was added.
    private func place(
        _ product: ProductID,
        _ location: LocationID,
        ifRevision: UInt64?,
        _ draft: Draft,
        _ findings: inout Findings
    ) -> Level? {
        let facts = self.checkPlace(product, location, line: nil, draft, &findings)
        guard facts != nil else { return nil }
        let level = self.level(product, location, draft)
        self.check(revision: level.revision, is: ifRevision, &findings)
        return level
    }

    private static func checkDelta(_ delta: Int64, _ findings: inout Findings) {
        findings.check("delta", delta, in: -Limits.quantityMax...Limits.quantityMax)
        if delta == 0 {
            findings.add(Refusal(.invalidField, .field("delta", problem: "is 0")))
        }
    }

    /// Records cost that belongs to what was sold, though no sale has it: an amount without a quantity.
    ///
    /// `late`: Positive for cost that came after its stock had been sold, negative where such cost, or
    /// the cost of goods that were sold since, is taken back. So what was paid is always the value of
    /// the stock and the cost of what was sold, these included.
    func recordLateCost(
        _ late: Int64,
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
