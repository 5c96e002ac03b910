public import Bytes
public import InventoryModel

extension PlainProduct {
    /// The step that creates a plain product: the product, its opening stock, and the alerts that this
    /// raises.
    ///
    /// Its owner reuses one for many products.
    public struct Step: Sendable {
        /// The LSN of the step.
        public internal(set) var lsn: LSN = 0
        /// When the step is recorded.
        public internal(set) var time = Instant.zero
        var id: UInt32 = 0
        var opened = OpenedStock()
        var alerts = AlertSet()
        var category = CategoryID(0)
        var reorderPoint: Quantity = 0
        /// Those of the fields; the code of the unit is set when the step is applied.
        var numbers = ProductNumbers()

        /// Creates an empty step, to be filled in by `InventoryState/decide(_:_:at:behind:into:)`.
        public init() {}

        /// The level without its alerts.
        @inline(__always)
        var level: Level {
            self.opened.level(of: ProductID(self.id), revision: self.lsn)
        }

        /// The restock of the opening stock, if there is any.
        @inline(__always)
        var movement: Movement { self.opened.movement(of: ProductID(self.id)) }

        /// Appends the reply, encoded as `Outcome` is.
        public func encodeOutcome(into writer: inout ByteWriter) {
            var level = self.level
            level.alerts = self.alerts
            writer.appendOutcome(
                lsn: self.lsn,
                time: self.time,
                id: UInt64(self.id),
                amount: 0,
                leaving: level
            )
        }
    }

    /// The most bytes of the changes of a creation, without its strings.
    private static let changesByteCountMax =
        5 + 20 * VarintCoding.byteCountMax  // the product
        + 5 + 16 * VarintCoding.byteCountMax + Level.byteCountMax  // its stock
        + 3 * (8 + 4 * VarintCoding.byteCountMax)  // its alerts

    /// Appends the step's log entry: the same bytes as an ``EntryWriter`` writes for its changes and for
    /// the remembered outcome after them.
    func encodeEntry(
        _ step: Step,
        by actor: String,
        remembering outcome: RememberedOutcome?,
        into writer: inout ByteWriter
    ) {
        writer.appendEntry(
            lsn: step.lsn,
            time: step.time,
            by: actor,
            remembering: outcome,
            changes: 2 + step.alerts.rawValue.nonzeroBitCount,
            atMost: Self.changesByteCountMax + self.fields.count + self.extensions.count
        ) { cursor in
            cursor.writeCounted { self.encodeProduct(step, into: &$0) }
            cursor.writeCounted { step.encodeStock(into: &$0) }
            for kind in AlertKind.allCases where step.alerts.contains(AlertSet(kind)) {
                cursor.writeCounted { step.encodeAlert(kind, into: &$0) }
            }
        }
    }

    /// The change ``Change/productCreated(_:)``.
    @inline(__always)
    private func encodeProduct(_ step: Step, into cursor: inout ByteCursor) {
        let tag: ChangeTag = self.extensions.isEmpty ? .productCreated : .extendedProductCreated
        cursor.write(tag.rawValue)
        cursor.writeVarint(UInt64(step.id))
        cursor.write(bytes: self.fields)
        cursor.write(step.time.microseconds)
        cursor.write(step.time.microseconds)
        cursor.writeVarint(step.lsn)
        cursor.write(bytes: self.extensions)
    }
}

extension PlainProduct.Step {
    /// The change ``Change/moved(_:_:)`` or ``Change/level(_:)``.
    @inline(__always)
    fileprivate func encodeStock(into cursor: inout ByteCursor) {
        if self.opened.quantity > 0 {
            cursor.write(ChangeTag.moved.rawValue)
            self.movement.encode(into: &cursor, recordedAt: self.time)
            self.level.encodeBalances(into: &cursor, at: self.lsn)
        } else {
            cursor.write(ChangeTag.level.rawValue)
            self.level.encode(into: &cursor, at: self.lsn)
        }
    }

    /// The change ``Change/alert(_:isRaised:_:_:available:threshold:)``.
    @inline(__always)
    fileprivate func encodeAlert(_ kind: AlertKind, into cursor: inout ByteCursor) {
        let level = self.level
        cursor.write(ChangeTag.alert.rawValue)
        cursor.write(kind.rawValue)
        cursor.write(1 as UInt8)
        cursor.writeVarint(UInt64(level.product.value))
        cursor.writeVarint(UInt64(level.location.value))
        cursor.writeVarint(level.available)
        let threshold = InventoryState.threshold(
            of: kind,
            level,
            reorderPoint: self.reorderPoint
        )
        cursor.writeVarint(threshold)
    }
}
