package import Bytes
package import ColumnStore
internal import InventoryModel

/// Every table that a read view needs: a value, and cheap to copy.
///
/// Key indexes and sessions are not here. A view finds things by scanning, and the engine resolves
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
    /// References, notes, actors and unit codes, each text once; code 0 is the empty text.
    package var texts = TextColumn()
    /// The last step that changed a product, category or location otherwise than by its stock; of this
    /// process only, so that two views can be compared.
    package var catalogLSN: LSN = 0
    /// The last step that gave a product another category or SKU, which filters go by; of this process
    /// only.
    package var movedLSN: LSN = 0

    package init() { self.texts.append("") }

    func product(_ id: ProductID) -> Product {
        self.products.product(id, texts: self.texts)
    }

    func reservation(_ id: ReservationID) -> Reservation {
        self.reservations.reservation(id, texts: self.texts)
    }

    func transfer(_ id: TransferID) -> Transfer {
        self.transfers.transfer(id, texts: self.texts)
    }

    func movement(_ row: Int) -> Movement { self.ledger.movement(row, texts: self.texts) }
}
