public import Bytes
public import InventoryModel

/// The rows of the queries of reservations and transfers.

/// The common columns of reservations and transfers.
///
/// Quantities are base units of the product.
public struct ListedOpenItem: AnswerRow, Hashable {
    /// The id of the product.
    public var product: ProductID
    /// The product's SKU.
    public var sku: String
    /// The product's name.
    public var name: String
    /// The quantity that was reserved or dispatched.
    public var quantity: Quantity
    /// The part that is still reserved or in transit.
    public var remaining: Quantity
    /// When it was created; `nil` if the ledger does not have its movement.
    public var createdAt: Instant?
    /// The reference of the command, such as a receipt number; empty for none.
    public var reference: String
    /// The actor that created it.
    public var actor: String
    /// The LSN of the step that created it.
    public var lsn: LSN
    /// The unit of the quantities, with its decimals.
    public var unit: Unit
    /// The LSN of its last change.
    public var revision: LSN

    /// Reads the row from the columns of its query.
    ///
    /// - Throws: ``ClientError``: `protocol violation` if a column is missing or has values of another kind.
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

/// A reservation of stock, open or closed.
@dynamicMemberLookup
public struct ListedReservation: AnswerRow, Hashable {
    /// The reservation's id.
    public var id: ReservationID
    /// The columns in common with transfers.
    public var item: ListedOpenItem
    /// The code of the location of the stock.
    public var locationCode: String
    /// Whether it is active, or how it ended.
    public var state: ReservationState
    /// When the remaining quantity is released.
    public var expiresAt: Instant

    /// Reads the row from the columns of its query.
    ///
    /// - Throws: ``ClientError``: `protocol violation` if a column is missing or has values of another kind.
    public init(from row: inout RowReader) throws(ClientError) {
        self.id = try row.id("id")
        self.item = try ListedOpenItem(from: &row)
        self.locationCode = try row.text("location")
        self.state = try row.choice("state")
        self.expiresAt = try row.instant("expiresAt")
    }

    /// The columns in common with transfers.
    public subscript<Value>(dynamicMember path: KeyPath<ListedOpenItem, Value>) -> Value {
        self.item[keyPath: path]
    }
}

/// A transfer of stock between two locations, open or closed.
@dynamicMemberLookup
public struct ListedTransfer: AnswerRow, Hashable {
    /// The transfer's id.
    public var id: TransferID
    /// The columns in common with reservations.
    public var item: ListedOpenItem
    /// The code of the source location.
    public var source: String
    /// The code of the destination location.
    public var destination: String
    /// The cost of the stock that is still in transit.
    public var value: Money
    /// Whether it is in transit, or how it ended.
    public var state: TransferState

    /// Reads the row from the columns of its query.
    ///
    /// - Throws: ``ClientError``: `protocol violation` if a column is missing or has values of another kind.
    public init(from row: inout RowReader) throws(ClientError) {
        self.id = try row.id("id")
        self.item = try ListedOpenItem(from: &row)
        self.source = try row.text("from")
        self.destination = try row.text("to")
        self.value = try row.money("value")
        self.state = try row.choice("state")
    }

    /// The columns in common with reservations.
    public subscript<Value>(dynamicMember path: KeyPath<ListedOpenItem, Value>) -> Value {
        self.item[keyPath: path]
    }
}
