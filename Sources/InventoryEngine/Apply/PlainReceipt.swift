internal import Bytes
public import InventoryModel

/// The most frequent receipt of the past: a few lines of different products that have a level each, and
/// nothing of it is on record.
///
/// An import records millions of them, so they have a fast path through the same rules: no lookup in a draft,
/// no list of changes, no list of lines for each receipt.
///
///     batch's bytes ──▶ Batch ──▶ Step ──▶ reply, log, state
///             └───────────┴── anything unusual ──▶ slow path
///
/// The step is the same, byte for byte, as that of ``InventoryState/decide(_:at:)`` for the same command.
/// The fast path only accepts: a receipt that may be refused, that changes an alert, or that has a line
/// without a quantity falls back to the slow path, and nothing has changed.
public struct PlainReceipt: PastSaleTerms, Sendable {
    /// The most lines: few enough to compare each with every other.
    static let linesMax = 16

    /// Where its lines are among those of the batch.
    var lines: Range<Int>
    var location: LocationID
    var reference: String
    var note: String
    var day: CalendarDay?
    var firstLine: UInt32
    var occurredAt: Instant
    var openedAt: Instant?
    var isWriteOff: Bool

    var lineCount: Int { self.lines.count }

    /// Whether its strings are in their stored form.
    var isTrimmed: Bool {
        (self.reference.isEmpty || !NormalizedText.hasOuterSpace(self.reference))
            && (self.note.isEmpty || !NormalizedText.hasOuterSpace(self.note))
    }

    /// A batch of independent commands that are all receipts of the past.
    ///
    ///     receipts   [ 0 ..< 3 | 3 ..< 4 | … ]
    ///     lines      [ 0  1  2   3   …       ]
    ///
    /// Its owner reuses one for many batches, because its memory is expensive to allocate.
    public struct Batch: ~Copyable, Sendable {
        private(set) var receipts: [PlainReceipt] = []
        private(set) var lines: [PastSaleLine] = []
        /// Whether only refusals are answered one by one.
        public private(set) var isErrorsOnly = false

        /// The number of receipts.
        public var count: Int { self.receipts.count }

        /// The sum of the limits of their outcomes, in bytes.
        public var outcomeByteCountMax: Int {
            self.receipts.reduce(0) { $0 + OutcomeBound.byteCount(lines: 2 * $1.lineCount) }
        }

        /// Creates an empty batch, to be filled in by ``read(_:)``.
        public init() {}

        /// Reads an encoded batch in place of the one before.
        ///
        /// - Returns: Whether all of its commands are receipts, and their number and that of their movements are
        ///   permitted; otherwise the batch is undefined.
        /// - Complexity: O(lines)
        public mutating func read(_ command: UnsafeRawBufferPointer) -> Bool {
            self.receipts.removeAll(keepingCapacity: true)
            self.lines.removeAll(keepingCapacity: true)
            var reader = ByteReader(command)
            do throws(ByteReaderError) {
                guard let head = try BatchHead(&reader) else { return false }
                self.isErrorsOnly = head.isErrorsOnly
                for _ in 0..<head.count {
                    guard try self.readReceipt(&reader) else { return false }
                }
                return reader.remaining == 0
            } catch {
                return false
            }
        }

        private mutating func readReceipt(
            _ reader: inout ByteReader
        ) throws(ByteReaderError) -> Bool {
            guard try reader.readUInt8() == CommandTag.recordPastSale.rawValue else { return false }
            let start = self.lines.count
            let lineCount = try reader.readCount(limit: Limits.batchLinesMax)
            guard 2 * (start + lineCount) <= Limits.batchLinesMax else { return false }
            for _ in 0..<lineCount { self.lines.append(try PastSaleLine(plain: &reader)) }
            let location = LocationID(try reader.readVarint(as: UInt16.self, "location"))
            let reference = try reader.readText()
            let day = try reader.readVarint()
            guard day <= UInt64(UInt32.max) + 1 else { return false }
            self.receipts.append(
                PlainReceipt(
                    lines: start..<self.lines.count,
                    location: location,
                    reference: reference,
                    note: "",
                    day: day == 0 ? nil : CalendarDay(ordinal: UInt32(day - 1)),
                    firstLine: try reader.readVarint(as: UInt32.self, "firstLine"),
                    occurredAt: try reader.readInstant(),
                    openedAt: try reader.readBool() ? try reader.readInstant() : nil,
                    isWriteOff: try reader.readBool()
                )
            )
            self.receipts[self.receipts.count - 1].note = try reader.readText()
            return true
        }

        /// A receipt as a command for the slow path.
        public borrowing func command(_ index: Int) -> Command {
            let receipt = self.receipts[index]
            return .recordPastSale(
                PastSale(
                    lines: Array(self.lines[receipt.lines]),
                    location: receipt.location,
                    reference: receipt.reference,
                    day: receipt.day,
                    firstLine: receipt.firstLine,
                    occurredAt: receipt.occurredAt,
                    openedAt: receipt.openedAt,
                    isWriteOff: receipt.isWriteOff,
                    note: receipt.note
                )
            )
        }
    }
}

extension PastSaleLine {
    /// Reads a line, as its description does.
    @inline(__always)
    fileprivate init(plain reader: inout ByteReader) throws(ByteReaderError) {
        self.init(
            product: try reader.readProductID(),
            quantity: try reader.readQuantity(),
            amount: try reader.readMoney()
        )
        if try reader.readMask(bits: 1) != 0 { self.cost = try reader.readMoney() }
    }
}
