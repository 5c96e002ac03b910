public import Bytes

/// What the first byte of a query says it is.
///
/// Numbers are never given a second meaning.
public enum QueryTag: UInt8, CaseIterable, Sendable {
    case product = 1
    case products = 2
    case categories = 3
    case locations = 4
    case levels = 5
    case ledger = 6
    case lowStock = 7
    case categoryRollup = 8
    case sales = 9
    case refusals = 10
    case verify = 11
    case stats = 12
    case reservations = 20
    case transfers = 21
}

extension Query {
    public func encode(into writer: inout ByteWriter) {
        switch self {
        case .product(let key, let asOf):
            writer.writeCase(QueryTag.product)
            key.encode(into: &writer)
            writer.writeOptional(asOf)
        case .products(let search):
            writer.writeCase(QueryTag.products)
            search.encode(into: &writer)
        case .categories(let includingArchived):
            writer.writeCase(QueryTag.categories)
            writer.write(includingArchived)
        case .locations(let includingArchived):
            writer.writeCase(QueryTag.locations)
            writer.write(includingArchived)
        case .levels(let query):
            writer.writeCase(QueryTag.levels)
            writer.writeOptional(query.product.map { UInt64($0.value) })
            writer.writeOptional(query.location.map { UInt64($0.value) })
            writer.writeOptional(query.category.map { UInt64($0.value) })
            writer.writeVarint(UInt64(query.limit))
            writer.writeOptional(query.asOf)
        case .ledger(let query):
            writer.writeCase(QueryTag.ledger)
            query.encode(into: &writer)
        case .lowStock(let query):
            writer.writeCase(QueryTag.lowStock)
            writer.writeOptional(query.location.map { UInt64($0.value) })
            writer.writeOptional(query.category.map { UInt64($0.value) })
            writer.writeVarint(UInt64(query.limit))
        case .categoryRollup(let asOf):
            writer.writeCase(QueryTag.categoryRollup)
            writer.writeOptional(asOf)
        case .sales(let query):
            writer.writeCase(QueryTag.sales)
            writer.writeOptional(query.product.map { UInt64($0.value) })
            writer.writeOptional(query.location.map { UInt64($0.value) })
            writer.writeOptional(query.category.map { UInt64($0.value) })
            writer.writeOptional(query.from)
            writer.writeOptional(query.to)
            writer.writeText(query.reference)
            writer.writeVarint(UInt64(query.limit))
        case .refusals(let query):
            writer.writeCase(QueryTag.refusals)
            writer.writeOptional(query.product.map { UInt64($0.value) })
            writer.writeOptional(query.location.map { UInt64($0.value) })
            writer.writeOptional(query.from)
            writer.writeOptional(query.to)
            writer.writeVarint(UInt64(query.limit))
        case .reservations(let query):
            writer.writeCase(QueryTag.reservations)
            query.encode(into: &writer)
        case .transfers(let query):
            writer.writeCase(QueryTag.transfers)
            query.encode(into: &writer)
        case .verify:
            writer.writeCase(QueryTag.verify)
        case .stats:
            writer.writeCase(QueryTag.stats)
        }
    }

    public init(from reader: inout ByteReader) throws(ByteReaderError) {
        switch try reader.readCase(QueryTag.self, "query") {
        case .product:
            self = .product(try ProductKey(from: &reader), asOf: try reader.readOptionalAsOf())
        case .products:
            self = .products(try ProductSearch(from: &reader))
        case .categories:
            self = .categories(includingArchived: try reader.readBool())
        case .locations:
            self = .locations(includingArchived: try reader.readBool())
        case .levels:
            self = .levels(
                LevelQuery(
                    product: try reader.readOptionalProduct(),
                    location: try reader.readOptionalLocation(),
                    category: try reader.readOptionalCategory(),
                    limit: try reader.readLimit(),
                    asOf: try reader.readOptionalAsOf()
                )
            )
        case .ledger:
            self = .ledger(try LedgerQuery(from: &reader))
        case .lowStock:
            self = .lowStock(
                LowStockQuery(
                    location: try reader.readOptionalLocation(),
                    category: try reader.readOptionalCategory(),
                    limit: try reader.readLimit()
                )
            )
        case .categoryRollup:
            self = .categoryRollup(asOf: try reader.readOptionalAsOf())
        case .sales:
            self = .sales(
                SalesQuery(
                    product: try reader.readOptionalProduct(),
                    location: try reader.readOptionalLocation(),
                    category: try reader.readOptionalCategory(),
                    from: try reader.readOptionalInstant(),
                    to: try reader.readOptionalInstant(),
                    reference: try reader.readText("reference"),
                    limit: try reader.readLimit()
                )
            )
        case .refusals:
            self = .refusals(
                RefusalQuery(
                    product: try reader.readOptionalProduct(),
                    location: try reader.readOptionalLocation(),
                    from: try reader.readOptionalInstant(),
                    to: try reader.readOptionalInstant(),
                    limit: try reader.readLimit()
                )
            )
        case .reservations: self = .reservations(try ReservationQuery(from: &reader))
        case .transfers: self = .transfers(try TransferQuery(from: &reader))
        case .verify: self = .verify
        case .stats: self = .stats
        }
    }
}

extension ProductKey {
    package static let idTag: UInt8 = 1
    package static let skuTag: UInt8 = 2
    static let barcodeTag: UInt8 = 3

    public func encode(into writer: inout ByteWriter) {
        switch self {
        case .id(let id):
            writer.write(Self.idTag)
            writer.writeVarint(UInt64(id.value))
        case .sku(let text):
            writer.write(Self.skuTag)
            writer.writeText(text)
        case .barcode(let text):
            writer.write(Self.barcodeTag)
            writer.writeText(text)
        }
    }

