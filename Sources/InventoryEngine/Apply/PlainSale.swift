public import Bytes
public import InventoryModel

/// The sale that nearly every sale is: one line, happening now or brought in from the past.
///
/// The engine decides millions of them a second, so they have a way of their own through the same
/// rules: no list of lines, no draft, no list of changes.
///
///     command's bytes ──▶ PlainSale ──▶ PlainSale.Step ──▶ reply, log, state
///             └─────────────┴── anything out of the ordinary ──▶ the general way
///
/// What it makes is the very step, byte for byte, that ``InventoryState/decide(_:at:)`` makes of the
/// same command. It knows only how to say yes: what may have to be refused, raises an alert or has a
/// field amiss is left to the general way, and nothing has changed.
public struct PlainSale: Sendable {
    var line: SaleLine
    var reference: String
    var note: String
    var occurred: Occurrence?

    /// Reads an encoded command; nothing if it is not such a sale, or is no command at all.
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
            let line = try SaleLine(from: &reader)
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

    /// The same as a command of the general way.
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

    /// What a sale that goes through comes to: a movement and the level it leaves.
    ///
    /// Its owner keeps one and has it filled again and again, because it is large to hand around.
    public struct Step: ~Copyable, Sendable {
        public internal(set) var lsn: UInt64 = 0
        public internal(set) var time = Instant.zero
        var movement = Movement(
            kind: .sale,
            product: ProductID(0),
            location: LocationID(0),
            occurredAt: .zero
        )
        var level = Level(product: ProductID(0), location: LocationID(0))
        /// The level's row in its table.
        var row = 0
        private let inPlace = PassedInPlace()

        public init() {}

        private static let outcomeByteCountMax =
            Outcome.Done.headByteCountMax + Level.byteCountMax + 2

        /// Appends the answer, encoded as `Outcome` is.
        ///
        /// - Returns: Where in the writer the level's balances are: the entry has the same.
        public borrowing func encodeOutcome(into writer: inout ByteWriter) -> Range<Int> {
            let start = writer.count
            var balances = 0..<0
            writer.append(atMost: Self.outcomeByteCountMax) { cursor in
                Outcome.Done.encodeHead(
                    lsn: self.lsn,
                    time: self.time,
                    amount: self.movement.amount,
                    into: &cursor
                )
                cursor.write(1 as UInt8)
                cursor.writeVarint(UInt64(self.movement.product.value))
                cursor.writeVarint(UInt64(self.movement.location.value))
                let first = cursor.count
                self.level.encodeBalances(into: &cursor, at: self.lsn)
                balances = (start + first)..<(start + cursor.count)
                cursor.write(0 as UInt8)
            }
            return balances
        }

        private static let entryByteCountMax = 4 + 8 + 8 + VarintCoding.byteCountMax + 3 * 4 + 1

        /// Appends what the log has of the step: what an `EntryWriter` makes of its movement, and of
        /// the outcome that is remembered behind it.
        ///
        /// `balances`: As ``encodeOutcome(into:)`` has written them.
        public borrowing func encodeEntry(
            by actor: String,
            leaving balances: UnsafeRawBufferPointer,
            remembering outcome: RememberedOutcome?,
            into writer: inout ByteWriter
        ) {
            let byteCountMax =
                Self.entryByteCountMax + actor.utf8.count + self.movement.byteCountMax
                + balances.count + (outcome?.byteCountMax ?? 0)
            writer.append(atMost: byteCountMax) { cursor in
                let entry = cursor.leaveUInt32()
                cursor.write(self.lsn)
                cursor.write(self.time.microseconds)
                cursor.writeText(actor)
                cursor.write(outcome == nil ? 1 : 2 as UInt32)
                let moved = cursor.leaveUInt32()
                cursor.write(ChangeTag.moved.rawValue)
                self.movement.encode(into: &cursor, recordedAt: self.time)
                cursor.write(bytes: balances)
                cursor.fillWithByteCount(moved)
                if let outcome {
                    let remembered = cursor.leaveUInt32()
                    outcome.encode(into: &cursor)
                    cursor.fillWithByteCount(remembered)
                }
                cursor.fillWithByteCount(entry)
            }
        }
    }
}

