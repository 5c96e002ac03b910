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
    struct Row {
        var lsn: LSN
        var time: Int64
        var occurredAt: Int64
        var onHandDelta: Int64
        var amount: Int64
        var price: Int64
        var priceBasis: Int64
        var cost: Int64
        /// Units that were sold in backorder.
        var backordered: Quantity
        var product: UInt32
        var strings: MovementLedger.StringCodes
        var location: UInt16
        var isImported: Bool

        @inline(__always)
        init(
            _ movement: borrowing Movement,
            lsn: LSN,
            time: Instant,
            strings: MovementLedger.StringCodes,
            backordered: Quantity
        ) {
            assert(
                movement.presence(recordedAt: time) & ~GatheredMovements.fields == 0,
                "LSN \(lsn) has a field that is not buffered"
            )
            self.lsn = lsn
            self.time = time.microseconds
            self.occurredAt = movement.occurredAt.microseconds
            self.onHandDelta = movement.onHandDelta.baseUnits
            self.amount = movement.amount.minorUnits
            self.price = movement.price.minorUnits
            self.priceBasis = movement.price.basis
            self.cost = movement.cost.minorUnits
            self.backordered = backordered
            self.product = movement.product.value
            self.strings = strings
            self.location = movement.location.value
            self.isImported = movement.isImported
        }
    }

    /// The fields of a movement that rows have; a movement with any other takes the slow path.
    @inline(__always)
    static var fields: UInt64 {
        Movement.Mask.onHandDelta | Movement.Mask.amount | Movement.Mask.price
            | Movement.Mask.priceBasis | Movement.Mask.cost | Movement.Mask.reference
            | Movement.Mask.note | Movement.Mask.occurredAt | Movement.Mask.isImported
    }

    /// The maximum number of rows; once reached, they are settled in any case.
    static let capacity = 256

    let kind: MovementKind
    let rows = UnsafeMutablePointer<Row>.allocate(capacity: Self.capacity)
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
    mutating func append(_ row: Row) {
        precondition(!self.isFull, "more than \(Self.capacity) buffered movements")
        (self.rows + self.count).initialize(to: row)
        self.count += 1
        if row.isImported { self.hasImported = true }
        if row.backordered > 0 { self.hasBackorders = true }
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
    }
}
