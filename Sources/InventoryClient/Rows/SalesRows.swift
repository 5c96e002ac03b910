public import Bytes
public import InventoryModel

/// What the queries of sales and unmet demand answer with. Quantities are base units of the row's product.

/// A line of a sale or a return, what reversed one, or cost that came late.
public struct ListedSale: AnswerRow, Hashable {
    /// The movement: its step, and its place in that.
    public var id: MovementID
    /// When it happened.
    public var occurredAt: Instant
    /// How long ago that was, by the server's clock.
    public var ageSeconds: Int64
    /// Whether it is a sale, a return, a reversal or late cost.
    public var kind: MovementKind
    /// The product's SKU.
    public var sku: String
    /// The product's name.
    public var name: String
    /// What the product's category is called.
    public var categoryName: String
    /// The location's code.
    public var locationCode: String
    /// What was sold; negative for what came back.
    public var quantity: Quantity
    /// The price of that day.
    public var price: Price
    /// What was charged; negative for what was paid back.
    public var amount: Money
    /// What it had cost; negative for what came back.
    public var cost: Money
    /// Empty for none.
    public var reference: String
    /// Who did it.
    public var actor: String
    /// What the quantities are counted in.
    public var unit: Unit

    public init(from row: inout RowReader) throws(ClientError) {
        self.id = MovementID(lsn: try row.lsn("lsn"), line: try row.integer("line"))
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
    /// The step that recorded it.
    public var lsn: LSN
    /// When that was, by the server's clock.
    public var recordedAt: Instant
    /// The product it is of.
    public var product: ProductID
    /// The product's SKU.
    public var sku: String
    /// The location's code.
    public var locationCode: String
    /// What was asked for.
    public var asked: Quantity
    /// What could be sold at that moment.
    public var available: Quantity
    /// Empty for none.
    public var reference: String
    /// Who asked.
    public var actor: String
    /// What the quantities are counted in.
    public var unit: Unit

    public init(from row: inout RowReader) throws(ClientError) {
        self.lsn = try row.lsn("lsn")
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
