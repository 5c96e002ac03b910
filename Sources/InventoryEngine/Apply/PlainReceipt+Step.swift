public import Bytes
public import InventoryModel

extension PlainReceipt {
    /// The step of an accepted receipt: all opening balances, then all lines.
    ///
    /// Its owner reuses one for many receipts, because its memory is expensive to allocate.
    public struct Step: ~Copyable, Sendable {
        /// A line, and the level that both of its movements are of.
        struct Line {
            var numbers: PastLine
            /// The level as the step leaves it: only its revision is new.
            var level: Level
            /// The level's row in its table.
            var row: Int

            /// The level as the opening balance leaves it.
            var opened: Level {
                var level = self.level
                level.onHand += self.numbers.quantity
                level.value += self.numbers.cost
                return level
            }
        }

        /// The LSN of the step.
        public internal(set) var lsn: LSN = 0
        /// When the step is recorded.
        public internal(set) var time = Instant.zero
        var amount = Money.zero
        var lines: [Line] = []
        /// The movements of one line after the other: what all have in common stays.
        var opening = Movement.unfilledSale
        var movement = Movement.unfilledSale
        var isWriteOff = false
        /// Which lines of the receipt these are; `nil` for a receipt without a reference.
        var part: ReceiptPart?

        /// Creates an empty step, to be filled in by `InventoryState/decide(_:_:at:into:)`.
        public init() { self.lines.reserveCapacity(PlainReceipt.linesMax) }

        /// The reply.
        public var outcome: Outcome {
            var done = Outcome.Done(lsn: self.lsn, time: self.time, amount: self.amount)
            done.levels = self.lines.map(\.level)
            return .done(done)
        }

        /// Appends the step's log entry.
        public mutating func encodeEntry(
            by actor: String,
            remembering outcome: RememberedOutcome?,
            into writer: inout ByteWriter
        ) {
            var entry = EntryWriter(lsn: self.lsn, time: self.time, actor: actor, into: &writer)
            for index in self.lines.indices {
                self.opening.set(opening: self.lines[index].numbers)
                entry.append(self.opening, leaving: self.lines[index].opened, into: &writer)
            }
            for index in self.lines.indices {
                self.movement.set(past: self.lines[index].numbers, isWriteOff: self.isWriteOff)
                self.movement.origin = MovementID(lsn: self.lsn, line: UInt16(index))
                entry.append(self.movement, leaving: self.lines[index].level, into: &writer)
            }
            if let part = self.part { entry.append(.receiptRecorded(part), into: &writer) }
            if let outcome { entry.append(outcome, into: &writer) }
            entry.finish(into: &writer)
        }
    }
}
