public import Bytes
internal import InventoryModel

/// A buffer for folding the blocks of a log: space for the sales that are read ahead.
///
/// Nearly every entry of a log is one sale. Folded one by one, each waits for the memory of a random
/// product, at a dozen places, and visits the twenty columns of the ledger. So the sales of a block are read
/// ahead in parts, their memory is prefetched together, and their ledger rows are buffered:
///
///     block's bytes ──▶ sale, sale, … sale ──▶ prefetched ──▶ folded ──▶ settled
///             └── any other entry, or a sale that does not fit ──▶ settled, then the slow path
///
/// An entry with an unknown field, or one that does not fit, falls back to the slow path, which also reports
/// what is wrong with it.
public struct Replay: ~Copyable {
    /// An entry of one sale, with the remembered outcome after it.
    struct Sale: ~Copyable {
        var step = PlainSale.Step()
        var actor = ""
        /// Its outcome refers to the block's bytes.
        var remembered: RememberedOutcome?

        /// Reads the entry at the reader's position and moves past it, if it is a sale.
        ///
        /// Whatever it accepts, ``EntryView`` and ``Change`` read in the same way.
        ///
        /// - Returns: Whether it is a sale; if not, the reader does not move.
        mutating func read(_ reader: inout ByteReader) -> Bool {
            var ahead = reader
            do throws(ByteReaderError) {
                var entry = try Self.counted(&ahead)
                self.step.lsn = try entry.readLSN()
                self.step.time = try entry.readInstant()
                let actor = try entry.readText()
                let changeCount = try entry.readUInt32()
                guard changeCount == 1 || changeCount == 2 else { return false }
                var moved = try Self.counted(&entry)
                guard try self.step.readMoved(&moved) else { return false }
                try moved.finish()
                if changeCount == 2 {
                    var change = try Self.counted(&entry)
                    self.remembered = try RememberedOutcome(change: &change)
                    guard self.remembered != nil else { return false }
                    try change.finish()
                } else {
                    self.remembered = nil
                }
                try entry.finish()
                self.actor = actor
            } catch {
                // The slow path reads it again and reports the error.
                return false
            }
            reader = ahead
            return true
        }

        /// The bytes behind their count.
        @inline(__always)
        private static func counted(
            _ reader: inout ByteReader
        ) throws(ByteReaderError) -> ByteReader {
            let byteCount = Int(try reader.readUInt32())
            return ByteReader(try reader.readBytes(byteCount))
        }
    }

    /// Sales that are read ahead: few enough that their memory is still cached when the last is folded.
    static let partCount = PlainSaleBatch.partCount

    let part: UnsafeMutablePointer<Sale>
    var gathered = GatheredMovements(of: .sale)

    /// Creates an empty buffer.
    public init() {
        self.part = .allocate(capacity: Self.partCount)
        for index in 0..<Self.partCount { (self.part + index).initialize(to: Sale()) }
    }

    deinit {
        self.part.deinitialize(count: Self.partCount)
        self.part.deallocate()
    }

    /// Reads ahead consecutive sales, up to the capacity of a part.
    ///
    /// - Returns: The number of sales now in ``part``.
    func read(_ reader: inout ByteReader) -> Int {
        var count = 0
        while count < Self.partCount, reader.remaining > 0, self.part[count].read(&reader) {
            count += 1
        }
        return count
    }
}

extension InventoryState {
    /// Applies every entry of a block of the log to the state, as `evolve(_:)` does one after another.
    ///
    /// Entries whose step the state has already are skipped.
    ///
    /// - Throws: `ByteReaderError` if the bytes are not entries. The state may then contain a part of them
    ///   and must be discarded.
    /// - Complexity: O(changes)
    public mutating func evolve(
        _ block: UnsafeRawBufferPointer,
        with replay: inout Replay
    ) throws(ByteReaderError) {
        var reader = ByteReader(block)
        while reader.remaining > 0 {
            let start = reader
            let count = replay.read(&reader)
            let folded = self.fold(&replay, count)
            if folded < count {
                reader = start
                for _ in 0..<folded { try reader.skipEntry() }
            } else if count == Replay.partCount || reader.remaining == 0 {
                continue
            }
            self.settle(&replay.gathered)
            let entry = try EntryView(from: &reader)
            if entry.lsn > self.lsn { try self.evolve(entry) }
        }
        self.settle(&replay.gathered)
    }

    /// Applies the sales that were read ahead to the state.
    ///
    /// - Returns: The number applied; the next one, if there is one, does not fit.
    private mutating func fold(_ replay: inout Replay, _ count: Int) -> Int {
        self.prefetch(replay, count)
        var folded = 0
        while folded < count, self.fold(replay.part + folded, &replay.gathered) { folded += 1 }
        return folded
    }

