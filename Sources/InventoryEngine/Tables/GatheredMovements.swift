internal import Bytes
public import InventoryModel

/// Movements of the fast paths on their way into the ledger: gathered row by row, appended column by
/// column.
///
/// The ledger has twenty columns. Visiting each of them for every sale cost more than deciding it: of
/// a run of sales each column takes its values in one loop, and a repetition where sales have none.
///
///     sale, sale, sale … ──▶ rows ──settle──▶ ledger      before anybody looks at the ledger
///
/// All are of one kind, each the only movement of its step. The owner of the state keeps one beside it.
/// While it holds rows, the state's ledger lacks them, so `InventoryState/settle(_:)` comes before any
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
        /// Units that were not there.
        var backordered: Quantity
        var product: UInt32
        var texts: MovementLedger.TextCodes
        var location: UInt16
        var isImported: Bool

        @inline(__always)
        init(
            _ movement: borrowing Movement,
            lsn: LSN,
            time: Instant,
            texts: MovementLedger.TextCodes,
            backordered: Quantity
        ) {
            assert(
                movement.presence(recordedAt: time) & ~GatheredMovements.fields == 0,
                "LSN \(lsn) has a field that is not gathered"
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
            self.texts = texts
            self.location = movement.location.value
            self.isImported = movement.isImported
        }
    }

    /// The fields of a movement that rows have; one with any other takes the slow path.
    @inline(__always)
    static var fields: UInt64 {
        Movement.Mask.onHandDelta | Movement.Mask.amount | Movement.Mask.price
            | Movement.Mask.priceBasis | Movement.Mask.cost | Movement.Mask.reference
            | Movement.Mask.note | Movement.Mask.occurredAt | Movement.Mask.isImported
    }

    /// Rows that are gathered at most; then they are settled whatever comes.
    static let capacity = 256

    let kind: MovementKind
    let rows = UnsafeMutablePointer<Row>.allocate(capacity: Self.capacity)
    private(set) var count = 0
    /// Whether any of the rows is of the past.
    private(set) var hasImported = false
    /// Whether any of the rows is of units that were not there.
    private(set) var hasBackorders = false

    public init(of kind: MovementKind) { self.kind = kind }

    deinit { self.rows.deallocate() }

    public var isEmpty: Bool { self.count == 0 }
    var isFull: Bool { self.count == Self.capacity }

    @inline(__always)
    mutating func append(_ row: Row) {
        precondition(!self.isFull, "more than \(Self.capacity) gathered movements")
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
    /// Stops the process unless the flags say what the rows have.
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
