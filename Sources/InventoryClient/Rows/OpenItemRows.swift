public import Bytes
public import InventoryModel

/// What the queries of reservations and transfers answer with.

/// What a reservation and a transfer have in common.
///
/// Quantities are base units of the product.
public struct ListedOpenItem: AnswerRow, Hashable {
    /// The product it is of.
    public var product: ProductID
    /// The product's SKU.
    public var sku: String
    /// The product's name.
    public var name: String
    /// What was reserved or dispatched.
    public var quantity: Quantity
    /// What of it still is.
    public var remaining: Quantity
    /// `nil` where the ledger does not have its movement.
    public var createdAt: Instant?
    /// Empty for none.
    public var reference: String
    /// Who made it.
    public var actor: String
    /// The step that made it.
    public var lsn: LSN
    /// What the quantities are counted in.
    public var unit: Unit
    /// The LSN of its last change.
    public var revision: LSN

    public init(from row: inout RowReader) throws(ClientError) {
        self.product = try row.id("productId")
        self.sku = try row.text("sku")
        self.name = try row.text("name")
        self.quantity = try row.quantity("quantity")
        self.remaining = try row.quantity("remaining")
        self.createdAt = try row.optionalInstant("createdAt")
        self.reference = try row.text("reference")
        self.actor = try row.text("actor")
        self.lsn = try row.lsn("lsn")
        self.unit = try row.unit("unit")
        self.revision = try row.lsn("revision")
    }
}

/// Stock that is reserved, or was.
@dynamicMemberLookup
public struct ListedReservation: AnswerRow, Hashable {
    /// Its number.
    public var id: ReservationID
    /// What it has in common with a transfer.
    public var item: ListedOpenItem
    /// The code of the location that the stock is at.
    public var locationCode: String
    /// What became of it.
    public var state: ReservationState
    /// When what remains is given back.
    public var expiresAt: Instant

    public init(from row: inout RowReader) throws(ClientError) {
        self.id = try row.id("id")
        self.item = try ListedOpenItem(from: &row)
        self.locationCode = try row.text("location")
        self.state = try row.choice("state")
        self.expiresAt = try row.instant("expiresAt")
    }

    /// What it has in common with a transfer.
    public subscript<Value>(dynamicMember path: KeyPath<ListedOpenItem, Value>) -> Value {
        self.item[keyPath: path]
    }
}

/// Stock that is on its way between two locations, or was.
@dynamicMemberLookup
public struct ListedTransfer: AnswerRow, Hashable {
    /// Its number.
    public var id: TransferID
    /// What it has in common with a reservation.
    public var item: ListedOpenItem
    /// The code of the location that it was dispatched from.
    public var source: String
    /// The code of the location that it goes to.
    public var destination: String
    /// What the stock that is still on its way cost.
    public var value: Money
    /// What became of it.
    public var state: TransferState

    public init(from row: inout RowReader) throws(ClientError) {
        self.id = try row.id("id")
        self.item = try ListedOpenItem(from: &row)
        self.source = try row.text("from")
        self.destination = try row.text("to")
        self.value = try row.money("value")
        self.state = try row.choice("state")
    }

    /// What it has in common with a reservation.
    public subscript<Value>(dynamicMember path: KeyPath<ListedOpenItem, Value>) -> Value {
        self.item[keyPath: path]
    }
}
