internal import Bytes
internal import ColumnStore
public import InventoryModel

/// The fast path of plain receipts through the rules: see ``PlainReceipt``.
extension InventoryState {
    /// Decides a receipt of a batch, as ``decide(_:at:)`` would.
    ///
    /// Pure: it fills in `step` and changes nothing else.
    ///
    /// - Returns: Whether it did; if not, the receipt falls back to the slow path.
    /// - Complexity: O(lines), or O(lines × locations) if unit costs are looked up elsewhere
    public func decide(
        _ batch: borrowing PlainReceipt.Batch,
        _ index: Int,
        at time: Instant,
        into step: inout PlainReceipt.Step
    ) -> Bool {
        let sale = batch.receipts[index]
        guard sale.lineCount <= PlainReceipt.linesMax, sale.isTrimmed else { return false }
        var checks = Soundness()
        let isArchived = self.tables.locations.archivedState(sale.location)
        self.checkLines(sale.lineCount, reference: sale.reference, note: sale.note, &checks)
        self.check(terms: sale, isArchived: isArchived, at: time, &checks)
        guard checks.isSound, self.isNew(sale) else { return false }
        step.lsn = self.lsn + 1
        step.time = time
        step.amount = .zero
        step.lines.removeAll(keepingCapacity: true)
        for (number, index) in sale.lines.enumerated() {
            let line = batch.lines[index]
            guard !step.lines.contains(where: { $0.level.product == line.product }),
                let made = self.line(line, number: UInt32(number), of: sale, &step.amount)
            else { return false }
            step.lines.append(made)
        }
        step.opening = Movement(openingFor: sale)
        step.movement = Movement(past: sale)
        step.isWriteOff = sale.isWriteOff
        step.part = sale.part
        return true
    }

    /// Makes a line of the next step; `nil` if it takes the slow path.
    private func line(
        _ line: PastSaleLine,
        number: UInt32,
        of sale: borrowing PlainReceipt,
        _ total: inout Money
    ) -> PlainReceipt.Step.Line? {
        let facts = self.tables.products.facts(line.product)
        var checks = Soundness()
        Self.check(
            line,
            number: number,
            isWriteOff: sale.isWriteOff,
            facts: facts,
            adding: &total,
            &checks
        )
        guard checks.isSound, line.quantity != 0, let facts,
            let row = self.tables.levels.row(line.product, sale.location)
        else { return nil }
        var level = self.tables.levels.level(row, of: line.product, at: sale.location)
        let alertFacts = facts.atLevel(self.tables.levels.ownReorderPoint(row))
        guard Self.alerts(of: level, alertFacts) == level.alerts else { return nil }
        let cost = Self.cost(of: line, number: number, &checks) { self.unitCost(of: level, row) }
        guard checks.isSound else { return nil }
        level.revision = self.lsn + 1
        let made = PlainReceipt.Step.Line(
            numbers: PastLine(line, costing: cost, per: facts.price.basis),
            level: level,
            row: row
        )
        return self.checkRange(of: made.opened, line: nil, &checks) ? made : nil
    }

    /// Applies the step of a plain receipt to the state, as `evolve(_:)` applies its entry, except for its
    /// ledger rows: those are buffered in `rows` until `settle(_:)`.
    ///
    /// - Complexity: O(lines) amortised
    public mutating func evolve(
        _ step: borrowing PlainReceipt.Step,
        by actor: String,
        remembering outcome: RememberedOutcome?,
        gathering rows: inout GatheredReceipts
    ) {
        let count = step.lines.count
        if rows.capacityLeft < 2 * count { self.settle(&rows) }
        self.begin(step.lsn, at: step.time)
        assert(
            step.lines.allSatisfy { self.leaves($0, before: step.lsn) },
            "LSN \(step.lsn) changes a balance"
        )
        let note = step.movement.note.isEmpty ? 0 : self.intern(step.movement.note)
        let strings = MovementLedger.StringCodes(
            reference: 0,
            note: note,
            actor: self.indexes.internActor(actor, in: &self.tables.strings)
        )
        let reference =
            step.movement.reference.isEmpty
            ? 0
            : self.indexes.internReference(step.movement.reference, in: &self.tables.strings)
        let first = self.tables.ledger.rowCount + rows.count
        rows.append(step, strings, reference: reference, ledgerRow: first)
        step.lines.withUnsafeBufferPointer { lines in
            for index in 0..<count {
                self.tables.levels.setRevision(lines[index].row, step.lsn)
                let product = lines[index].numbers.product
                self.tables.products.setRevision(product, step.lsn)
                self.tables.products.countMovements(product, 2)
            }
        }
        if let part = step.part {
            self.record(
                part,
                of: ReceiptTable.Key(
                    step.movement.location,
                    reference: reference,
                    day: part.day
                ),
                ledgerRow: first + count
            )
        }
        if let outcome { self.remember(outcome) }
        assert(self.lsn == step.lsn, "a step of LSN \(step.lsn) ended at \(self.lsn)")
    }

    /// Whether a line leaves the level in its row as it is, except for its revision.
    private func leaves(_ line: PlainReceipt.Step.Line, before lsn: LSN) -> Bool {
        var level = line.level
        level.revision = LSN(self.tables.levels.revisions[line.row])
        return level == self.tables.levels.level(line.row) && line.level.revision == lsn
    }

    /// Appends the buffered movements to the ledger.
    ///
    /// Call it before any step that is not a plain receipt, and before the ledger is read.
    ///
    /// - Complexity: O(movements)
    public mutating func settle(_ rows: inout GatheredReceipts) {
        if rows.isEmpty { return }
        let rowCount = self.tables.ledger.rowCount + rows.count
        self.tables.ledger.append(rows)
        rows.removeAll()
        self.assertEnded(self.lsn, rows: rowCount)
    }
}
