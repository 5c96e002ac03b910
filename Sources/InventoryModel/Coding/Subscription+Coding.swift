public import Bytes

extension SubscriptionTopics: CodedValue {
    /// The value's name in PROTOCOL.md.
    public static var title: String { "u8 topics" }

    /// Writes the set's bits as a byte.
    public func encode(into writer: inout ByteWriter) { writer.write(self.rawValue) }

    /// Reads a set; throws if it is empty or has unknown bits.
    public init(from reader: inout ByteReader) throws(ByteReaderError) {
        let offset = reader.offset
        self.init(rawValue: try reader.readUInt8())
        guard !self.isEmpty, Self.all.union(.proof).isSuperset(of: self) else {
            throw .unknownCode(
                offset: offset,
                code: UInt64(self.rawValue),
                what: "subscription topics"
            )
        }
    }
}

/// Where a subscription starts, and the rate limit of its updates.
struct SubscriptionPace: CodedValue {
    var start: SubscriptionStart
    var updatesPerSecond: UInt8?

    static var title: String {
        "u8 start; for 2 a varint LSN; if conflated, u8 updates per second"
    }

    /// The flag of the start byte for conflation: the updates per second follow.
    private static let conflationFlag: UInt8 = 16

    init(start: SubscriptionStart, updatesPerSecond: UInt8?) {
        self.start = start
        self.updatesPerSecond = updatesPerSecond
    }

    func encode(into writer: inout ByteWriter) {
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

    init(from reader: inout ByteReader) throws(ByteReaderError) {
        let offset = reader.offset
        let tag = try reader.readUInt8()
        switch tag & ~Self.conflationFlag {
        case 0: self.start = .now
        case 1: self.start = .snapshot
        case 2: self.start = .after(try reader.readVarintLSN())
        default: throw .unknownCode(offset: offset, code: UInt64(tag), what: "start")
        }
        guard tag & Self.conflationFlag != 0 else { return }
        let rateOffset = reader.offset
        let rate = try reader.readUInt8()
        guard rate > 0 else {
            throw .unknownCode(offset: rateOffset, code: 0, what: "updates per second")
        }
        self.updatesPerSecond = rate
    }
}
