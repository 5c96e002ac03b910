public import Bytes
public import InventoryModel

/// The most frequent sale: one line, occurring now or imported from the past.
///
/// The engine decides millions of them per second, so they have a fast path through the same rules:
/// no list of lines, no draft, no list of changes.
///
///     command's bytes ──▶ PlainSale ──▶ PlainSale.Step ──▶ reply, log, state
///             └─────────────┴── anything unusual ──▶ slow path
///
/// The step is the same, byte for byte, as that of ``InventoryState/decide(_:at:)`` for the same
/// command. The fast path only accepts: an unknown field, a sale that may be refused, and one that raises
/// or clears an alert fall back to the slow path, and nothing has changed.
public struct PlainSale: Sendable {
    /// The optional fields of a line that the fast path supports; a line with any other takes the slow
    /// path.
    static var fields: UInt64 { SaleLine.Mask.price | SaleLine.Mask.ifRevision }

    var line: SaleLine
    var reference: String
    var note: String
    var occurred: Occurrence?

    /// Reads an encoded command; `nil` if it is not such a sale, or not a valid command.
    public init?(_ command: UnsafeRawBufferPointer) {
        var reader = ByteReader(command)
        guard let sale = PlainSale.read(&reader), reader.remaining == 0 else { return nil }
        self = sale
    }

    static func read(_ reader: inout ByteReader) -> PlainSale? {
        do throws(ByteReaderError) {
            guard try reader.readUInt8() == CommandTag.sell.rawValue,
                try reader.readUInt8() == 1
            else { return nil }
            let line = try SaleLine(from: &reader, accepting: self.fields)
            let reference = try reader.readText()
            let note = try reader.readText()
            let occurred = try reader.readOptionalOccurrence()
            return PlainSale(line: line, reference: reference, note: note, occurred: occurred)
        } catch {
            return nil
        }
    }

    private init(line: SaleLine, reference: String, note: String, occurred: Occurrence?) {
        self.line = line
        self.reference = reference
        self.note = note
        self.occurred = occurred
    }

    /// Whether its strings are in their stored form.
    @inline(__always)
    var isTrimmed: Bool {
        (self.reference.isEmpty || !NormalizedText.hasOuterSpace(self.reference))
            && (self.note.isEmpty || !NormalizedText.hasOuterSpace(self.note))
    }

    /// The same as a command for the slow path.
    public var command: Command {
        .sell(
            Sale(
                lines: [self.line],
                reference: self.reference,
                note: self.note,
                occurred: self.occurred
            )
        )
    }

    /// The step of an accepted sale: a movement and the level that it leaves.
    ///
    /// Its owner reuses one for many sales, because it is expensive to copy.
    public struct Step: ~Copyable, Sendable {
        /// The LSN of the step.
        public internal(set) var lsn: LSN = 0
        /// When the step is recorded.
        public internal(set) var time = Instant.zero
        var movement = Movement.unfilledSale
        var level = Level(product: ProductID(0), location: LocationID(0))
        /// The level's row in its table.
        var row = 0
        private let inPlace = PassedInPlace()

        /// Creates an empty step, to be filled in by `InventoryState/decide(_:at:into:)`.
        public init() {}

        /// Appends the reply, encoded as `Outcome` is.
        ///
        /// - Parameter writer: Where the reply is appended.
        /// - Returns: The range of the level's balances in the writer: the entry contains the same bytes.
        public borrowing func encodeOutcome(into writer: inout ByteWriter) -> Range<Int> {
            writer.appendOutcome(
                lsn: self.lsn,
                time: self.time,
                amount: self.movement.amount,
                leaving: self.level
            )
        }

        /// Appends the step's log entry: the same bytes as an `EntryWriter` writes for its movement and for
        /// the remembered outcome after it.
        ///
        /// `balances` are the bytes that ``encodeOutcome(into:)`` has written for the level.
        public borrowing func encodeEntry(
            by actor: String,
            leaving balances: UnsafeRawBufferPointer,
            remembering outcome: RememberedOutcome?,
            into writer: inout ByteWriter
        ) {
            let time = self.time
            writer.appendEntry(
                lsn: self.lsn,
                time: time,
                by: actor,
                remembering: outcome,
                changes: 1,
                atMost: 4 + 1 + self.movement.byteCountMax + balances.count
            ) { cursor in
                cursor.writeCounted { cursor in
                    cursor.write(ChangeTag.moved.rawValue)
                    self.movement.encode(into: &cursor, recordedAt: time)
                    cursor.write(bytes: balances)
                }
            }
        }
    }
}

