internal import Bytes

/// The descriptions of insights and subscriptions.
///
/// Equal queries have equal encodings and vice versa, so that a server recognises subscribers of the same
/// query by its bytes. A decoded query may exceed ``InsightLimits``; executing it is then refused with
/// the name of the field.
extension Insight: TaggedQuery {
    /// The value's name in PROTOCOL.md and in decoding errors.
    public static var title: String { "insight" }

    /// Creates the empty insight of a tag, which a visitor fills.
    public init(_ tag: InsightTag) {
        let query = Insight.query(InsightQuery())
        self =
            switch tag {
            case .query: query
            case .named: .named(NamedInsight())
            case .rows: .rows(RowSelection(), of: query)
            }
    }

    /// The first byte of its encoding.
    public var tag: InsightTag {
        switch self {
        case .query: .query
        case .named: .named
        case .rows: .rows
        }
    }

    /// Visits the fields that follow the tag, in the order of their encoding.
    public mutating func visit<V: QueryVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        switch self {
        case .query(let query): self = .query(try v.visit(query))
        case .named(let named): self = .named(try v.visit(named))
        case .rows(let selection, let insight):
            let selection = try v.visit(selection)
            var whole = WholeInsight(insight: insight)
            try v.coded(&whole)
            self = .rows(selection, of: whole.insight)
        }
    }
}

extension InsightTag {
    /// The fields of the insight, in the order of their encoding.
    public var fields: [FieldDescription] { Insight(self).descriptions }
}

/// The insight whose rows are selected: never a selection itself, which bounds the depth of decoding.
private struct WholeInsight: CodedValue {
    static var title: String { "insight of tag 1 or 2" }
    var insight: Insight

    init(insight: Insight) { self.insight = insight }

    func encode(into writer: inout ByteWriter) { self.insight.encode(into: &writer) }

    init(from reader: inout ByteReader) throws(ByteReaderError) {
        let offset = reader.offset
        let tag = try reader.readCase(InsightTag.self, Insight.title)
        guard tag != .rows else {
            throw .unknownCode(
                offset: offset,
                code: UInt64(tag.rawValue),
                what: "insight whose rows are selected"
            )
        }
        self.insight = try reader.visit(Insight(tag))
    }
}

extension InsightQuery: DescribedPart {
    /// Elements of a query's lists other than ids, at most, in the encoding.
    static let listCountMax = 64
    /// Ids of one list of a filter, at most, in the encoding.
    static let idCountMax = 16_384

    /// Creates an empty query, which a visitor fills.
    public init() { self.init(source: .sales, measures: []) }

    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: QueryVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.choice(.named("source"), &self.source)
        try v.coded(&self.window)
        try v.term("zone", &self.zone)
        try v.masked("filter", &self.filter)
        try v.list("groups", of: &self.groups, max: Self.listCountMax)
        try v.list("measures", of: &self.measures, max: Self.listCountMax)
        try v.list("order", of: &self.order, max: Self.listCountMax)
        try v.limit(&self.limit)
        try v.coded(&self.asOf)
    }
}

extension InsightFilter: MaskedPart {
    /// The parts that restrict.
    public var presence: OptionalFields {
        OptionalFields(
            !self.products.isEmpty,
            !self.categories.isEmpty,
            !self.locations.isEmpty,
            !self.kinds.isEmpty,
            !self.reasons.isEmpty,
            !self.skuPrefix.isEmpty,
            !self.reference.isEmpty,
            !self.actor.isEmpty
        )
    }

    /// Visits the given fields in the order of their encoding.
    public mutating func visit<V: QueryVisitor & ~Copyable>(
        _ v: inout V,
        only given: OptionalFields
    ) throws(V.Failure) {
        let idsMax = InsightQuery.idCountMax
        if given[0] { try v.list("products", of: &self.products, max: idsMax) }
        if given[1] { try v.list("categories", of: &self.categories, max: idsMax) }
        if given[2] { try v.list("locations", of: &self.locations, max: idsMax) }
        if given[3] { try v.coded(&self.kinds) }
        if given[4] { try v.list("reasons", of: &self.reasons, max: InsightQuery.listCountMax) }
        if given[5] { try v.term("skuPrefix", &self.skuPrefix) }
        if given[6] { try v.term("reference", &self.reference) }
        if given[7] { try v.term("actor", &self.actor) }
    }
}

extension InsightOrder: DescribedPart {
    /// Creates a default key, which a visitor fills.
    public init() { self.init(.dimension(.product)) }

    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: QueryVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.coded(&self.key)
        try v.flag(.named("descending"), &self.isDescending)
    }
}

extension NamedInsight: DescribedPart {
    /// Creates a default insight, which a visitor fills.
    public init() { self.init(.sales) }

    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: QueryVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.choice(.named("name"), &self.name)
        try v.coded(&self.window)
        try v.term("zone", &self.zone)
        try v.masked("filter", &self.filter)
        try v.masked("parameters", &self.parameters)
        try v.limit(&self.limit)
        try v.coded(&self.asOf)
    }
}

extension NamedInsightParameters: MaskedPart {
    /// The parameters that differ from the default.
    public var presence: OptionalFields {
        OptionalFields(
            self.by != nil,
            self.measure != nil,
            self.isAscending,
            self.days != nil,
            self.serviceLevel != nil
        )
    }

    /// Visits the given fields in the order of their encoding.
    public mutating func visit<V: QueryVisitor & ~Copyable>(
        _ v: inout V,
        only given: OptionalFields
    ) throws(V.Failure) {
        if given[0] { self.by = try v.visit(self.by ?? InsightDimension()) }
        if given[1] { self.measure = try v.visit(self.measure ?? InsightMeasure()) }
        if given[2] { try v.announced("ascending", &self.isAscending) }
        if given[3] {
            var days = self.days ?? 0
            try v.count(.named("days", in: 0...Int64(NamedInsight.daysMax)), &days)
            self.days = days
        }
        if given[4] {
            var level = self.serviceLevel ?? 0
            let highest = Int64(NamedInsight.serviceLevels.upperBound)
            try v.count(.named("serviceLevel", in: 0...highest), &level)
            self.serviceLevel = level
        }
    }
}

extension RowSelection: DescribedQuery {
    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: QueryVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.optional("condition", &self.condition)
        try v.list("order", of: &self.order, max: InsightQuery.listCountMax)
        try v.limit(&self.limit)
    }
}

extension RowSelection.Order: DescribedPart {
    /// Creates an empty key, which a visitor fills.
    public init() { self.init("") }

    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: QueryVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.term("column", &self.column)
        try v.flag(.named("descending"), &self.isDescending)
    }
}

extension RowCondition: DescribedPart {
    /// Creates an empty test, which a visitor replaces.
    public init() { self = .test(Test("", comparison: .equal, operand: .none)) }

    /// Visits the condition as one value with an encoding of its own.
    public mutating func visit<V: QueryVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.coded(&self)
    }
}

extension Subscription: DescribedPart {
    /// Creates an empty subscription, which a visitor fills.
    public init() { self.init(topics: [], start: .now) }

    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: QueryVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.coded(&self.topics)
        try v.list("products", of: &self.filter.products, max: Limits.filterIDsMax)
        try v.term("skuPrefix", &self.filter.skuPrefix)
        try v.optionalID(&self.filter.category)
        try v.optionalID(&self.filter.location)
        var pace = SubscriptionPace(start: self.start, updatesPerSecond: self.updatesPerSecond)
        try v.coded(&pace)
        (self.start, self.updatesPerSecond) = (pace.start, pace.updatesPerSecond)
    }
}