    /// Prefetches the memory that folding the sales of a part reads.
    private func prefetch(_ replay: borrowing Replay, _ count: Int) {
        let part = replay.part
        for index in 0..<count {
            let (product, location) = (part[index].step.product, part[index].step.location)
            self.tables.products.prefetchFold(product)
            self.tables.levels.prefetchRow(product, location)
        }
        for index in 0..<count {
            let (product, location) = (part[index].step.product, part[index].step.location)
            if let row = self.tables.levels.row(product, location) {
                self.tables.levels.prefetchFold(row)
            }
            let hasReference = !part[index].step.movement.reference.isEmpty
            if hasReference {
                self.indexes.prefetch(reference: part[index].step.movement.reference)
            }
        }
    }

    /// Applies a sale that was read ahead to the state, or skips it if the state has it already.
    ///
    /// - Returns: Whether it did; if not, the sale does not fit, and nothing has changed.
    private mutating func fold(
        _ sale: UnsafeMutablePointer<Replay.Sale>,
        _ gathered: inout GatheredMovements
    ) -> Bool {
        if sale.pointee.step.lsn <= self.lsn { return true }
        guard
            let row = self.tables.levels.row(sale.pointee.step.product, sale.pointee.step.location),
            self.tables.levels.permits(
                sale.pointee.step.level,
                in: row,
                onHandDelta: sale.pointee.step.movement.onHandDelta,
                cost: sale.pointee.step.movement.cost
            )
        else { return false }
        sale.pointee.step.row = row
        self.evolve(
            sale.pointee.step,
            by: sale.pointee.actor,
            remembering: sale.pointee.remembered,
            gathering: &gathered
        )
        return true
    }
}

extension PlainSale.Step {
    fileprivate var product: ProductID { self.movement.product }
    fileprivate var location: LocationID { self.movement.location }

    /// The fields of the level that a fold compares with the current one, or that have a change
    /// of their own.
    private static var levelFields: UInt64 {
        Level.Mask.onHand | Level.Mask.unavailable | Level.Mask.reserved | Level.Mask.incoming
            | Level.Mask.floor | Level.Mask.value | Level.Mask.alerts
    }

    /// Reads the change ``Change/moved(_:_:)``, of the step's LSN and time, in place.
    ///
    /// - Returns: Whether it is a plain sale's.
    @inline(__always)
    fileprivate mutating func readMoved(
        _ reader: inout ByteReader
    ) throws(ByteReaderError) -> Bool {
        guard try reader.readUInt8() == ChangeTag.moved.rawValue,
            try reader.readUInt8() == MovementKind.sale.rawValue
        else { return false }
        self.movement.product = try reader.readProductID()
        self.movement.location = try reader.readLocationID()
        let mask = try reader.readMask(of: GatheredMovements.fields)
        func has(_ field: UInt64) -> Bool { mask & field != 0 }
        self.movement.onHandDelta =
            has(Movement.Mask.onHandDelta) ? try reader.readPresentQuantity() : 0
        self.movement.amount = has(Movement.Mask.amount) ? try reader.readPresentMoney() : 0
        let minorUnits = has(Movement.Mask.price) ? try reader.readNonZero() : 0
        let basis = has(Movement.Mask.priceBasis) ? try reader.readSignedVarint() : 1
        guard !has(Movement.Mask.priceBasis) || basis != 1 else { return false }
        self.movement.price = Price(minorUnits, per: basis)
        self.movement.cost = has(Movement.Mask.cost) ? try reader.readPresentMoney() : 0
        let reference = has(Movement.Mask.reference) ? try reader.readNonEmptyText() : ""
        let note = has(Movement.Mask.note) ? try reader.readNonEmptyText() : ""
        // Nearly always both are empty, and were empty in the previous sale.
        if !reference.isEmpty || !self.movement.reference.isEmpty {
            self.movement.reference = reference
        }
        if !note.isEmpty || !self.movement.note.isEmpty { self.movement.note = note }
        let distance = has(Movement.Mask.occurredAt) ? try reader.readNonZero() : 0
        self.movement.occurredAt = Instant(microseconds: self.time.microseconds &+ distance)
        self.movement.isImported = has(Movement.Mask.isImported)
        self.level = try Level.balances(
            from: &reader,
            self.movement.product,
            self.movement.location,
            at: self.lsn,
            accepting: Self.levelFields
        )
        return true
    }
}

extension ByteReader {
    /// Moves past an entry that was read already.
    fileprivate mutating func skipEntry() throws(ByteReaderError) {
        _ = try self.readBytes(Int(try self.readUInt32()))
    }
}
