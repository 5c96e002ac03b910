public import Bytes
public import InventoryModel

extension PlainProduct {
    /// What the creation of a plain product comes to: the product, the stock it begins with, and the alerts
    /// that this raises.
    ///
    /// Its owner keeps one and has it filled again and again.
    public struct Step: Sendable {
        public internal(set) var lsn: UInt64 = 0
        public internal(set) var time = Instant.zero
        var id: UInt32 = 0
        var location: UInt16 = 0
        /// Stock at the beginning, in base units; what a unit of it, and all of it, cost.
        var quantity: Int64 = 0
        var unitCost: Int64 = 0
        var value: Int64 = 0
        var occurredAt: Int64 = 0
        var isImported = false
        var alerts = AlertSet()
        var numbers = Numbers()
        /// Codes of texts, which applying the step finds.
        var unit: UInt32 = 0
        var actor: UInt32 = 0

        public init() {}

        /// The level as it is without the alerts.
        var level: Level {
            Level(
                product: ProductID(self.id),
                location: LocationID(self.location),
                onHand: self.quantity,
                value: self.value,
                revision: self.lsn
            )
        }

        /// The restock that brings the stock, if there is any.
        private var movement: Movement {
            Movement(
                kind: .restock,
                product: ProductID(self.id),
                location: LocationID(self.location),
                onHandDelta: self.quantity,
                price: Price(self.unitCost, per: self.numbers.priceBasis),
                cost: self.value,
                occurredAt: Instant(microseconds: self.occurredAt),
                isImported: self.isImported
            )
        }

        private static let outcomeByteCountMax =
            Outcome.Done.headByteCountMax + Level.byteCountMax + 2

        /// Appends the answer, encoded as `Outcome` is.
        public func encodeOutcome(into writer: inout ByteWriter) {
            var level = self.level
            level.alerts = self.alerts
            writer.append(atMost: Self.outcomeByteCountMax) { cursor in
                Outcome.Done.encodeHead(
                    lsn: self.lsn,
                    time: self.time,
                    id: UInt64(self.id),
                    amount: 0,
                    into: &cursor
                )
                cursor.write(1 as UInt8)
                level.encode(into: &cursor, at: self.lsn)
                cursor.write(0 as UInt8)
            }
        }
    }

    /// Bytes of an entry's head, of the counts ahead of its changes, and of the numbers in them, at most.
    private static let entryByteCountMax =
        4 + 8 + 8 + VarintCoding.byteCountMax + 4  // the entry
        + 5 + 20 * VarintCoding.byteCountMax  // the product
        + 5 + 16 * VarintCoding.byteCountMax + Level.byteCountMax  // its stock
        + 3 * (8 + 4 * VarintCoding.byteCountMax) + 4  // its alerts, the outcome

    /// Appends what the log has of the step: what an ``EntryWriter`` makes of its changes, and of the
    /// outcome that is remembered behind them.
    func encodeEntry(
        _ step: Step,
        by actor: String,
        remembering outcome: RememberedOutcome?,
        into writer: inout ByteWriter
    ) {
        let byteCountMax =
            Self.entryByteCountMax + actor.utf8.count + self.sku.count + self.name.count
            + self.barcode.count + self.unit.count + (outcome?.byteCountMax ?? 0)
        writer.append(atMost: byteCountMax) { cursor in
            let entry = cursor.leaveUInt32()
            cursor.write(step.lsn)
            cursor.write(step.time.microseconds)
            cursor.writeText(actor)
            let alertCount = UInt32(step.alerts.rawValue.nonzeroBitCount)
            cursor.write(2 + alertCount + (outcome == nil ? 0 : 1))
            self.encodeProduct(step, into: &cursor)
            step.encodeStock(into: &cursor)
            for kind in AlertKind.allCases where step.alerts.contains(AlertSet(kind)) {
                step.encodeAlert(kind, into: &cursor)
            }
            if let outcome {
                let remembered = cursor.leaveUInt32()
                outcome.encode(into: &cursor)
                cursor.fillWithByteCount(remembered)
            }
            cursor.fillWithByteCount(entry)
        }
    }

    /// The change ``Change/productCreated(_:)``, with its count.
    @inline(__always)
    private func encodeProduct(_ step: Step, into cursor: inout ByteCursor) {
        let change = cursor.leaveUInt32()
        cursor.write(ChangeTag.productCreated.rawValue)
        cursor.writeVarint(UInt64(step.id))
        cursor.writeText(utf8: self.sku)
        cursor.writeText(utf8: self.name)
        cursor.writeText(utf8: self.barcode)
        cursor.writeVarint(UInt64(self.numbers.category))
        cursor.writeText(utf8: self.unit)
        cursor.write(self.numbers.decimals)
        cursor.writeVarint(UInt64(bitPattern: self.numbers.price))
        cursor.writeVarint(UInt64(bitPattern: self.numbers.priceBasis))
        cursor.write(self.numbers.status)
        cursor.writeVarint(self.numbers.reorderPoint)
        cursor.writeVarint(self.numbers.reorderTarget)
        cursor.writeVarint(self.numbers.packSize)
        cursor.writeVarint(UInt64(self.numbers.leadTimeDays))
        cursor.write(step.time.microseconds)
        cursor.write(step.time.microseconds)
        cursor.writeVarint(step.lsn)
        cursor.fillWithByteCount(change)
    }
}

extension PlainProduct.Step {
    /// The change ``Change/moved(_:_:)`` or ``Change/level(_:)``, with its count.
    @inline(__always)
    fileprivate func encodeStock(into cursor: inout ByteCursor) {
        let change = cursor.leaveUInt32()
        if self.quantity > 0 {
            cursor.write(ChangeTag.moved.rawValue)
            self.movement.encode(into: &cursor, recordedAt: self.time)
            self.level.encodeBalances(into: &cursor, at: self.lsn)
        } else {
            cursor.write(ChangeTag.level.rawValue)
            self.level.encode(into: &cursor, at: self.lsn)
        }
        cursor.fillWithByteCount(change)
    }

    /// The change ``Change/alert(_:isRaised:_:_:available:threshold:)``, with its count.
    @inline(__always)
    fileprivate func encodeAlert(_ kind: AlertKind, into cursor: inout ByteCursor) {
        let change = cursor.leaveUInt32()
        cursor.write(ChangeTag.alert.rawValue)
        cursor.write(kind.rawValue)
        cursor.write(1 as UInt8)
        cursor.writeVarint(UInt64(self.id))
        cursor.writeVarint(UInt64(self.location))
        cursor.writeVarint(self.quantity)
        // A new level has no floor, so nothing is oversold below one.
        cursor.writeVarint(kind == .lowStock ? self.numbers.reorderPoint : 0)
        cursor.fillWithByteCount(change)
    }
}
