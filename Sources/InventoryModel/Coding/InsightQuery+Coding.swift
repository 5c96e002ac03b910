public import Bytes

/// The composable query as bytes; PROTOCOL.md says it field by field.
///
///     enum source, window, text zone, filter, list of list of enum dimension,
///     list of enum measure, list of order, varint limit, as of
///
/// Equal questions are equal bytes and the other way round: so a server tells by the bytes that many
/// who ask want the same. What is read may still go beyond ``InsightLimits``; whoever answers then
/// refuses it by the name of its field.
extension InsightQuery {
    /// Elements of the lists of a question on the wire, other than ids, at most.
    static let listCountMax = 64
    /// Ids of one list of a filter on the wire, at most.
    static let idCountMax = 16_384

    public func encode(into writer: inout ByteWriter) {
        writer.writeCase(self.source)
        self.window.encode(into: &writer)
        writer.writeText(self.zone)
        self.filter.encode(into: &writer)
        writer.writeVarint(UInt64(self.groups.count))
        for group in self.groups {
            writer.writeVarint(UInt64(group.count))
            for dimension in group { writer.writeCase(dimension) }
        }
        writer.writeVarint(UInt64(self.measures.count))
        for measure in self.measures { writer.writeCase(measure) }
        writer.writeVarint(UInt64(self.order.count))
        for order in self.order { order.encode(into: &writer) }
        writer.writeVarint(UInt64(self.limit))
        writer.writeOptional(self.asOf)
    }

    public init(from reader: inout ByteReader) throws(ByteReaderError) {
        self.init(
            source: try reader.readCase(InsightSource.self, "source"),
            window: try InsightWindow(from: &reader),
            zone: try reader.readText("zone"),
            filter: try InsightFilter(from: &reader),
            groups: try reader.readList(limit: Self.listCountMax) {
                (reader: inout ByteReader) throws(ByteReaderError) -> [InsightDimension] in
                try reader.readList(limit: Self.listCountMax) {
                    (reader: inout ByteReader) throws(ByteReaderError) -> InsightDimension in
                    try reader.readCase(InsightDimension.self, "dimension")
                }
            },
            measures: try reader.readList(limit: Self.listCountMax) {
                (reader: inout ByteReader) throws(ByteReaderError) -> InsightMeasure in
                try reader.readCase(InsightMeasure.self, "measure")
            },
            order: try reader.readList(limit: Self.listCountMax) {
                (reader: inout ByteReader) throws(ByteReaderError) -> InsightOrder in
                try InsightOrder(from: &reader)
            },
            limit: try reader.readLimit(),
            asOf: try reader.readOptionalAsOf()
        )
    }
}

extension InsightOrder {
    static let dimensionTag: UInt8 = 1
    static let measureTag: UInt8 = 2

    func encode(into writer: inout ByteWriter) {
        switch self.key {
        case .dimension(let dimension):
            writer.write(Self.dimensionTag)
            writer.writeCase(dimension)
        case .measure(let measure):
            writer.write(Self.measureTag)
            writer.writeCase(measure)
        }
        writer.write(self.isDescending)
    }

    init(from reader: inout ByteReader) throws(ByteReaderError) {
        let offset = reader.offset
        let key: Key
        switch try reader.readUInt8() {
        case Self.dimensionTag:
            key = .dimension(try reader.readCase(InsightDimension.self, "dimension"))
        case Self.measureTag:
            key = .measure(try reader.readCase(InsightMeasure.self, "measure"))
        case let tag:
            throw .unknownCode(offset: offset, code: UInt64(tag), what: "order")
        }
        self.init(key, descending: try reader.readBool())
    }
}

extension InsightFilter {
    /// A mask says which parts follow; a part that restricts nothing is left out.
    private enum Part {
        static let products: UInt64 = 1
        static let categories: UInt64 = 2
        static let locations: UInt64 = 4
        static let kinds: UInt64 = 8
        static let reasons: UInt64 = 16
        static let skuPrefix: UInt64 = 32
        static let reference: UInt64 = 64
        static let actor: UInt64 = 128
        static let count = 8
    }

