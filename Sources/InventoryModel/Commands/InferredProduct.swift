/// A product known only from imported sales: its name, its category and its price, each with the time of the
/// sale that it comes from.
///
///     unknown SKU              the product is created, and known from sales only
///     known from sales only    of each of the three, the value of the later sale remains; the SKU is
///                              spelled as in the later one of those that prices come from
///     described by a person    nothing changes
///
/// Whatever order files are imported in, the last sale of all of them determines a product: of two values of the
/// same time the larger one remains.
public struct InferredProduct: Hashable, Sendable {
    /// The SKU, as in ``ProductFields/sku``.
    public var sku: String
    /// The name; empty if the sales have none, which leaves that of the product, or makes the SKU its name.
    public var name: String
    /// The time of the sale that has the name.
    public var namedAt: Instant
    /// The category.
    public var category: CategoryID
    /// The time of the sale that has the category; ``Limits/instantMin`` for one that the file does not have.
    public var categorizedAt: Instant
    /// The unit of a product that is created; that of another one stays.
    public var unit: Unit
    /// The price.
    public var price: Price
    /// The time of the sale that has the price; ``Limits/instantMin`` if none has.
    public var pricedAt: Instant

    /// Creates the command; it is validated by ``Command/inferProduct(_:)``.
    public init(
        sku: String,
        name: String = "",
        namedAt: Instant = Instant(microseconds: Limits.instantMin),
        category: CategoryID,
        categorizedAt: Instant = Instant(microseconds: Limits.instantMin),
        unit: Unit = .piece,
        price: Price = Price(0),
        pricedAt: Instant = Instant(microseconds: Limits.instantMin)
    ) {
        self.sku = sku
        self.name = name
        self.namedAt = namedAt
        self.category = category
        self.categorizedAt = categorizedAt
        self.unit = unit
        self.price = price
        self.pricedAt = pricedAt
    }
}

/// That a product is known from imported sales only, and the times of those that its fields come from.
public struct InferredTimes: Hashable, Sendable {
    /// The product.
    public var product: ProductID
    /// The time of the sale that has its name.
    public var namedAt: Instant
    /// The time of the sale that has its category.
    public var categorizedAt: Instant
    /// The time of the sale that has its price.
    public var pricedAt: Instant

    /// Creates the times of a product.
    public init(product: ProductID, namedAt: Instant, categorizedAt: Instant, pricedAt: Instant) {
        self.product = product
        self.namedAt = namedAt
        self.categorizedAt = categorizedAt
        self.pricedAt = pricedAt
    }
}
