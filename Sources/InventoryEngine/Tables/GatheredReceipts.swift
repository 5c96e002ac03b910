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
    struct Row {
        var lsn: LSN
        var time: Int64
        var occurredAt: Int64
        var onHandDelta: Int64
        var amount: Int64
        var price: Int64
        var priceBasis: Int64
        var cost: Int64
        /// See ``MovementLedger/origins``.
        var origin: UInt64
        var product: UInt32
        var strings: MovementLedger.StringCodes
        var location: UInt16
        var line: UInt16
        var kind: UInt8
        var reason: UInt8
    }

    /// The maximum number of rows, at least those of a receipt.
    static let capacity = 512

    let rows = UnsafeMutablePointer<Row>.allocate(capacity: Self.capacity)
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
        var row = Row(
            lsn: step.lsn,
            time: step.time.microseconds,
            occurredAt: step.opening.occurredAt.microseconds,
            onHandDelta: 0,
            amount: 0,
            price: 0,
            priceBasis: 1,
            cost: 0,
            origin: 0,
            product: 0,
            strings: strings,
            location: step.opening.location.value,
            line: 0,
            kind: MovementKind.openingBalance.rawValue,
            reason: 0
        )
        let isWriteOff = step.isWriteOff
        let next = self.rows + self.count
        step.lines.withUnsafeBufferPointer { lines in
            for index in 0..<count {
                row.set(opening: lines[index].numbers, line: index)
                (next + index).initialize(to: row)
            }
            row.strings.reference = reference
            row.occurredAt = step.movement.occurredAt.microseconds
            for index in 0..<count {
                row.set(past: lines[index].numbers, line: count + index, isWriteOff: isWriteOff)
                row.origin = UInt64(first + index + 1)
                (next + count + index).initialize(to: row)
            }
        }
        self.count += 2 * count
    }

    mutating func removeAll() { self.count = 0 }
}

extension GatheredReceipts.Row {
    @inline(__always)
    fileprivate mutating func set(opening numbers: PastLine, line: Int) {
        self.product = numbers.product.value
        self.line = UInt16(line)
        self.onHandDelta = numbers.quantity.baseUnits
        self.cost = numbers.cost.minorUnits
    }

    @inline(__always)
    fileprivate mutating func set(past numbers: PastLine, line: Int, isWriteOff: Bool) {
        let (kind, reason) = numbers.kind(isWriteOff: isWriteOff)
        self.kind = kind.rawValue
        self.reason = reason?.rawValue ?? 0
        self.product = numbers.product.value
        self.line = UInt16(line)
        self.onHandDelta = -numbers.quantity.baseUnits
        self.amount = numbers.amount.minorUnits
        self.price = numbers.price.minorUnits
        self.priceBasis = numbers.price.basis
        self.cost = -numbers.cost.minorUnits
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
