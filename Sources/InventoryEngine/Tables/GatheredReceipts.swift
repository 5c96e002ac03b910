internal import Bytes
internal import InventoryModel

/// A buffer of the movements of plain receipts for the ledger: filled receipt by receipt, appended column by
/// column.
///
///     receipt ──▶ opening, opening, sale, sale ──▶ rows ──settle──▶ ledger      before the ledger is read
///
/// As ``GatheredMovements`` for sales, but a receipt has several movements of several kinds in one step, and each
/// sale refers to its opening balance. The owner of the state keeps one beside it. While it has rows, the state's
/// ledger lacks them, so `InventoryState/settle(_:)` comes before any other step, view or image.
///
/// `@unchecked Sendable`: it owns its memory.
public struct GatheredReceipts: ~Copyable, @unchecked Sendable {
    /// The columns in which all rows have the same value.
    @inline(__always)
    static var uniform: LedgerPart.Set {
        LedgerPart.Set().with(.unavailableDelta).with(.reservedDelta).with(.incomingDelta)
            .with(.imported)
    }

    /// The maximum number of rows, at least those of a receipt.
    static let capacity = 512

    let rows = UnsafeMutablePointer<LedgerRow>.allocate(capacity: Self.capacity)
    private(set) var count = 0

    /// Creates an empty buffer.
    public init() {
        assert(Self.capacity >= 2 * PlainReceipt.linesMax, "a receipt does not fit")
    }

    deinit { self.rows.deallocate() }

    /// Whether no rows are buffered; otherwise the ledger lacks them.
    public var isEmpty: Bool { self.count == 0 }
    var capacityLeft: Int { Self.capacity - self.count }

    /// Appends the movements of a step, the first of which becomes row `first` of the ledger.
    ///
    /// `strings` are those of the opening balances, which have no reference.
    mutating func append(
        _ step: borrowing PlainReceipt.Step,
        _ strings: MovementLedger.StringCodes,
        reference: UInt32,
        ledgerRow first: Int
    ) {
        let count = step.lines.count
        precondition(2 * count <= self.capacityLeft, "more than \(Self.capacity) movements")
        var row = LedgerRow(
            step.opening,
            lsn: step.lsn,
            recordedAt: step.time,
            strings: strings
        )
        let isWriteOff = step.isWriteOff
        let next = self.rows + self.count
        step.lines.withUnsafeBufferPointer { lines in
            for index in 0..<count {
                row.set(opening: lines[index].numbers, line: index)
                (next + index).initialize(to: row)
            }
            row.strings.reference = reference
            row.occurredAt = step.movement.occurredAt
            for index in 0..<count {
                row.set(past: lines[index].numbers, line: count + index, isWriteOff: isWriteOff)
                row.origin = first + index
                (next + count + index).initialize(to: row)
            }
        }
        self.count += 2 * count
    }

    mutating func removeAll() { self.count = 0 }
}

extension LedgerRow {
    @inline(__always)
    fileprivate mutating func set(opening numbers: PastLine, line: Int) {
        self.product = numbers.product
        self.line = UInt16(line)
        self.onHandDelta = numbers.quantity
        self.cost = numbers.cost
    }

    @inline(__always)
    fileprivate mutating func set(past numbers: PastLine, line: Int, isWriteOff: Bool) {
        (self.kind, self.reason) = numbers.kind(isWriteOff: isWriteOff)
        self.product = numbers.product
        self.line = UInt16(line)
        self.onHandDelta = -numbers.quantity
        self.amount = numbers.amount
        self.price = numbers.price
        self.cost = -numbers.cost
    }
}

extension GatheredReceipts {
    /// Stops the process unless the rows are in the order of LSN and line.
    ///
    /// - Complexity: O(rows)
    func checkInvariants() {
        for index in 1..<max(self.count, 1) {
            let (row, next) = (self.rows[index - 1], self.rows[index])
            precondition(
                row.lsn == next.lsn && row.line + 1 == next.line
                    || row.lsn < next.lsn && next.line == 0,
                "row \(index) is out of order"
            )
        }
    }
}
