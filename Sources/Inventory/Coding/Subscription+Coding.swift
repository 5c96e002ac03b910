public import ColumnStore

extension Subscription {
    public func encode(into writer: inout ByteWriter) {
        writer.write(self.topics.rawValue)
        writer.writeVarint(UInt64(self.filter.products.count))
        for product in self.filter.products { writer.writeVarint(UInt64(product.value)) }
        writer.writeText(self.filter.skuPrefix)
        writer.writeOptional(self.filter.category.map { UInt64($0.value) })
        writer.writeOptional(self.filter.location.map { UInt64($0.value) })
        switch self.start {
        case .now:
            writer.write(0 as UInt8)
        case .snapshot:
            writer.write(1 as UInt8)
        case .after(let lsn):
            writer.write(2 as UInt8)
            writer.writeVarint(lsn)
        }
    }

    public init(from reader: inout ByteReader) throws(ByteReaderError) {
        let topicsOffset = reader.offset
        let topics = SubscriptionTopics(rawValue: try reader.readUInt8())
        guard !topics.isEmpty, SubscriptionTopics.all.union(.proof).isSuperset(of: topics)
        else {
            throw .unknownCode(
                offset: topicsOffset,
                code: UInt64(topics.rawValue),
                what: "subscription topics"
            )
        }
        let products = try reader.readList(limit: Limits.filterIDsMax) {
            (reader: inout ByteReader) throws(ByteReaderError) -> ProductID in
            try reader.readProductID()
        }
        let filter = SubscriptionFilter(
            products: products,
            skuPrefix: try reader.readText(),
            category: try reader.readOptionalCategory(),
            location: try reader.readOptionalLocation()
        )
        let offset = reader.offset
        let tag = try reader.readUInt8()
        let start: SubscriptionStart
        switch tag {
        case 0: start = .now
        case 1: start = .snapshot
        case 2: start = .after(try reader.readVarint())
        default: throw .unknownCode(offset: offset, code: UInt64(tag), what: "start")
        }
        self.init(topics: topics, filter: filter, start: start)
    }
}
