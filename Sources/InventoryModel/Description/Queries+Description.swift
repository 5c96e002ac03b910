internal import Bytes

/// The description of each query.
///
/// This is the only list of them: the encoding and the field column of PROTOCOL.md are derived from it.
extension Query: TaggedQuery {
    /// The value's name in PROTOCOL.md and in decoding errors.
    public static var title: String { "query" }

    /// Creates the empty query of a tag, which a visitor fills.
    public init(_ tag: QueryTag) {
        self =
            switch tag {
            case .product: .product(.id(ProductID(0)), asOf: nil)
            case .products: .products(ProductSearch())
            case .categories: .categories(includingArchived: false)
            case .locations: .locations(includingArchived: false)
            case .levels: .levels(LevelQuery())
            case .ledger: .ledger(LedgerQuery())
            case .lowStock: .lowStock(LowStockQuery())
            case .categoryRollup: .categoryRollup(asOf: nil)
            case .sales: .sales(SalesQuery())
            case .refusals: .refusals(RefusalQuery())
            case .reservations: .reservations(ReservationQuery())
            case .transfers: .transfers(TransferQuery())
            case .lastStep: .lastStep(actor: "")
            case .importRuns: .importRuns(ImportRunQuery())
            case .importSteps: .importSteps(ImportStepQuery(run: ""))
            case .verify: .verify
            case .stats: .stats
            case .stateChecksum: .stateChecksum
            }
    }

    /// The first byte of its encoding.
    public var tag: QueryTag {
        switch self {
        case .product: .product
        case .products: .products
        case .categories: .categories
        case .locations: .locations
        case .levels: .levels
        case .ledger: .ledger
        case .lowStock: .lowStock
        case .categoryRollup: .categoryRollup
        case .sales: .sales
        case .refusals: .refusals
        case .reservations: .reservations
        case .transfers: .transfers
        case .lastStep: .lastStep
        case .importRuns: .importRuns
        case .importSteps: .importSteps
        case .verify: .verify
        case .stats: .stats
        case .stateChecksum: .stateChecksum
        }
    }

    /// Visits the fields that follow the tag, in the order of their encoding.
    public mutating func visit<V: QueryVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        switch self {
        case .product(var key, var asOf):
            try v.coded(&key)
            try v.coded(&asOf)
            self = .product(key, asOf: asOf)
        case .products(let search): self = .products(try v.visit(search))
        case .categories(var isWhole):
            try v.flag(.named("includingArchived"), &isWhole)
            self = .categories(includingArchived: isWhole)
        case .locations(var isWhole):
            try v.flag(.named("includingArchived"), &isWhole)
            self = .locations(includingArchived: isWhole)
        case .levels(let query): self = .levels(try v.visit(query))
        case .ledger(let query): self = .ledger(try v.visit(query))
        case .lowStock(let query): self = .lowStock(try v.visit(query))
        case .categoryRollup(var asOf):
            try v.coded(&asOf)
            self = .categoryRollup(asOf: asOf)
        case .sales(let query): self = .sales(try v.visit(query))
        case .refusals(let query): self = .refusals(try v.visit(query))
        case .reservations(let query): self = .reservations(try v.visit(query))
        case .transfers(let query): self = .transfers(try v.visit(query))
        case .lastStep(var actor):
            try v.term("actor", &actor)
            self = .lastStep(actor: actor)
        case .importRuns(let query): self = .importRuns(try v.visit(query))
        case .importSteps(let query): self = .importSteps(try v.visit(query))
        case .verify, .stats, .stateChecksum: break
        }
    }
}

extension ProductSearch: DescribedQuery {
    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: QueryVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.optionalID(&self.category)
        try v.coded(&self.statuses)
        try v.term("skuPrefix", &self.skuPrefix)
        try v.term("nameContains", &self.nameContains)
        try v.term("text", &self.text)
        try v.choice(.named("sort"), &self.sort)
        try v.flag(.named("descending"), &self.isDescending)
        try v.optional("page", &self.after)
        try v.limit(&self.limit)
        try v.coded(&self.asOf)
        try v.lastTerm("brand", &self.brand)
    }
}

extension ProductSearch.PageKey: DescribedPart {
    /// Creates an empty key, which a visitor fills.
    public init() { self.init(id: ProductID(0)) }

    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: QueryVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.signed("number", &self.integer)
        try v.term("text", &self.text)
        try v.id(.named("product"), &self.id)
    }
}

extension LevelQuery: DescribedQuery {
    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: QueryVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.optionalID(&self.product)
        try v.optionalID(&self.location)
        try v.optionalID(&self.category)
        try v.limit(&self.limit)
        try v.coded(&self.asOf)
    }
}

extension LedgerQuery: DescribedQuery {
    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: QueryVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.optionalID(&self.product)
        try v.optionalID(&self.location)
        try v.coded(&self.kinds)
        try v.span(&self.from, &self.to)
        try v.term("reference", &self.reference)
        try v.term("actor", &self.actor)
        try v.optionalLSN(.named("lsn"), &self.lsn)
        try v.flag(.named("newestFirst"), &self.isNewestFirst)
        try v.optional("page", &self.after)
        try v.limit(&self.limit)
    }
}

extension MovementID: DescribedPart {
    /// Creates the id of no movement, which a visitor fills.
    public init() { self.init(lsn: 0, line: 0) }

    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: QueryVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        var (lsn, line) = (self.lsn, self.line)
        try v.lsn(.named("lsn"), &lsn)
        try v.integer(.named("line"), &line)
        self = MovementID(lsn: lsn, line: line)
    }
}

extension LowStockQuery: DescribedQuery {
    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: QueryVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.optionalID(&self.location)
        try v.optionalID(&self.category)
        try v.limit(&self.limit)
    }
}

extension SalesQuery: DescribedQuery {
    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: QueryVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.optionalID(&self.product)
        try v.optionalID(&self.location)
        try v.optionalID(&self.category)
        try v.span(&self.from, &self.to)
        try v.term("reference", &self.reference)
        try v.limit(&self.limit)
        try v.lastFlag("pastWriteOffs", &self.includesPastWriteOffs)
    }
}

extension RefusalQuery: DescribedQuery {
    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: QueryVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.optionalID(&self.product)
        try v.optionalID(&self.location)
        try v.span(&self.from, &self.to)
        try v.limit(&self.limit)
    }
}

extension OpenItemQuery: DescribedQuery {
    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: QueryVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.optionalID(&self.id)
        try v.optionalID(&self.product)
        try v.optionalID(&self.location)
        try v.coded(&self.states)
        try v.term("reference", &self.reference)
        try v.flag(.named("newestFirst"), &self.isNewestFirst)
        try v.optionalID("after", &self.after)
        try v.limit(&self.limit)
    }
}

extension QueryTag {
    /// The fields of the query, in the order of their encoding.
    public var fields: [FieldDescription] { Query(self).descriptions }
}
