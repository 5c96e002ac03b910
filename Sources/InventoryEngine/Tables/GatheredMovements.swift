internal import Bytes
public import InventoryModel

/// A buffer of fast-path movements for the ledger: filled row by row, appended column by
/// column.
///
/// The ledger has twenty columns. Visiting each of them for every sale cost more than deciding it. For a
/// run of sales, each column is filled in one loop, or with a repeated value if sales have none.
///
///     sale, sale, sale … ──▶ rows ──settle──▶ ledger      before the ledger is read
///
/// All movements are of one kind, each the only one of its step. The owner of the state keeps one beside it.
/// While it has rows, the state's ledger lacks them, so `InventoryState/settle(_:)` comes before any
/// other step, view or image.
///
/// `@unchecked Sendable`: it owns its memory.
public struct GatheredMovements: ~Copyable, @unchecked Sendable {
    /// The fields of a movement that rows have; a movement with any other takes the slow path.
    @inline(__always)
    static var fields: UInt64 {
        Movement.Mask.onHandDelta | Movement.Mask.amount | Movement.Mask.price
            | Movement.Mask.priceBasis | Movement.Mask.cost | Movement.Mask.reference
            | Movement.Mask.note | Movement.Mask.occurredAt | Movement.Mask.isImported
    }

    /// The columns in which all rows have the same value; also whether they are imported, while none is.
    @inline(__always)
    static var uniform: LedgerPart.Set {
        LedgerPart.Set().with(.line).with(.kind).with(.unavailableDelta).with(.reservedDelta)
            .with(.incomingDelta).with(.reason).with(.origin)
    }

    /// The maximum number of rows; once reached, they are settled in any case.
    static let capacity = 256

    let kind: MovementKind
    let rows = UnsafeMutablePointer<LedgerRow>.allocate(capacity: Self.capacity)
    private(set) var count = 0
    /// Whether any row is imported from the past.
    private(set) var hasImported = false
    /// Whether any row has units in backorder.
    private(set) var hasBackorders = false

    /// Creates an empty buffer for movements of one kind.
    public init(of kind: MovementKind) { self.kind = kind }

    deinit { self.rows.deallocate() }

    /// Whether no rows are buffered; otherwise the ledger lacks them.
    public var isEmpty: Bool { self.count == 0 }
    var isFull: Bool { self.count == Self.capacity }

    @inline(__always)
    mutating func append(_ row: LedgerRow) {
        precondition(!self.isFull, "more than \(Self.capacity) buffered movements")
        assert(self.accepts(row), "LSN \(row.lsn) has a field that is not buffered")
        (self.rows + self.count).initialize(to: row)
        self.count += 1
        if row.isImported { self.hasImported = true }
        if row.backordered > 0 { self.hasBackorders = true }
    }

    /// Whether a row has the values that all have in common.
    private func accepts(_ row: LedgerRow) -> Bool {
        row.kind == self.kind && row.line == 0 && row.unavailableDelta == 0
            && row.reservedDelta == 0 && row.incomingDelta == 0 && row.reason == nil
            && row.origin == nil
    }

    mutating func removeAll() {
        self.count = 0
        self.hasImported = false
        self.hasBackorders = false
    }
}

extension GatheredMovements {
    /// Stops the process unless the flags agree with the rows.
    ///
    /// - Complexity: O(rows)
    func checkInvariants() {
        let rows = UnsafeBufferPointer(start: self.rows, count: self.count)
        precondition(self.hasImported == rows.contains { $0.isImported }, "imported rows")
        precondition(self.hasBackorders == rows.contains { $0.backordered > 0 }, "backorders")
        for index in 1..<max(self.count, 1) {
            precondition(rows[index - 1].lsn < rows[index].lsn, "row \(index) is out of order")
        }
        precondition(rows.allSatisfy { self.accepts($0) }, "a row has a field of its own")
    }
}
