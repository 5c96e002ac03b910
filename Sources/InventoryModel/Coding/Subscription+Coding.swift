public import Bytes

extension Subscription {
    public func encode(into writer: inout ByteWriter) {
        writer.write(self.topics.rawValue)
        writer.writeVarint(UInt64(self.filter.products.count))
        for product in self.filter.products { writer.writeVarint(UInt64(product.value)) }
        writer.writeText(self.filter.skuPrefix)
        writer.writeOptional(self.filter.category.map { UInt64($0.value) })
        writer.writeOptional(self.filter.location.map { UInt64($0.value) })
        let flag = self.updatesPerSecond == nil ? 0 : Self.conflationFlag
        switch self.start {
        case .now:
            writer.write(flag)
        case .snapshot:
            writer.write(flag | 1)
        case .after(let lsn):
            writer.write(flag | 2)
            writer.writeVarint(lsn)
        }
        if let updatesPerSecond { writer.write(updatesPerSecond) }
    }

    /// Of the byte that says where it starts: the windows a second follow.
    private static let conflationFlag: UInt8 = 16

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
            skuPrefix: try reader.readText("skuPrefix"),
            category: try reader.readOptionalCategory(),
            location: try reader.readOptionalLocation()
        )
        let offset = reader.offset
        let tag = try reader.readUInt8()
        let start: SubscriptionStart
        switch tag & ~Self.conflationFlag {
        case 0: start = .now
        case 1: start = .snapshot
        case 2: start = .after(try reader.readVarint())
        default: throw .unknownCode(offset: offset, code: UInt64(tag), what: "start")
        }
        self.init(topics: topics, filter: filter, start: start)
        guard tag & Self.conflationFlag != 0 else { return }
        let rateOffset = reader.offset
        let rate = try reader.readUInt8()
        guard rate > 0 else {
            throw .unknownCode(offset: rateOffset, code: 0, what: "updates per second")
        }
        self.updatesPerSecond = rate
    }
}