extension InventoryState {
    /// Decides a plain sale, as ``decide(_:at:)`` would.
    ///
    /// Pure: it fills in `step` and changes nothing else.
    ///
    /// - Returns: Whether it did; if not, the sale takes the general way.
    /// - Complexity: O(1)
    public func decide(
        _ sale: borrowing PlainSale,
        at time: Instant,
        into step: inout PlainSale.Step
    ) -> Bool {
        let product = sale.line.product
        let location = sale.line.location
        let quantity = sale.line.quantity
        guard (1...Limits.quantityMax).contains(quantity),
            sale.line.price.map({ (0...Limits.moneyMax).contains($0.minorUnits) }) ?? true,
            Self.isPlain(sale.reference, Limits.referenceByteCountMax),
            Self.isPlain(sale.note, Limits.noteByteCountMax),
            sale.occurred.map({ Self.isInWindow($0, at: time) }) ?? true,
            let facts = self.tables.products.facts(product), facts.status == .active,
            self.tables.locations.contains(location), !self.tables.locations.isArchived(location),
            let row = self.tables.levels.row(product, location)
        else { return false }
        var level = self.tables.levels.level(row, of: product, at: location)
        let minorUnits = sale.line.price?.minorUnits ?? facts.price.minorUnits
        let price = Price(minorUnits, per: facts.price.basis)
        guard sale.line.ifRevision.map({ $0 == level.revision }) ?? true,
            level.sellable >= quantity, let amount = price.amount(of: quantity)
        else { return false }
        let cost = StockMath.cost(ofTaking: quantity, from: level)
        level.onHand -= quantity
        level.value -= cost
        level.revision = self.lsn + 1
        guard level.alerts == Self.alerts(of: level, facts) else { return false }
        step.lsn = self.lsn + 1
        step.time = time
        step.row = row
        step.level = level
        step.movement.product = product
        step.movement.location = location
        step.movement.onHandDelta = -quantity
        step.movement.amount = amount.minorUnits
        step.movement.price = price
        step.movement.cost = -cost
        // Nearly always both are empty, and so were those before them.
        if !sale.reference.isEmpty || !step.movement.reference.isEmpty {
            step.movement.reference = sale.reference
        }
        if !sale.note.isEmpty || !step.movement.note.isEmpty { step.movement.note = sale.note }
        step.movement.occurredAt = sale.occurred?.at ?? time
        step.movement.isImported = sale.occurred?.isImported ?? false
        return true
    }

    private static func isPlain(_ text: String, _ byteCountMax: Int) -> Bool {
        if text.isEmpty { return true }
        return text.utf8.count <= byteCountMax && !NormalizedText.hasControlCharacter(text)
            && !NormalizedText.hasOuterSpace(text)
    }

    /// Puts the step of a plain sale into the state, as `evolve(_:)` does its entry, but for its row
    /// of the ledger: that waits in `sales` until `settle(_:)`.
    ///
    /// - Complexity: O(1) amortised
    public mutating func evolve(
        _ step: borrowing PlainSale.Step,
        by actor: String,
        remembering outcome: RememberedOutcome?,
        gathering sales: inout GatheredSales
    ) {
        if sales.isFull { self.settle(&sales) }
        self.begin(step.lsn, at: step.time)
        let movement = step.movement
        let hasTexts = !movement.reference.isEmpty || !movement.note.isEmpty
        sales.append(
            GatheredSales.Row(
                lsn: step.lsn,
                time: step.time.microseconds,
                occurredAt: movement.occurredAt.microseconds,
                onHandDelta: movement.onHandDelta,
                amount: movement.amount,
                price: movement.price.minorUnits,
                priceBasis: movement.price.basis,
                cost: movement.cost,
                backordered: StockMath.backordered(
                    of: -movement.onHandDelta,
                    leaving: step.level.onHand
                ),
                product: movement.product.value,
                texts: MovementLedger.TextCodes(
                    reference: hasTexts
                        ? self.indexes.internReference(movement.reference, in: &self.tables.texts)
                        : 0,
                    note: hasTexts ? self.intern(movement.note) : 0,
                    actor: self.indexes.internActor(actor, in: &self.tables.texts)
                ),
                location: movement.location.value,
                isImported: movement.isImported
            )
        )
        self.tables.levels.sell(
            step.row,
            leaving: step.level.onHand,
            worth: step.level.value,
            revision: step.lsn
        )
        self.tables.products.setRevision(movement.product, step.lsn)
        self.tables.products.countMovement(movement.product)
        if let outcome { self.remember(outcome) }
    }

    /// Appends what was gathered to the ledger: before any step that is no plain sale, and before
    /// anybody looks at the ledger.
    ///
    /// - Complexity: O(sales)
    public mutating func settle(_ sales: inout GatheredSales) {
        if sales.isEmpty { return }
        self.tables.ledger.append(sales)
        sales.removeAll()
    }
}