    private var mask: UInt64 {
        (self.products.isEmpty ? 0 : Part.products)
            | (self.categories.isEmpty ? 0 : Part.categories)
            | (self.locations.isEmpty ? 0 : Part.locations)
            | (self.kinds.isEmpty ? 0 : Part.kinds)
            | (self.reasons.isEmpty ? 0 : Part.reasons)
            | (self.skuPrefix.isEmpty ? 0 : Part.skuPrefix)
            | (self.reference.isEmpty ? 0 : Part.reference)
            | (self.actor.isEmpty ? 0 : Part.actor)
    }

    func encode(into writer: inout ByteWriter) {
        let mask = self.mask
        writer.writeVarint(mask)
        if mask & Part.products != 0 {
            writer.writeVarint(UInt64(self.products.count))
            for product in self.products { writer.writeVarint(UInt64(product.value)) }
        }
        if mask & Part.categories != 0 {
            writer.writeVarint(UInt64(self.categories.count))
            for category in self.categories { writer.writeVarint(UInt64(category.value)) }
        }
        if mask & Part.locations != 0 {
            writer.writeVarint(UInt64(self.locations.count))
            for location in self.locations { writer.writeVarint(UInt64(location.value)) }
        }
        if mask & Part.kinds != 0 { writer.writeVarint(UInt64(self.kinds.rawValue)) }
        if mask & Part.reasons != 0 {
            writer.writeVarint(UInt64(self.reasons.count))
            for reason in self.reasons { writer.writeCase(reason) }
        }
        if mask & Part.skuPrefix != 0 { writer.writeText(self.skuPrefix) }
        if mask & Part.reference != 0 { writer.writeText(self.reference) }
        if mask & Part.actor != 0 { writer.writeText(self.actor) }
    }

    init(from reader: inout ByteReader) throws(ByteReaderError) {
        self.init()
        let mask = try reader.readMask(bits: Part.count)
        if mask & Part.products != 0 {
            self.products = try reader.readNonEmptyList(limit: InsightQuery.idCountMax) {
                (reader: inout ByteReader) throws(ByteReaderError) -> ProductID in
                try reader.readProductID()
            }
        }
        if mask & Part.categories != 0 {
            self.categories = try reader.readNonEmptyList(limit: InsightQuery.idCountMax) {
                (reader: inout ByteReader) throws(ByteReaderError) -> CategoryID in
                try reader.readCategoryID()
            }
        }
        if mask & Part.locations != 0 {
            self.locations = try reader.readNonEmptyList(limit: InsightQuery.idCountMax) {
                (reader: inout ByteReader) throws(ByteReaderError) -> LocationID in
                try reader.readLocationID()
            }
        }
        if mask & Part.kinds != 0 { self.kinds = try reader.readSomeKinds() }
        if mask & Part.reasons != 0 {
            self.reasons = try reader.readNonEmptyList(limit: InsightQuery.listCountMax) {
                (reader: inout ByteReader) throws(ByteReaderError) -> Reason in
                try reader.readCase(Reason.self, "reason")
            }
        }
        if mask & Part.skuPrefix != 0 { self.skuPrefix = try reader.readNonEmptyText() }
        if mask & Part.reference != 0 { self.reference = try reader.readNonEmptyText() }
        if mask & Part.actor != 0 { self.actor = try reader.readNonEmptyText() }
    }
}

extension ByteReader {
    /// A list that a mask announced, and that is left out when it is empty: so it is not.
    fileprivate mutating func readNonEmptyList<Element>(
        limit: Int,
        _ read: (inout ByteReader) throws(ByteReaderError) -> Element
    ) throws(ByteReaderError) -> [Element] {
        let offset = self.offset
        let list = try self.readList(limit: limit, read)
        guard !list.isEmpty else {
            throw .unknownCode(offset: offset, code: 0, what: "list that is present")
        }
        return list
    }

    fileprivate mutating func readSomeKinds() throws(ByteReaderError) -> MovementKindSet {
        let offset = self.offset
        let kinds = try MovementKindSet(from: &self)
        guard !kinds.isEmpty else {
            throw .unknownCode(offset: offset, code: 0, what: "kinds that are present")
        }
        return kinds
    }
}
