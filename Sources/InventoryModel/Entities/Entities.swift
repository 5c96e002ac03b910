/// A group of products: "Electronics".
public struct Category: Hashable, Sendable {
    public var id: CategoryID
    /// 1 to 200 UTF-8 bytes, unique among the categories that are not archived.
    public var name: String
    public var isArchived: Bool
    /// The LSN of its last change.
    public var revision: UInt64

    public init(id: CategoryID, name: String, isArchived: Bool = false, revision: UInt64 = 0) {
        self.id = id
        self.name = name
        self.isArchived = isArchived
        self.revision = revision
    }
}

/// What a location is for.
public enum LocationKind: UInt8, CaseIterable, Sendable {
    case store = 1
    case warehouse = 2
    case transit = 3
}

/// A place that holds stock.
public struct Location: Hashable, Sendable {
    public var id: LocationID
    /// 1 to 64 UTF-8 bytes, unique among the locations that are not archived.
    public var code: String
    public var name: String
    /// The IANA name of its time zone: where its day begins and ends.
    public var zone: String
    public var kind: LocationKind
    public var isArchived: Bool
    /// The LSN of its last change.
    public var revision: UInt64

    public init(
        id: LocationID,
        code: String,
        name: String,
        zone: String = "UTC",
        kind: LocationKind = .store,
        isArchived: Bool = false,
        revision: UInt64 = 0
    ) {
        self.id = id
        self.code = code
        self.name = name
        self.zone = zone
        self.kind = kind
        self.isArchived = isArchived
        self.revision = revision
    }
}

/// Whether a product may be sold, and whether it is still there.
public enum ProductStatus: UInt8, CaseIterable, Sendable {
    case active = 1
    /// Kept, but not for sale.
    case inactive = 2
    /// Gone from the lists; its history stays, and its SKU is free again.
    case archived = 3
}

/// One thing that is stocked and sold.
public struct Product: Hashable, Sendable {
    public var id: ProductID
    /// 1 to 64 UTF-8 bytes as typed; unique among the products that are not archived.
    public var sku: String
    /// 1 to 200 UTF-8 bytes.
    public var name: String
    /// Empty for none; unique among the products that are not archived.
    public var barcode: String
    public var category: CategoryID
    public var unit: Unit
    public var price: Price
    public var status: ProductStatus
    /// Stock at a location at or below this is low, in base units.
    public var reorderPoint: Int64
    /// What an order should bring the stock up to, in base units; 0 for none.
    public var reorderTarget: Int64
    /// Base units in one pack of the supplier; at least 1.
    public var packSize: Int64
    /// Days from order to delivery.
    public var leadTimeDays: UInt16
    public var createdAt: Instant
    /// When a field of the product itself last changed.
    public var updatedAt: Instant
    /// The LSN of the last change of the product or of its stock anywhere.
    public var revision: UInt64

    public init(
        id: ProductID,
        sku: String,
        name: String,
        barcode: String = "",
        category: CategoryID,
        unit: Unit = .piece,
        price: Price,
        status: ProductStatus = .active,
        reorderPoint: Int64 = 10,
        reorderTarget: Int64 = 0,
        packSize: Int64 = 1,
        leadTimeDays: UInt16 = 0,
        createdAt: Instant = .zero,
        updatedAt: Instant = .zero,
        revision: UInt64 = 0
    ) {
        self.id = id
        self.sku = sku
        self.name = name
        self.barcode = barcode
        self.category = category
        self.unit = unit
        self.price = price
        self.status = status
        self.reorderPoint = reorderPoint
        self.reorderTarget = reorderTarget
        self.packSize = packSize
        self.leadTimeDays = leadTimeDays
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.revision = revision
    }

    /// How far above the reorder point stock must rise before it is no longer low: a tenth of the
    /// point, at least 1.
    ///
    /// The gap keeps one unit sold and returned from ringing twice.
    public var hysteresis: Int64 { max(1, self.reorderPoint / 10) }
}
