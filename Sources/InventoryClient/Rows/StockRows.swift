public import Bytes
public import InventoryModel

/// What the queries of stock and its history answer with. Quantities are base units of the row's product.

/// The stock of one product at one location.
public struct ListedLevel: AnswerRow, Hashable {
    /// The product it is of.
    public var product: ProductID
    /// The product's SKU.
    public var sku: String
    /// The product's name.
    public var name: String
    /// The location it is at.
    public var location: LocationID
    /// The location's code.
    public var locationCode: String
    /// What is physically there.
    public var onHand: Quantity
    /// Of that, damaged or on quality hold.
    public var unavailable: Quantity
    /// Of that, reserved.
    public var reserved: Quantity
    /// On hand, less what is unavailable or reserved.
    public var available: Quantity
    /// What sales never take ``available`` below.
    public var floor: Quantity
    /// Ordered and not received yet.
    public var incoming: Quantity
    /// What the stock on hand cost.
    public var value: Money
    /// What the quantities are counted in.
    public var unit: Unit
    /// The LSN of its last change; `nil` in an answer of the past, for one that came later.
    public var revision: LSN?

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
        self.incoming = try row.quantity("incoming")
        self.value = try row.money("value")
        self.unit = try row.unit("unit")
        self.revision = try row.optionalLSN("revision")
    }
}

/// A movement of stock: a row of the ledger.
public struct ListedMovement: AnswerRow, Hashable {
    /// The step that made it, and its place in that, from 0.
    public var id: MovementID
    /// When its step was recorded, by the server's clock.
    public var recordedAt: Instant
    /// When it happened.
    public var occurredAt: Instant
    /// What kind of movement it is.
    public var kind: MovementKind
    /// The product it is of.
    public var product: ProductID
    /// The product's SKU.
    public var sku: String
    /// The location it is at.
    public var location: LocationID
    /// The location's code.
    public var locationCode: String
    /// What came, or went if negative.
    public var onHandDelta: Quantity
    /// What was put on hold, or released from that if negative.
    public var unavailableDelta: Quantity
    /// What was reserved, or is so no longer if negative.
    public var reservedDelta: Quantity
    /// What was ordered, or is expected no longer if negative.
    public var incomingDelta: Quantity
    /// What was charged for a sale, paid back for a return (negative), or cost that came late; else 0.
    public var amount: Money
    /// Of a sale or a return the price, of a delivery the unit cost; 0 where there is none.
    public var price: Price
    /// How the value of the stock there changed: negative for a sale.
    public var cost: Money
    /// Why, where a reason was given.
    public var reason: Reason?
    /// Empty for none.
    public var reference: String
    /// Empty for none.
    public var note: String
    /// Who did it; empty for the server itself.
    public var actor: String
    /// The movement that this one undoes or returns.
    public var origin: MovementID?
    /// Whether it was imported: it happened before the database knew of it.
    public var isImported: Bool
    /// What the quantities are counted in.
    public var unit: Unit

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

/// A level at or below its product's reorder point.
public struct ListedLowStock: AnswerRow, Hashable {
    /// The product it is of.
    public var product: ProductID
    /// The product's SKU.
    public var sku: String
    /// The product's name.
    public var name: String
    /// What the product's category is called.
    public var categoryName: String
    /// The location's code.
    public var locationCode: String
    /// On hand, less what is unavailable or reserved.
    public var available: Quantity
    /// Stock at or below this is low.
    public var reorderPoint: Quantity
    /// Ordered and not received yet.
    public var incoming: Quantity
    /// What an order should bring the stock up to; 0 for none.
    public var reorderTarget: Quantity
    /// What the quantities are counted in.
    public var unit: Unit

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
