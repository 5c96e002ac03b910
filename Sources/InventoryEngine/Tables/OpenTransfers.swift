internal import ColumnStore
internal import InventoryModel

/// The number of transfers in transit, and their units: products and locations that they refer to cannot be
/// removed, and no other delivery may consume their incoming stock.
///
/// Derived from the table and rebuilt with it; not part of a read view.
struct OpenTransfers: Sendable {
    private(set) var count = 0
    private var byProduct = ShardedMap<ProductID, Int>()
    private var byLocation = ShardedMap<LocationID, Int>()
    /// Base units in transit to each level.
    private var arriving = ShardedMap<LevelKey, Quantity>()

    /// The most entries that a transfer can move.
    ///
    /// - Complexity: O(shards)
    var largestShardCount: Int {
        max(self.byProduct.largestShardCount, self.arriving.largestShardCount)
    }

    init() {}

    /// - Complexity: O(transfers)
    init(for table: TransferTable) {
        self.insert(rows: 1..<max(table.rowCount, 1), of: table)
    }

    /// Records the transfers in these rows, which are new.
    mutating func insert(rows: Range<Int>, of table: TransferTable) {
        for row in rows where table.isOpen(row) {
            self.note(row, wasInTransit: false, remainingBefore: 0, in: table)
        }
    }

    func count(of product: ProductID) -> Int { self.byProduct[product] ?? 0 }
    /// Transfers from or to the location.
    func count(at location: LocationID) -> Int { self.byLocation[location] ?? 0 }

    /// Base units in transit to the level.
    func arriving(_ product: ProductID, _ location: LocationID) -> Quantity {
        self.arriving[LevelKey(product: product, location: location)] ?? 0
    }

    /// Records that the transfer in `row` was created, changed or closed.
    mutating func note(
        _ row: Int,
        wasInTransit: Bool,
        remainingBefore: Quantity,
        in table: TransferTable
    ) {
        let key = LevelKey(
            product: ProductID(table.items.products[row]),
            location: LocationID(table.destinations[row])
        )
        let arriving =
            (self.arriving[key] ?? 0) + Quantity(table.items.remaining[row]) - remainingBefore
        self.arriving[key] = arriving == 0 ? nil : arriving
        let difference = (table.isOpen(row) ? 1 : 0) - (wasInTransit ? 1 : 0)
        guard difference != 0 else { return }
        self.count += difference
        let product = ProductID(table.items.products[row])
        let left = self.count(of: product) + difference
        self.byProduct[product] = left == 0 ? nil : left
        for location in [table.sources[row], table.destinations[row]] {
            let id = LocationID(location)
            let left = self.count(at: id) + difference
            self.byLocation[id] = left == 0 ? nil : left
        }
    }
}

extension OpenTransfers {
    /// Stops the process unless all counts agree with the table.
    ///
    /// - Complexity: O(transfers)
    func checkInvariants(for table: TransferTable) {
        self.byProduct.checkInvariants()
        self.byLocation.checkInvariants()
        self.arriving.checkInvariants()
        let expected = OpenTransfers(for: table)
        precondition(self.count == expected.count, "\(self.count) open, not \(expected.count)")
        precondition(self.byProduct == expected.byProduct, "counts by product differ")
        precondition(self.byLocation == expected.byLocation, "counts by location differ")
        precondition(self.arriving == expected.arriving, "units in transit differ")
    }
}
