public import Bytes

/// A request that reads state.
///
/// The result is one ``ResultTable`` at one LSN, in blocks of rows. A filter that is `nil` or empty
/// does not restrict.
public enum Query: Hashable, Sendable {
    /// One product, with its stock by location; refused with `product_not_found` if it does not exist.
    case product(ProductKey, asOf: AsOf?)
    /// Products by a search.
    case products(ProductSearch)
    /// The categories, by id.
    case categories(includingArchived: Bool)
    /// The locations, by id.
    case locations(includingArchived: Bool)
    /// Levels, by product and location.
    case levels(LevelQuery)
    /// Movements of the ledger.
    case ledger(LedgerQuery)
    /// The movements of the newest step of an actor that is neither a reversal nor reversed: what the actor
    /// would undo next.
    ///
    /// Empty if there is none. An empty actor is that of the connection.
    case lastStep(actor: String)
    /// Levels of active products whose available stock is at or below the reorder point: the level's own, else
    /// the product's.
    case lowStock(LowStockQuery)
    /// Stock by category and product, by category, and in total (grouping sets).
    case categoryRollup(asOf: AsOf?)
    /// Sales and returns, newest first, with value and age.
    case sales(SalesQuery)
    /// Unmet demand, newest first.
    case refusals(RefusalQuery)
    /// Reservations, by id.
    case reservations(ReservationQuery)
    /// Transfers, by id.
    case transfers(TransferQuery)
    /// Runs of imports, by number.
    case importRuns(ImportRunQuery)
    /// The steps with movements that a run of an import made, newest first.
    case importSteps(ImportStepQuery)
    /// Verifies the state: recomputes all counters from the ledger, checks all invariants, and returns the
    /// state checksum.
    case verify
    /// Server statistics: the sizes of the tables, and what the server adds.
    case stats
    /// The state checksum: a hash of every table, with the outcomes that retries are answered from.
    case stateChecksum
}

/// A product by its id, or by what users and scanners enter.
public enum ProductKey: Hashable, Sendable {
    /// By id.
    case id(ProductID)
    /// By SKU; normalized before comparison.
    case sku(String)
    /// By barcode; normalized before comparison.
    case barcode(String)
}

/// A point in the past, whose balances a query returns.
///
/// What was recorded by a time, and what had happened by it, are different: a sale of Monday that is imported
/// on Friday is part of Monday's stock only by ``effective(_:)``.
public enum AsOf: Hashable, Sendable {
    /// What was recorded up to this LSN, inclusive.
    case lsn(LSN)
    /// What was recorded up to this time, inclusive.
    case time(Instant)
    /// What had happened up to this time, inclusive, whenever it was recorded.
    ///
    /// Expected goods count from the time when they were recorded.
    case effective(Instant)
}

/// A search for products: filters, order and page.
public struct ProductSearch: Hashable, Sendable {
    /// The column that products are ordered by; ties are by id.
    public enum Sort: UInt8, CaseIterable, Sendable {
        /// By id, the order of creation.
        case id = 1
        /// By normalized SKU.
        case sku = 2
        /// By normalized name.
        case name = 3
        /// By price.
        case price = 4
        /// By available stock over all locations.
        case available = 5
        /// By the time of the last change of a field.
        case updatedAt = 6
    }

    /// The end of the previous page: the sort value and the id of its last row.
    public struct PageKey: Hashable, Sendable {
        /// The last row's value of a numeric sort column; 0 otherwise.
        public var integer: Int64
        /// The last row's value of a text sort column; empty otherwise.
        public var text: String
        /// The last row's product.
        public var id: ProductID

        /// Creates a key from the last row of a page.
        public init(integer: Int64 = 0, text: String = "", id: ProductID) {
            self.integer = integer
            self.text = text
            self.id = id
        }
    }

    /// Only products of this category; `nil` for all.
    public var category: CategoryID?
    /// Only products with these statuses; by default those not archived.
    public var statuses: ProductStatusSet
    /// The beginning of the SKU; compared after normalization.
    public var skuPrefix: String
    /// A substring of the name; compared after normalization.
    public var nameContains: String
    /// A substring of the SKU, the name or the barcode; compared after normalization.
    public var text: String
    /// The column to order by.
    public var sort: Sort
    /// Whether the order is descending.
    public var isDescending: Bool
    /// The end of the previous page; `nil` for the first page.
    public var after: PageKey?
    /// The largest number of rows, up to ``Limits/queryRowsMax``; 0 for all.
    public var limit: UInt32
    /// The point in the past; `nil` for now.
    public var asOf: AsOf?
    /// The brand; compared after normalization, empty for all.
    public var brand: String

    /// Creates a search; by default for all products that are not archived, by id.
    public init(
        category: CategoryID? = nil,
        statuses: ProductStatusSet = .listed,
        skuPrefix: String = "",
        nameContains: String = "",
        text: String = "",
        brand: String = "",
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
        self.brand = brand
        self.sort = sort
        self.isDescending = isDescending
        self.after = after
        self.limit = limit
        self.asOf = asOf
    }
}

