internal import Bytes
public import InventoryModel

/// The rows of the catalog queries.

/// A product with its stock summed over all locations.
@dynamicMemberLookup
public struct ListedProduct: AnswerRow, Hashable {
    /// The product itself.
    ///
    /// In an answer of the past its fields have their current values; its `revision` and `updatedAt` are 0 if
    /// they are later than that.
    public var product: Product
    /// The name of the product's category.
    public var categoryName: String
    /// Base units that are physically present.
    public var onHand: Quantity
    /// Base units on hand that are neither on hold nor reserved.
    public var available: Quantity
    /// The cost of the stock on hand.
    public var value: Money

    /// Reads the row from the columns of its query.
    ///
    /// - Throws: ``ClientError``: `protocol violation` if a column is missing or has values of another kind.
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

    /// A property or field of the product.
    public subscript<Value>(dynamicMember path: KeyPath<Product, Value>) -> Value {
        self.product[keyPath: path]
    }
}

/// A category and the number of its products.
@dynamicMemberLookup
public struct ListedCategory: AnswerRow, Hashable {
    /// The category itself.
    public var category: Category
    /// The number of its products that are not archived.
    public var productCount: Int

    /// Reads the row from the columns of its query.
    ///
    /// - Throws: ``ClientError``: `protocol violation` if a column is missing or has values of another kind.
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

    /// A property of the category.
    public subscript<Value>(dynamicMember path: KeyPath<Category, Value>) -> Value {
        self.category[keyPath: path]
    }
}

extension Location: AnswerRow {
    /// Reads the row from the columns of its query.
    ///
    /// - Throws: ``ClientError``: `protocol violation` if a column is missing or has values of another kind.
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
