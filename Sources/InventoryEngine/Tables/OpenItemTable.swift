internal import ColumnStore
internal import InventoryModel

/// The common part of the tables of reservations and transfers: all items, including closed ones, one row each,
/// found by id; row 0 is reserved.
protocol OpenItemTable: StoredTable {
    associatedtype Item: OpenItem & DescribedChange
    associatedtype State: FieldChoice

    var items: OpenItemColumns { get }

    /// Without the reserved row, to be filled from a snapshot.
    init(blank: Void)

    /// Writes the mutable fields of an item, or all fields of a new one.
    mutating func put(_ item: Item, reference: UInt32)
}

extension OpenItemTable {
    init() {
        self.init(blank: ())
        self.completeLoading()
    }

    /// Adds the reserved row, also if an older version's snapshot does not have it.
    mutating func completeLoading() {
        if self.rowCount == 0 { self.put(Item(), reference: 0) }
    }

    /// One past the largest id assigned.
    var rowCount: Int { self.items.rowCount }

    func contains<ID: EntityID>(_ id: ID) -> Bool where ID.Value == UInt32 {
        self.items.contains(id.value)
    }

    func isOpen(_ row: Int) -> Bool { self.items.states[row] == Item.terms.openState }

    func state(_ row: Int) -> State {
        guard let state = State(rawValue: self.items.states[row]) else {
            preconditionFailure(
                "row \(row) of the \(Item.terms.table) is in state \(self.items.states[row])"
            )
        }
        return state
    }
}