/// A query for levels, ordered by product and location.
public struct LevelQuery: Hashable, Sendable {
    /// Only levels of this product; `nil` for all.
    public var product: ProductID?
    /// Only levels at this location; `nil` for all.
    public var location: LocationID?
    /// Only levels of products of this category; `nil` for all.
    public var category: CategoryID?
    /// The largest number of rows, up to ``Limits/queryRowsMax``; 0 for all.
    public var limit: UInt32
    /// The point in the past; `nil` for now.
    public var asOf: AsOf?

    /// Creates a query; by default for all levels.
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

/// The movement kinds that a query selects; empty for all.
public struct MovementKindSet: OptionSet, Hashable, Sendable {
    /// The set's bits: bit *n* for the ``MovementKind`` with raw value *n*.
    public let rawValue: UInt32
    /// Creates a set from its bits.
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// Creates the set of one kind.
    public init(_ kind: MovementKind) { self.rawValue = 1 << UInt32(kind.rawValue) }

    /// Every kind.
    public static let all = MovementKindSet(MovementKind.allCases.map { MovementKindSet($0) })
}

/// A query for movements, in the order of the ledger.
public struct LedgerQuery: Hashable, Sendable {
    /// Only movements of this product; `nil` for all.
    public var product: ProductID?
    /// Only movements at this location; `nil` for all.
    public var location: LocationID?
    /// Only movements of these kinds; empty for all.
    public var kinds: MovementKindSet
    /// Only movements that happened at or after this time; `nil` for no limit.
    public var from: Instant?
    /// Only movements that happened before this time; `nil` for no limit.
    public var to: Instant?
    /// Only movements with exactly this reference; empty for all.
    public var reference: String
    /// Only movements by exactly this actor; empty for all.
    public var actor: String
    /// Only movements of the step at this LSN; `nil` for all.
    public var lsn: LSN?
    /// Whether the order is reversed.
    public var isNewestFirst: Bool
    /// The last movement of the previous page: only those after it, in the requested order.
    public var after: MovementID?
    /// The largest number of rows, up to ``Limits/queryRowsMax``; 0 for all.
    public var limit: UInt32

    /// Creates a query; by default for the whole ledger, newest first.
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

/// A query for low stock, the smallest share of the reorder point first.
public struct LowStockQuery: Hashable, Sendable {
    /// Only levels at this location; `nil` for all.
    public var location: LocationID?
    /// Only products of this category; `nil` for all.
    public var category: CategoryID?
    /// The largest number of rows, up to ``Limits/queryRowsMax``; 0 for all.
    public var limit: UInt32

    /// Creates a query; by default for all low stock.
    public init(location: LocationID? = nil, category: CategoryID? = nil, limit: UInt32 = 0) {
        self.location = location
        self.category = category
        self.limit = limit
    }
}

/// A query for sales and returns, newest first.
public struct SalesQuery: Hashable, Sendable {
    /// Only sales of this product; `nil` for all.
    public var product: ProductID?
    /// Only sales at this location; `nil` for all.
    public var location: LocationID?
    /// Only sales of products of this category; `nil` for all.
    public var category: CategoryID?
    /// Only sales that happened at or after this time; `nil` for no limit.
    public var from: Instant?
    /// Only sales that happened before this time; `nil` for no limit.
    public var to: Instant?
    /// Only sales with exactly this reference; empty for all.
    public var reference: String
    /// The largest number of rows, up to ``Limits/queryRowsMax``; 0 for all.
    public var limit: UInt32
    /// Whether the rows include the write-offs of past sales, of kind `adjust`, without an amount.
    public var includesPastWriteOffs: Bool

    /// Creates a query; by default for all sales and returns.
    public init(
        product: ProductID? = nil,
        location: LocationID? = nil,
        category: CategoryID? = nil,
        from: Instant? = nil,
        to: Instant? = nil,
        reference: String = "",
        limit: UInt32 = 0,
        includesPastWriteOffs: Bool = false
    ) {
        self.product = product
        self.location = location
        self.category = category
        self.from = from
        self.to = to
        self.reference = reference
        self.limit = limit
        self.includesPastWriteOffs = includesPastWriteOffs
    }
}

/// A query for unmet demand, newest first.
public struct RefusalQuery: Hashable, Sendable {
    /// Only demand for this product; `nil` for all.
    public var product: ProductID?
    /// Only demand at this location; `nil` for all.
    public var location: LocationID?
    /// Only lines refused at or after this time; `nil` for no limit.
    public var from: Instant?
    /// Only lines refused before this time; `nil` for no limit.
    public var to: Instant?
    /// The largest number of rows, up to ``Limits/queryRowsMax``; 0 for all.
    public var limit: UInt32

    /// Creates a query; by default for all unmet demand.
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