    public init(from reader: inout ByteReader) throws(ByteReaderError) {
        let offset = reader.offset
        let tag = try reader.readUInt8()
        switch tag {
        case Self.idTag: self = .id(try reader.readProductID())
        case Self.skuTag: self = .sku(try reader.readText("sku"))
        case Self.barcodeTag: self = .barcode(try reader.readText("barcode"))
        default: throw .unknownCode(offset: offset, code: UInt64(tag), what: "product key")
        }
    }
}

extension ProductSearch {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.writeOptional(self.category.map { UInt64($0.value) })
        writer.write(self.statuses.rawValue)
        writer.writeText(self.skuPrefix)
        writer.writeText(self.nameContains)
        writer.writeText(self.text)
        writer.writeCase(self.sort)
        writer.write(self.isDescending)
        writer.write(self.after != nil)
        if let after {
            writer.writeVarint(after.integer)
            writer.writeText(after.text)
            writer.writeVarint(UInt64(after.id.value))
        }
        writer.writeVarint(UInt64(self.limit))
        writer.writeOptional(self.asOf)
    }

    fileprivate init(from reader: inout ByteReader) throws(ByteReaderError) {
        self.init(
            category: try reader.readOptionalCategory(),
            statuses: ProductStatusSet(
                rawValue: try reader.readFlags(ProductStatusSet.all.rawValue, "statuses")
            ),
            skuPrefix: try reader.readText("skuPrefix"),
            nameContains: try reader.readText("nameContains"),
            text: try reader.readText("text"),
            sort: try reader.readCase(Sort.self, "sort"),
            isDescending: try reader.readBool()
        )
        if try reader.readBool() {
            self.after = PageKey(
                integer: try reader.readSignedVarint(),
                text: try reader.readText("page"),
                id: try reader.readProductID()
            )
        }
        self.limit = try reader.readLimit()
        self.asOf = try reader.readOptionalAsOf()
    }
}

extension MovementKindSet {
    package init(from reader: inout ByteReader) throws(ByteReaderError) {
        let offset = reader.offset
        self.init(rawValue: try reader.readVarint(as: UInt32.self, "kinds"))
        guard MovementKindSet.all.isSuperset(of: self) else {
            throw .unknownCode(offset: offset, code: UInt64(self.rawValue), what: "kinds")
        }
    }
}

extension LedgerQuery {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.writeOptional(self.product.map { UInt64($0.value) })
        writer.writeOptional(self.location.map { UInt64($0.value) })
        writer.writeVarint(UInt64(self.kinds.rawValue))
        writer.writeOptional(self.from)
        writer.writeOptional(self.to)
        writer.writeText(self.reference)
        writer.writeText(self.actor)
        writer.writeOptional(self.lsn)
        writer.write(self.isNewestFirst)
        writer.write(self.after != nil)
        if let after {
            writer.writeVarint(after.lsn)
            writer.writeVarint(UInt64(after.line))
        }
        writer.writeVarint(UInt64(self.limit))
    }

    fileprivate init(from reader: inout ByteReader) throws(ByteReaderError) {
        self.init(
            product: try reader.readOptionalProduct(),
            location: try reader.readOptionalLocation(),
            kinds: try MovementKindSet(from: &reader),
            from: try reader.readOptionalInstant(),
            to: try reader.readOptionalInstant(),
            reference: try reader.readText("reference"),
            actor: try reader.readText("actor"),
            lsn: try reader.readOptional(),
            isNewestFirst: try reader.readBool()
        )
        if try reader.readBool() {
            let lsn = try reader.readVarint()
            self.after = MovementID(lsn: lsn, line: try reader.readVarint(as: UInt16.self, "line"))
        }
        self.limit = try reader.readLimit()
    }
}

extension ByteWriter {
    /// 0 for now, 1 before an LSN, 2 before an instant of recording, 3 before one of happening.
    package mutating func writeOptional(_ asOf: AsOf?) {
        switch asOf {
        case .none:
            self.write(0 as UInt8)
        case .lsn(let lsn):
            self.write(1 as UInt8)
            self.writeVarint(lsn)
        case .time(let time):
            self.write(2 as UInt8)
            self.write(time)
        case .effective(let time):
            self.write(3 as UInt8)
            self.write(time)
        }
    }
}

extension ByteReader {
    package mutating func readOptionalAsOf() throws(ByteReaderError) -> AsOf? {
        let offset = self.offset
        let tag = try self.readUInt8()
        switch tag {
        case 0: return nil
        case 1: return .lsn(try self.readVarint())
        case 2: return .time(try self.readInstant())
        case 3: return .effective(try self.readInstant())
        default: throw .unknownCode(offset: offset, code: UInt64(tag), what: "point in time")
        }
    }

    package mutating func readLimit() throws(ByteReaderError) -> UInt32 {
        try self.readBoundedVarint("limit", limit: UInt32(Limits.queryRowsMax))
    }

    mutating func readOptionalID<Value: FixedWidthInteger>(
        _ what: String
    ) throws(ByteReaderError) -> Value? {
        let offset = self.offset
        guard let wide = try self.readOptional() else { return nil }
        guard let value = Value(exactly: wide) else {
            throw .unknownCode(offset: offset, code: wide, what: what)
        }
        return value
    }

    mutating func readOptionalProduct() throws(ByteReaderError) -> ProductID? {
        try self.readOptionalID("product id").map(ProductID.init)
    }

    mutating func readOptionalLocation() throws(ByteReaderError) -> LocationID? {
        try self.readOptionalID("location id").map(LocationID.init)
    }

    mutating func readOptionalCategory() throws(ByteReaderError) -> CategoryID? {
        try self.readOptionalID("category id").map(CategoryID.init)
    }
}
