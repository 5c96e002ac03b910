public import InventoryModel

/// What the queries of stock and its history answer with. Quantities are base units of the row's product.

/// The stock of one product at one location.
public struct ListedLevel: AnswerRow, Hashable {
    public var product: ProductID
    public var sku: String
    public var name: String
    public var location: LocationID
    public var locationCode: String
    /// What is physically there.
    public var onHand: Int64
    /// Of that, damaged or on quality hold.
    public var unavailable: Int64
    /// Of that, reserved.
    public var reserved: Int64
    /// On hand, less what is unavailable or reserved.
    public var available: Int64
    /// What sales never take ``available`` below.
    public var floor: Int64
    /// Ordered and not received yet.
    public var incoming: Int64
    /// What the stock on hand cost.
    public var value: Money
    public var unit: Unit
    /// The LSN of its last change; `nil` in an answer of the past, for one that came later.
    public var revision: UInt64?

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
        self.revision = try row.optionalInteger("revision")
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
    public var kind: MovementKind
    public var product: ProductID
    public var sku: String
    public var location: LocationID
    public var locationCode: String
    public var onHandDelta: Int64
    public var unavailableDelta: Int64
    public var reservedDelta: Int64
    public var incomingDelta: Int64
    /// What was charged, or paid back if negative; of late cost, that cost.
    public var amount: Money
    public var price: Price
    public var cost: Money
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
    public var unit: Unit

    public init(from row: inout RowReader) throws(ClientError) {
        self.id = MovementID(lsn: try row.integer("lsn"), line: try row.integer("line"))
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
        let originLSN: UInt64? = try row.optionalInteger("originLsn")
        let originLine: UInt16? = try row.optionalInteger("originLine")
        self.origin = originLSN.map { MovementID(lsn: $0, line: originLine ?? 0) }
        self.isImported = try row.flag("imported")
        self.unit = try row.unit("unit")
    }
}

/// A level at or below its product's reorder point.
public struct ListedLowStock: AnswerRow, Hashable {
    public var product: ProductID
    public var sku: String
    public var name: String
    public var categoryName: String
    public var locationCode: String
    public var available: Int64
    public var reorderPoint: Int64
    /// Ordered and not received yet.
    public var incoming: Int64
    /// What an order should bring the stock up to; 0 for none.
    public var reorderTarget: Int64
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
