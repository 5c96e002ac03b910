/// Sales on their way into the ledger: gathered row by row, appended column by column.
///
/// The ledger has twenty columns. Visiting each of them for every sale cost more than deciding it: of
/// a run of sales each column takes its values in one loop, and a repetition where sales have none.
///
///     sale, sale, sale … ──▶ rows ──settle──▶ ledger      before anybody looks at the ledger
///
/// The owner of the state keeps one beside it. While it holds rows, the state's ledger lacks them, so
/// `InventoryState/settle(_:)` comes before any other step, view or image.
///
/// `@unchecked Sendable`: it owns its memory.
public struct GatheredSales: ~Copyable, @unchecked Sendable {
    struct Row {
        var lsn: UInt64
        var time: Int64
        var occurredAt: Int64
        var onHandDelta: Int64
        var amount: Int64
        var price: Int64
        var priceBasis: Int64
        var cost: Int64
        /// Units that were not there.
        var backordered: Int64
        var product: UInt32
        var texts: MovementLedger.TextCodes
        var location: UInt16
        var isImported: Bool
    }

    /// Rows that are gathered at most; then they are settled whatever comes.
    static let capacity = 256

    let rows = UnsafeMutablePointer<Row>.allocate(capacity: Self.capacity)
    private(set) var count = 0
    /// Whether any of the rows is of the past.
    private(set) var hasImported = false
    /// Whether any of the rows is of units that were not there.
    private(set) var hasBackorders = false

    public init() {}

    deinit { self.rows.deallocate() }

    public var isEmpty: Bool { self.count == 0 }
    var isFull: Bool { self.count == Self.capacity }

    @inline(__always)
    mutating func append(_ row: Row) {
        precondition(!self.isFull, "more than \(Self.capacity) gathered sales")
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
