public import Bytes

/// Everything that reads state.
///
/// Each is answered by one ``ResultTable`` at one LSN, in blocks of rows. What a filter leaves out
/// (`nil`, empty) does not restrict.
public enum Query: Hashable, Sendable {
    /// One product; `product_not_found` if there is none.
    case product(ProductKey, asOf: AsOf?)
    case products(ProductSearch)
    case categories(includingArchived: Bool)
    case locations(includingArchived: Bool)
    case levels(LevelQuery)
    case ledger(LedgerQuery)
    /// Levels of products for sale whose available is at or below the reorder point.
    case lowStock(LowStockQuery)
    /// Grouping sets over stock: category + product, category, total.
    case categoryRollup(asOf: AsOf?)
    /// Sales and returns, newest first, with value and age.
    case sales(SalesQuery)
    case refusals(RefusalQuery)
    case reservations(ReservationQuery)
    case transfers(TransferQuery)
    /// Every counter recomputed from the ledger, every invariant checked, a digest of the whole.
    case verify
    /// Counts of the tables; a server adds its own figures.
    case stats
}

/// How a product is named by people and scanners.
public enum ProductKey: Hashable, Sendable {
    case id(ProductID)
    case sku(String)
    case barcode(String)
}

/// A version or a moment of the past: balances are then those of that point.
///
/// What was recorded by a point, and what had happened by it, are two questions: a sale of Monday that
/// is imported on Friday is part of Monday's stock by the second only.
public enum AsOf: Hashable, Sendable {
    /// What was recorded up to that version.
    case lsn(LSN)
    /// What was recorded up to that moment, that moment included.
    case time(Instant)
    /// What had happened up to that moment, that moment included, whenever it was recorded. A delivery
    /// that is expected counts from when that was recorded.
    case effective(Instant)
}

public struct ProductSearch: Hashable, Sendable {
    public enum Sort: UInt8, CaseIterable, Sendable {
        case id = 1
        case sku = 2
        case name = 3
        case price = 4
        /// Available stock over all locations.
        case available = 5
        case updatedAt = 6
    }

    /// Where the page before ended: the last row's sort value and id.
    public struct PageKey: Hashable, Sendable {
        /// The last row's value of a numeric sort column; 0 otherwise.
        public var integer: Int64
        /// The last row's value of a text sort column; empty otherwise.
        public var text: String
        public var id: ProductID

        public init(integer: Int64 = 0, text: String = "", id: ProductID) {
            self.integer = integer
            self.text = text
            self.id = id
        }
    }

    public var category: CategoryID?
    public var statuses: ProductStatusSet
    /// The SKU's beginning, compared as keys are.
    public var skuPrefix: String
    /// A part of the name, compared as keys are.
    public var nameContains: String
    /// A part of the SKU, the name or the barcode, compared as keys are.
    public var text: String
    public var sort: Sort
    public var isDescending: Bool
    public var after: PageKey?
    /// At most this many rows; 0 for all.
    public var limit: UInt32
    public var asOf: AsOf?

    public init(
        category: CategoryID? = nil,
        statuses: ProductStatusSet = .listed,
        skuPrefix: String = "",
        nameContains: String = "",
        text: String = "",
        sort: Sort = .id,
        isDescending: Bool = false,
        after: PageKey? = nil,
        limit: UInt32 = 0,
        asOf: AsOf? = nil
    ) {
        self.category = category
        self.statuses = statuses
        self.skuPrefix = skuPrefix
        self.nameContains = nameContains
        self.text = text
        self.sort = sort
        self.isDescending = isDescending
        self.after = after
        self.limit = limit
        self.asOf = asOf
    }
}

/// Levels, ordered by product and location.
public struct LevelQuery: Hashable, Sendable {
    public var product: ProductID?
    public var location: LocationID?
    public var category: CategoryID?
    public var limit: UInt32
    public var asOf: AsOf?

    public init(
        product: ProductID? = nil,
        location: LocationID? = nil,
        category: CategoryID? = nil,
        limit: UInt32 = 0,
        asOf: AsOf? = nil
    ) {
        self.product = product
        self.location = location
        self.category = category
        self.limit = limit
        self.asOf = asOf
    }
}

/// The movement kinds a query takes; empty for all.
public struct MovementKindSet: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    public init(_ kind: MovementKind) { self.rawValue = 1 << UInt32(kind.rawValue) }

    public static let all = MovementKindSet(MovementKind.allCases.map { MovementKindSet($0) })
}

/// Movements by their order in the ledger.
public struct LedgerQuery: Hashable, Sendable {
    public var product: ProductID?
    public var location: LocationID?
    public var kinds: MovementKindSet
    /// Happened at or after this.
    public var from: Instant?
    /// Happened before this.
    public var to: Instant?
    /// Exactly this reference.
    public var reference: String
    /// Exactly this actor.
    public var actor: String
    /// Only the movements of this step.
    public var lsn: LSN?
    public var isNewestFirst: Bool
    /// Only rows beyond this one, in the order asked for.
    public var after: MovementID?
    public var limit: UInt32

    public init(
        product: ProductID? = nil,
        location: LocationID? = nil,
        kinds: MovementKindSet = [],
        from: Instant? = nil,
        to: Instant? = nil,
        reference: String = "",
        actor: String = "",
        lsn: LSN? = nil,
        isNewestFirst: Bool = true,
        after: MovementID? = nil,
        limit: UInt32 = 0
    ) {
        self.product = product
        self.location = location
        self.kinds = kinds
        self.from = from
        self.to = to
        self.reference = reference
        self.actor = actor
        self.lsn = lsn
        self.isNewestFirst = isNewestFirst
        self.after = after
        self.limit = limit
    }
}

/// Low stock, the emptiest first.
public struct LowStockQuery: Hashable, Sendable {
    public var location: LocationID?
    public var category: CategoryID?
    public var limit: UInt32

    public init(location: LocationID? = nil, category: CategoryID? = nil, limit: UInt32 = 0) {
        self.location = location
        self.category = category
        self.limit = limit
    }
}

/// Sales and returns, newest first.
public struct SalesQuery: Hashable, Sendable {
    public var product: ProductID?
    public var location: LocationID?
    public var category: CategoryID?
    /// Happened at or after this.
    public var from: Instant?
    /// Happened before this.
    public var to: Instant?
    /// Exactly this reference.
    public var reference: String
    public var limit: UInt32

    public init(
        product: ProductID? = nil,
        location: LocationID? = nil,
        category: CategoryID? = nil,
        from: Instant? = nil,
        to: Instant? = nil,
        reference: String = "",
        limit: UInt32 = 0
    ) {
        self.product = product
        self.location = location
        self.category = category
        self.from = from
        self.to = to
        self.reference = reference
        self.limit = limit
    }
}

/// Refused demand, newest first.
public struct RefusalQuery: Hashable, Sendable {
    public var product: ProductID?
    public var location: LocationID?
    public var from: Instant?
    public var to: Instant?
    public var limit: UInt32

    public init(
        product: ProductID? = nil,
        location: LocationID? = nil,
        from: Instant? = nil,
        to: Instant? = nil,
        limit: UInt32 = 0
    ) {
        self.product = product
        self.location = location
        self.from = from
        self.to = to
        self.limit = limit
    }
}
