internal import InventoryModel

/// A buffer of new products for the tables: filled row by row, appended column by column.
///
/// A new product has a row in the columns of products and of levels, and with opening stock in those of the
/// ledger: fifty columns. As with ``GatheredMovements``, a run of products visits each column once.
///
///     product, product … ──▶ rows ──settle──▶ products, levels, ledger      before the tables are read
///
/// Strings and keys are not buffered: the next product is checked against them. The owner of the state
/// keeps one beside it, and `InventoryState/settle(_:)` comes before any other step, view or image.
///
/// `@unchecked Sendable`: it owns its memory.
public struct GatheredProducts: ~Copyable, @unchecked Sendable {
    /// The maximum number of products; once reached, they are settled in any case.
    static let capacity = GatheredMovements.capacity

    let rows = UnsafeMutablePointer<PlainProduct.Step>.allocate(capacity: Self.capacity)
    private(set) var count = 0
    /// The restocks of those with opening stock.
    var movements = GatheredMovements(of: .restock)

    /// Creates an empty buffer.
    public init() {}

    deinit { self.rows.deallocate() }

    /// Whether no products are buffered; otherwise the tables lack them.
    public var isEmpty: Bool { self.count == 0 }

    /// Whether there is space for a product that begins at `location`: all of a run must begin at the same.
    func accepts(_ location: LocationID) -> Bool {
        if self.count == 0 { return true }
        return self.count < Self.capacity && self.rows[0].opened.location == location
    }

    mutating func append(_ step: PlainProduct.Step) {
        precondition(self.accepts(step.opened.location), "no space, or another location")
        (self.rows + self.count).initialize(to: step)
        self.count += 1
    }

    mutating func removeAll() {
        self.count = 0
        self.movements.removeAll()
    }
}

extension GatheredProducts {
    /// Stops the process unless the restocks are those of the rows with opening stock.
    ///
    /// - Complexity: O(rows)
    func checkInvariants() {
        self.movements.checkInvariants()
        var stocked = 0
        for row in 0..<self.count {
            precondition(row == 0 || self.rows[row].id == self.rows[row - 1].id + 1, "row \(row)")
            guard self.rows[row].opened.quantity > 0 else { continue }
            let product = self.movements.rows[stocked].product.value
            precondition(product == self.rows[row].id, "row \(row) is of product \(product)")
            stocked += 1
        }
        precondition(stocked == self.movements.count, "\(stocked) of \(self.movements.count)")
    }
}
