internal import ColumnStore

/// How many transfers are on their way, and of what: products and locations that they name have to
/// stay.
///
/// Derived from the table and rebuilt with it; not part of a read view.
struct OpenTransfers: Sendable {
    private(set) var count = 0
    private var byProduct: [ProductID: Int] = [:]
    private var byLocation: [LocationID: Int] = [:]

    init() {}

    /// - Complexity: O(transfers)
    init(for table: TransferTable) {
        for row in 1..<max(table.rowCount, 1) where table.isInTransit(row) {
            self.note(row, wasInTransit: false, in: table)
        }
    }

    func count(of product: ProductID) -> Int { self.byProduct[product] ?? 0 }
    /// From or to the location.
    func count(at location: LocationID) -> Int { self.byLocation[location] ?? 0 }

    /// Notes that the transfer in `row` was made, changed or closed.
    mutating func note(_ row: Int, wasInTransit: Bool, in table: TransferTable) {
        let difference = (table.isInTransit(row) ? 1 : 0) - (wasInTransit ? 1 : 0)
        guard difference != 0 else { return }
        self.count += difference
        let product = ProductID(table.products[row])
        let left = self.count(of: product) + difference
        self.byProduct[product] = left == 0 ? nil : left
        for location in [table.sources[row], table.destinations[row]] {
            let id = LocationID(location)
            let left = self.count(at: id) + difference
            self.byLocation[id] = left == 0 ? nil : left
        }
    }
}