extension InventoryState {
    /// Decides a plain sale, as ``decide(_:at:)`` would.
    ///
    /// Pure: it fills in `step` and changes nothing else.
    ///
    /// - Returns: Whether it did; if not, the sale falls back to the slow path.
    /// - Complexity: O(1)
    public func decide(
        _ sale: borrowing PlainSale,
        at time: Instant,
        into step: inout PlainSale.Step
    ) -> Bool {
        let line = sale.line
        var checks = Soundness()
        Self.checkStrings(reference: sale.reference, note: sale.note, &checks)
        let occurredAt = Self.occurrence(sale.occurred, at: time, &checks)
        let facts = self.tables.products.facts(line.product)
        let isArchived = self.tables.locations.archivedState(line.location)
        Self.check(
            line.product,
            facts: facts,
            at: line.location,
            isArchived: isArchived,
            line: 0,
            checks: &checks
        )
        guard let facts, SaleRule.check(line, number: 0, checks: &checks), sale.isTrimmed,
            let row = self.tables.levels.row(line.product, line.location)
        else { return false }
        SaleRule.check(line.product, isForSale: facts, number: 0, checks: &checks)
        let level = self.tables.levels.level(row, of: line.product, at: line.location)
        Self.check(revision: level.revision, is: line.ifRevision, line: 0, &checks)
        let priced = SaleRule.priced(line.quantity, at: line.price, facts)
        let alertFacts = facts.atLevel(self.tables.levels.ownReorderPoint(row))
        guard checks.isSound, let amount = priced.amount,
            let taken = SaleRule.take(line.quantity, from: level, sellable: level.sellable),
            Self.alerts(of: taken.level, alertFacts) == level.alerts
        else { return false }
        step.lsn = self.lsn + 1
        step.time = time
        step.row = row
        step.level = taken.level
        step.level.revision = step.lsn
        SaleRule.record(
            line.quantity,
            taken,
            charged: amount,
            at: priced.price,
            reference: sale.reference,
            note: sale.note,
            occurredAt: occurredAt,
            isImported: sale.occurred?.isImported ?? false,
            in: &step.movement
        )
        return true
    }

    /// Applies the step of a plain sale to the state, as `evolve(_:)` applies its entry, except for its
    /// ledger row: that is buffered in `sales` until `settle(_:)`.
    ///
    /// - Complexity: O(1) amortised
    public mutating func evolve(
        _ step: borrowing PlainSale.Step,
        by actor: String,
        remembering outcome: RememberedOutcome?,
        gathering sales: inout GatheredMovements
    ) {
        if sales.isFull { self.settle(&sales) }
        self.begin(step.lsn, at: step.time)
        let hasStrings = !step.movement.reference.isEmpty || !step.movement.note.isEmpty
        let strings = MovementLedger.StringCodes(
            reference: hasStrings
                ? self.indexes.internReference(step.movement.reference, in: &self.tables.strings)
                : 0,
            note: hasStrings ? self.intern(step.movement.note) : 0,
            actor: self.indexes.internActor(actor, in: &self.tables.strings)
        )
        sales.append(
            LedgerRow(
                step.movement,
                lsn: step.lsn,
                recordedAt: step.time,
                strings: strings,
                backordered: StockMath.backordered(
                    of: -step.movement.onHandDelta,
                    leaving: step.level.onHand
                )
            )
        )
        assert(self.agrees(step), "LSN \(step.lsn) moves other than it leaves")
        self.tables.levels.sell(step.row, by: step.movement, leaving: step.level)
        self.tables.products.setRevision(step.movement.product, step.lsn)
        self.tables.products.countMovement(step.movement.product)
        if let outcome { self.remember(outcome) }
        assert(self.lsn == step.lsn, "a step of LSN \(step.lsn) ended at \(self.lsn)")
        // Check the whole level, not only the fields that a sale writes.
        assert(self.hasBalances(of: step.level), "LSN \(step.lsn) did not leave its level")
    }

    /// Whether a step's movement leads from the current level to the one it leaves.
    private func agrees(_ step: borrowing PlainSale.Step) -> Bool {
        self.checkBalance(step.movement, step.level)
        return self.tables.levels.row(step.level.product, step.level.location) == step.row
    }

    /// Appends the buffered sales to the ledger.
    ///
    /// Call it before any step that is not a plain sale, and before the ledger is read.
    ///
    /// - Complexity: O(sales)
    public mutating func settle(_ sales: inout GatheredMovements) {
        if sales.isEmpty { return }
        let rowCount = self.tables.ledger.rowCount + sales.count
        self.tables.ledger.append(sales)
        sales.removeAll()
        self.assertEnded(self.lsn, rows: rowCount)
    }
}
