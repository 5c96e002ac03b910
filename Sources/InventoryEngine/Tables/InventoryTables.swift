package import Bytes
package import ColumnStore
internal import InventoryModel

/// All tables of a read view: a value that is cheap to copy.
///
/// Key indexes and sessions are not part of it. A view finds rows by scanning, and the engine resolves
/// keys before it takes one.
package struct InventoryTables: Sendable {
    package var categories = CategoryTable()
    package var locations = LocationTable()
    package var products = ProductTable()
    package var levels = LevelTable()
    package var ledger = MovementLedger()
    package var refusals = RefusedDemandTable()
    var reservations = ReservationTable()
    var transfers = TransferTable()
    var importRuns = ImportRunTable()
    var importParts = ImportPartTable()
    var inferredProducts = InferredProductTable()
    var receipts = ReceiptTable()
    /// References, notes, actors and unit codes, each string once; code 0 is the empty string.
    package var strings = TextColumn()
    /// The last step that changed a product, category or location other than by its stock; counted only in
    /// this process, so that two views can be compared.
    package var catalogLSN: LSN = 0
    /// The last step that changed a product's category or SKU, which filters use; counted only in this
    /// process.
    package var movedLSN: LSN = 0

    package init() { self.strings.append("") }

    /// The reorder point of the level in `row`, in base units: its own, else that of its product.
    package func reorderPoint(ofLevel row: Int) -> Int64 {
        LevelTable.reorderPoint(
            own: self.levels.ownReorderPoint(row),
            product: Quantity(self.products.reorderPoints[Int(self.levels.products[row])])
        ).baseUnits
    }

    func product(_ id: ProductID) -> Product {
        self.products.product(id, strings: self.strings)
    }

    /// The unit of a product's quantities.
    func unit(of id: ProductID) -> Unit {
        let code = self.strings[Int(self.products.unitCodes[id.row])]
        return Unit(code: code, decimals: self.products.unitDecimals[id.row])
    }

    func reservation(_ id: ReservationID) -> Reservation {
        self.reservations.reservation(id, strings: self.strings)
    }

    func transfer(_ id: TransferID) -> Transfer {
        self.transfers.transfer(id, strings: self.strings)
    }

    func movement(_ row: Int) -> Movement { self.ledger.movement(row, strings: self.strings) }
}
