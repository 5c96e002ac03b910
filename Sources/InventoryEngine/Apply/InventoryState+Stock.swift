internal import InventoryModel

/// The rules of stock that moves without a customer: restocks, adjustments, counts, holds.
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
      let movement = Movement(
        kind: .restock,
        product: line.product,
        location: line.location,
        onHandDelta: line.quantity,
        incomingDelta: -arrived,
        price: price,
        cost: gained.value,
        reference: command.reference,
        note: command.note,
        occurredAt: occurredAt,
        isImported: command.occurred?.isImported ?? false
      )
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

  /// - Returns: Whether it is within the range of quantities.
  private static func checkDelta(_ delta: Quantity, _ findings: inout Findings) -> Bool {
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
