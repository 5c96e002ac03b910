public import Bytes
public import InventoryModel

/// The rows of the queries of stock and its history. Quantities are in base units of the row's product.

/// The stock of one product at one location.
public struct ListedLevel: AnswerRow, Hashable {
    /// The id of the product.
    public var product: ProductID
    /// The product's SKU.
    public var sku: String
    /// The product's name.
    public var name: String
    /// The id of the location.
    public var location: LocationID
    /// The location's code.
    public var locationCode: String
    /// The stock that is physically present.
    public var onHand: Quantity
    /// The part of it that is damaged or on quality hold.
    public var unavailable: Quantity
    /// The part of it that is reserved.
    public var reserved: Quantity
    /// On hand, less unavailable and reserved stock.
    public var available: Quantity
    /// The minimum: sales never take ``available`` below it.
    public var floor: Quantity
    /// The reorder point that applies: available stock at or below it is low.
    public var reorderPoint: Quantity
    /// The level's own reorder point; `nil` if ``reorderPoint`` is that of its product.
    public var ownReorderPoint: Quantity?
    /// Ordered but not yet received.
    public var incoming: Quantity
    /// The cost of the stock on hand.
    public var value: Money
    /// The unit of the quantities, with its decimals.
    public var unit: Unit
    /// The LSN of its last change; `nil` in an answer of the past if that change came later.
    public var revision: LSN?

    /// Reads the row from the columns of its query.
    ///
    /// - Throws: ``ClientError``: `protocol violation` if a column is missing or has values of another kind.
    public init(from row: inout RowReader) throws(ClientError) {
        self.product = try row.id("productId")
        self.sku = try row.text("sku")
        self.name = try row.text("name")
        self.location = try row.id("locationId")
        self.locationCode = try row.text("location")
        self.onHand = try row.quantity("onHand")
        self.unavailable = try row.quantity("unavailable")
        self.reserved = try row.quantity("reserved")
        self.available = try row.quantity("available")
        self.floor = try row.quantity("floor")
        self.reorderPoint = try row.quantity("reorderPoint")
        self.ownReorderPoint = try row.optionalQuantity("ownReorderPoint")
        self.incoming = try row.quantity("incoming")
        self.value = try row.money("value")
        self.unit = try row.unit("unit")
        self.revision = try row.optionalLSN("revision")
    }
}

/// A movement of stock: a row of the ledger.
public struct ListedMovement: AnswerRow, Hashable {
    /// The LSN of its step and its line in the step, from 0.
    public var id: MovementID
    /// When its step was recorded, by the server's clock.
    public var recordedAt: Instant
    /// When it took place.
    public var occurredAt: Instant
    /// The kind of the movement.
    public var kind: MovementKind
    /// The id of the product.
    public var product: ProductID
    /// The product's SKU.
    public var sku: String
    /// The id of the location.
    public var location: LocationID
    /// The location's code.
    public var locationCode: String
    /// The change of stock on hand.
    public var onHandDelta: Quantity
    /// The change of stock on hold; negative for a release.
    public var unavailableDelta: Quantity
    /// The change of reserved stock.
    public var reservedDelta: Quantity
    /// The change of incoming stock; negative if it is no longer expected.
    public var incomingDelta: Quantity
    /// The amount charged for a sale, refunded for a return (negative), or late cost; otherwise 0.
    public var amount: Money
    /// The price of a sale or a return, the unit cost of a delivery; otherwise 0.
    public var price: Price
    /// The change of the stock's value at the location; negative for a sale.
    public var cost: Money
    /// The reason, if one was given.
    public var reason: Reason?
    /// The reference of the command, such as a receipt number; empty for none.
    public var reference: String
    /// The note of the command; empty for none.
    public var note: String
    /// The actor; empty for the server itself.
    public var actor: String
    /// The movement that this one reverses or returns.
    public var origin: MovementID?
    /// Whether it was imported as history from before the database existed.
    public var isImported: Bool
    /// The unit of the quantities, with its decimals.
    public var unit: Unit

    /// Reads the row from the columns of its query.
    ///
    /// - Throws: ``ClientError``: `protocol violation` if a column is missing or has values of another kind.
    public init(from row: inout RowReader) throws(ClientError) {
        self.id = MovementID(lsn: try row.lsn("lsn"), line: try row.integer("line"))
        self.recordedAt = try row.instant("recordedAt")
        self.occurredAt = try row.instant("occurredAt")
        self.kind = try row.choice("kind")
        self.product = try row.id("productId")
        self.sku = try row.text("sku")
        self.location = try row.id("locationId")
        self.locationCode = try row.text("location")
        self.onHandDelta = try row.quantity("onHandDelta")
        self.unavailableDelta = try row.quantity("unavailableDelta")
        self.reservedDelta = try row.quantity("reservedDelta")
        self.incomingDelta = try row.quantity("incomingDelta")
        self.amount = try row.money("amount")
        self.price = try row.price("price")
        self.cost = try row.money("cost")
        self.reason = try row.optionalChoice("reason")
        self.reference = try row.text("reference")
        self.note = try row.text("note")
        self.actor = try row.text("actor")
        let originLSN: LSN? = try row.optionalLSN("originLsn")
        let originLine: UInt16? = try row.optionalInteger("originLine")
        self.origin = originLSN.map { MovementID(lsn: $0, line: originLine ?? 0) }
        self.isImported = try row.flag("imported")
        self.unit = try row.unit("unit")
    }
}

/// A level at or below its reorder point: its own, else that of its product.
public struct ListedLowStock: AnswerRow, Hashable {
    /// The id of the product.
    public var product: ProductID
    /// The product's SKU.
    public var sku: String
    /// The product's name.
    public var name: String
    /// The name of the product's category.
    public var categoryName: String
    /// The location's code.
    public var locationCode: String
    /// On hand, less unavailable and reserved stock.
    public var available: Quantity
    /// The reorder point: available stock at or below it is low.
    public var reorderPoint: Quantity
    /// Ordered but not yet received.
    public var incoming: Quantity
    /// The level to which a new order should raise the stock; 0 for none.
    public var reorderTarget: Quantity
    /// The unit of the quantities, with its decimals.
    public var unit: Unit

    /// Reads the row from the columns of its query.
    ///
    /// - Throws: ``ClientError``: `protocol violation` if a column is missing or has values of another kind.
    public init(from row: inout RowReader) throws(ClientError) {
        self.product = try row.id("productId")
        self.sku = try row.text("sku")
        self.name = try row.text("name")
        self.categoryName = try row.text("category")
        self.locationCode = try row.text("location")
        self.available = try row.quantity("available")
        self.reorderPoint = try row.quantity("reorderPoint")
        self.incoming = try row.quantity("incoming")
        self.reorderTarget = try row.quantity("reorderTarget")
        self.unit = try row.unit("unit")
    }
}
