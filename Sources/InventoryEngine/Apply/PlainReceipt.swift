public import Bytes
public import InventoryModel

/// The most frequent receipt of the past: a few lines of different products that have a level each, and
/// nothing of it is on record.
///
/// An import records millions of them, so they have a fast path through the same rules: no lookup in a draft,
/// no list of changes.
///
///     PastSale ──▶ PlainReceipt.Step ──▶ reply, log, state
///        └── anything unusual ──▶ slow path
///
/// The step is the same, byte for byte, as that of ``InventoryState/decide(_:at:)`` for the same command.
/// The fast path only accepts: a receipt that may be refused, that changes an alert, or that has a line
/// without a quantity falls back to the slow path, and nothing has changed.
public enum PlainReceipt {
    /// The most lines: few enough to compare each with every other.
    static let linesMax = 16

    /// The step of an accepted receipt: all opening balances, then all lines.
    ///
    /// Its owner reuses one for many receipts, because its memory is expensive to allocate.
    public struct Step: ~Copyable, Sendable {
        /// Both movements of a line, and the levels that they leave.
        struct Line {
            var opening: Movement
            var opened: Level
            var movement: Movement
            var level: Level
        }

        /// The LSN of the step.
        public internal(set) var lsn: LSN = 0
        /// When the step is recorded.
        public internal(set) var time = Instant.zero
        var amount = Money.zero
        var lines: [Line] = []
        /// Which lines of the receipt these are; `nil` for a receipt without a reference.
        var part: ReceiptPart?

        /// Creates an empty step, to be filled in by `InventoryState/decide(_:at:into:)`.
        public init() { self.lines.reserveCapacity(PlainReceipt.linesMax) }

        /// The reply.
        public var outcome: Outcome {
            var done = Outcome.Done(lsn: self.lsn, time: self.time, amount: self.amount)
            done.levels = self.lines.map(\.level)
            return .done(done)
        }

        /// Appends the step's log entry.
        public borrowing func encodeEntry(
            by actor: String,
            remembering outcome: RememberedOutcome?,
            into writer: inout ByteWriter
        ) {
            var entry = EntryWriter(lsn: self.lsn, time: self.time, actor: actor, into: &writer)
            self.lines.withUnsafeBufferPointer { lines in
                for index in lines.indices {
                    entry.append(
                        lines[index].opening,
                        leaving: lines[index].opened,
                        into: &writer
                    )
                }
                for index in lines.indices {
                    entry.append(
                        lines[index].movement,
                        leaving: lines[index].level,
                        into: &writer
                    )
                }
            }
            if let part = self.part { entry.append(.receiptRecorded(part), into: &writer) }
            if let outcome { entry.append(outcome, into: &writer) }
            entry.finish(into: &writer)
        }
    }
}

extension InventoryState {
    /// Decides a plain receipt, as ``decide(_:at:)`` would.
    ///
    /// Pure: it fills in `step` and changes nothing else.
    ///
    /// - Returns: Whether it did; if not, the receipt falls back to the slow path.
    /// - Complexity: O(lines), or O(lines × locations) if unit costs are looked up elsewhere
    public func decide(
        _ command: PastSale,
        at time: Instant,
        into step: inout PlainReceipt.Step
    ) -> Bool {
        let sale = command.trimmed
        guard sale.lines.count <= PlainReceipt.linesMax else { return false }
        let draft = Draft(lsn: self.lsn + 1, time: time, isBatch: false)
        var checks = Soundness()
        step.amount = self.check(sale, in: draft, &checks)
        guard checks.isSound, sale.hasDistinctProducts, self.isNew(sale) else { return false }
        step.lsn = draft.lsn
        step.time = time
        step.part = sale.reference.isEmpty ? nil : sale.part
        step.lines.removeAll(keepingCapacity: true)
        for (index, line) in sale.lines.enumerated() {
            guard let made = self.line(line, number: index, of: sale, draft) else { return false }
            step.lines.append(made)
        }
        return true
    }

    /// Makes both movements of a line; `nil` if it takes the slow path.
    private func line(
        _ line: PastSaleLine,
        number: Int,
        of sale: PastSale,
        _ draft: Draft
    ) -> PlainReceipt.Step.Line? {
        guard line.quantity != 0, let row = self.tables.levels.row(line.product, sale.location)
        else { return nil }
        var level = self.tables.levels.level(row, of: line.product, at: sale.location)
        guard Self.alerts(of: level, self.facts(of: level, draft)) == level.alerts else {
            return nil
        }
        var checks = Soundness()
        let cost = self.cost(of: line, number: UInt32(number), at: level, draft, &checks)
        guard checks.isSound else { return nil }
        level.revision = draft.lsn
        let opening = Self.opening(line, of: sale, costing: cost)
        var opened = level
        opened.add(opening)
        guard self.checkRange(of: opened, line: nil, &checks) else { return nil }
        var movement = self.movement(line, of: sale, costing: cost, draft)
        movement.origin = MovementID(lsn: draft.lsn, line: UInt16(number))
        level = opened
        level.add(movement)
        return PlainReceipt.Step.Line(
            opening: opening,
            opened: opened,
            movement: movement,
            level: level
        )
    }

    /// Applies the step of a plain receipt to the state, as `evolve(_:)` applies its entry.
    ///
    /// - Complexity: O(lines) amortised
    public mutating func evolve(
        _ step: borrowing PlainReceipt.Step,
        by actor: String,
        remembering outcome: RememberedOutcome?
    ) {
        let rowCount = self.tables.ledger.rowCount
        self.begin(step.lsn, at: step.time)
        let count = step.lines.count
        step.lines.withUnsafeBufferPointer { lines in
            for index in 0..<count {
                self.move(
                    lines[index].opening,
                    leaving: lines[index].opened,
                    line: UInt16(index),
                    by: actor
                )
            }
            for index in 0..<count {
                self.move(
                    lines[index].movement,
                    leaving: lines[index].level,
                    line: UInt16(count + index),
                    by: actor
                )
            }
        }
        if let part = step.part { self.record(part) }
        if let outcome { self.remember(outcome) }
        self.assertEnded(step.lsn, rows: rowCount + 2 * count)
    }
}

extension PastSale {
    /// Whether no two lines are of the same product.
    fileprivate var hasDistinctProducts: Bool {
        self.lines.withUnsafeBufferPointer { lines in
            for index in lines.indices {
                for other in 0..<index where lines[other].product == lines[index].product {
                    return false
                }
            }
            return true
        }
    }
}
