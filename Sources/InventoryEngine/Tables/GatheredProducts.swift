internal import InventoryModel

/// Products on their way into the tables: gathered row by row, appended column by column.
///
/// A new product has a row in the columns of products and of levels, and with an opening stock in those of the
/// ledger: fifty of them. As with ``GatheredMovements``, a run of products visits each column once.
///
///     product, product … ──▶ rows ──settle──▶ products, levels, ledger      before anybody looks
///
/// Texts and keys are not gathered: the next product is checked against them. The owner of the state
/// keeps one beside it, and `InventoryState/settle(_:)` comes before any other step, view or image.
///
/// `@unchecked Sendable`: it owns its memory.
public struct GatheredProducts: ~Copyable, @unchecked Sendable {
    /// Products that are gathered at most; then they are settled whatever comes.
    static let capacity = GatheredMovements.capacity

    let rows = UnsafeMutablePointer<PlainProduct.Step>.allocate(capacity: Self.capacity)
    private(set) var count = 0
    /// The restocks of those that begin with stock.
    var movements = GatheredMovements(of: .restock)

    public init() {}

    deinit { self.rows.deallocate() }

    public var isEmpty: Bool { self.count == 0 }

    /// Whether there is room for a product that begins at `location`: all of a run do so at one.
    func takes(_ location: LocationID) -> Bool {
        if self.count == 0 { return true }
        return self.count < Self.capacity && self.rows[0].opened.location == location
    }

    mutating func append(_ step: PlainProduct.Step) {
        precondition(self.takes(step.opened.location), "a product that is not taken")
        (self.rows + self.count).initialize(to: step)
        self.count += 1
    }

    mutating func removeAll() {
        self.count = 0
        self.movements.removeAll()
    }
}

extension GatheredProducts {
    /// Stops the process unless the restocks are those of the rows that begin with stock.
    ///
    /// - Complexity: O(rows)
    func checkInvariants() {
        self.movements.checkInvariants()
        var stocked = 0
        for row in 0..<self.count {
            precondition(row == 0 || self.rows[row].id == self.rows[row - 1].id + 1, "row \(row)")
            guard self.rows[row].opened.quantity > 0 else { continue }
            precondition(self.movements.rows[stocked].product == self.rows[row].id, "row \(row)")
            stocked += 1
        }
        precondition(stocked == self.movements.count, "\(stocked) of \(self.movements.count)")
    }
}
