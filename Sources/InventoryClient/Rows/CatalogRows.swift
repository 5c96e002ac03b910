internal import Bytes
public import InventoryModel

/// What the queries of the catalog answer with.

/// A product with its stock over all locations.
@dynamicMemberLookup
public struct ListedProduct: AnswerRow, Hashable {
    /// As of a point of the past its fields are those of today; its `revision` and its `updatedAt` are 0
    /// if they are later than that.
    public var product: Product
    /// What its category is called.
    public var categoryName: String
    /// Base units that are physically there.
    public var onHand: Quantity
    /// Base units that are on hand and neither on hold nor reserved.
    public var available: Quantity
    /// What the stock on hand cost.
    public var value: Money

    public init(from row: inout RowReader) throws(ClientError) {
        let id: ProductID = try row.id("id")
        var fields = ProductFields()
        try row.read(&fields)
        self.product = Product(
            id: id,
            fields,
            createdAt: try row.instant("createdAt"),
            updatedAt: try row.optionalInstant("updatedAt") ?? .zero,
            revision: try row.optionalLSN("revision") ?? 0
        )
        self.categoryName = try row.text("category")
        self.onHand = try row.quantity("onHand")
        self.available = try row.quantity("available")
        self.value = try row.money("value")
    }

    /// What the product has, and the fields that people give it.
    public subscript<Value>(dynamicMember path: KeyPath<Product, Value>) -> Value {
        self.product[keyPath: path]
    }
}

/// A category, and how many products are in it.
@dynamicMemberLookup
public struct ListedCategory: AnswerRow, Hashable {
    /// The category itself.
    public var category: Category
    /// Products of it that are not archived.
    public var productCount: Int

    public init(from row: inout RowReader) throws(ClientError) {
        let id: CategoryID = try row.id("id")
        var fields = CategoryFields()
        try row.read(&fields)
        self.productCount = try row.integer("products")
        self.category = Category(
            id: id,
            name: fields.name,
            isArchived: try row.isArchived(),
            revision: try row.lsn("revision")
        )
    }

    /// What the category has.
    public subscript<Value>(dynamicMember path: KeyPath<Category, Value>) -> Value {
        self.category[keyPath: path]
    }
}

extension Location: AnswerRow {
    public init(from row: inout RowReader) throws(ClientError) {
        let id: LocationID = try row.id("id")
        var fields = LocationFields()
        try row.read(&fields)
        self.init(
            id: id,
            fields,
            isArchived: try row.isArchived(),
            revision: try row.lsn("revision")
        )
    }
}

extension RowReader {
    fileprivate mutating func isArchived() throws(ClientError) -> Bool {
        try self.choice("status", as: ProductStatus.self) == .archived
    }
}
