public import Bytes
public import InventoryModel

/// The rows of the queries of sales and unmet demand. Quantities are in base units of the row's product.

/// A line of a sale or a return, a reversal of one, or late cost.
public struct ListedSale: AnswerRow, Hashable {
    /// The id of the movement: the LSN of its step and its line in the step, from 0.
    public var id: MovementID
    /// When it happened.
    public var occurredAt: Instant
    /// The seconds since then, by the server's clock.
    public var ageSeconds: Int64
    /// Whether it is a sale, a return, a reversal or late cost.
    public var kind: MovementKind
    /// The product's SKU.
    public var sku: String
    /// The product's name.
    public var name: String
    /// The name of the product's category.
    public var categoryName: String
    /// The location's code.
    public var locationCode: String
    /// The quantity sold; negative for a return.
    public var quantity: Quantity
    /// The price at that time.
    public var price: Price
    /// The amount charged; negative for a refund.
    public var amount: Money
    /// The cost of the goods; negative for a return.
    public var cost: Money
    /// The reference of the command, such as a receipt number; empty for none.
    public var reference: String
    /// The actor that recorded it.
    public var actor: String
    /// The unit of the quantities, with its decimals.
    public var unit: Unit

    /// Reads the row from the columns of its query.
    ///
    /// - Throws: ``ClientError``: `protocol violation` if a column is missing or has values of another kind.
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

/// Unmet demand: a sale that was refused for lack of stock.
public struct ListedRefusal: AnswerRow, Hashable {
    /// The LSN of the step that recorded it.
    public var lsn: LSN
    /// When it was recorded, by the server's clock.
    public var recordedAt: Instant
    /// The id of the product.
    public var product: ProductID
    /// The product's SKU.
    public var sku: String
    /// The location's code.
    public var locationCode: String
    /// The requested quantity.
    public var asked: Quantity
    /// The quantity that could be sold at that moment.
    public var available: Quantity
    /// The reference of the command, such as a receipt number; empty for none.
    public var reference: String
    /// The actor that requested it.
    public var actor: String
    /// The unit of the quantities, with its decimals.
    public var unit: Unit

    /// Reads the row from the columns of its query.
    ///
    /// - Throws: ``ClientError``: `protocol violation` if a column is missing or has values of another kind.
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
