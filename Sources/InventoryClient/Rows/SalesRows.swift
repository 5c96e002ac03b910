public import InventoryModel

/// What the queries of sales and unmet demand answer with. Quantities are base units of the row's product.

/// A line of a sale or a return, what reversed one, or cost that came late.
public struct ListedSale: AnswerRow, Hashable {
    public var id: MovementID
    public var occurredAt: Instant
    /// How long ago that was, by the server's clock.
    public var ageSeconds: Int64
    public var kind: MovementKind
    public var sku: String
    public var name: String
    public var categoryName: String
    public var locationCode: String
    /// What was sold; negative for what came back.
    public var quantity: Int64
    public var price: Price
    /// What was charged; negative for what was paid back.
    public var amount: Money
    /// What it had cost.
    public var cost: Money
    /// Empty for none.
    public var reference: String
    public var actor: String
    public var unit: Unit

    public init(from row: inout RowReader) throws(ClientError) {
        self.id = MovementID(lsn: try row.integer("lsn"), line: try row.integer("line"))
        self.occurredAt = try row.instant("occurredAt")
        self.ageSeconds = try row.integer("ageSeconds")
        self.kind = try row.choice("kind")
        self.sku = try row.text("sku")
        self.name = try row.text("name")
        self.categoryName = try row.text("category")
        self.locationCode = try row.text("location")
        self.quantity = try row.quantity("quantity")
        self.price = try row.price("price")
        self.amount = try row.money("amount")
        self.cost = try row.money("cost")
        self.reference = try row.text("reference")
        self.actor = try row.text("actor")
        self.unit = try row.unit("unit")
    }
}

/// Demand that was refused for lack of stock.
public struct ListedRefusal: AnswerRow, Hashable {
    public var lsn: UInt64
    public var recordedAt: Instant
    public var product: ProductID
    public var sku: String
    public var locationCode: String
    public var asked: Int64
    /// What could be sold at that moment.
    public var available: Int64
    /// Empty for none.
    public var reference: String
    public var actor: String
    public var unit: Unit

    public init(from row: inout RowReader) throws(ClientError) {
        self.lsn = try row.integer("lsn")
        self.recordedAt = try row.instant("recordedAt")
        self.product = try row.id("productId")
        self.sku = try row.text("sku")
        self.locationCode = try row.text("location")
        self.asked = try row.quantity("asked")
        self.available = try row.quantity("available")
        self.reference = try row.text("reference")
        self.actor = try row.text("actor")
        self.unit = try row.unit("unit")
    }
}
