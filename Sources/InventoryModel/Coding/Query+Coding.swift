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
    public func encode(into writer: inout ByteWriter) { self.encodeTagged(into: &writer) }

    public init(from reader: inout ByteReader) throws(ByteReaderError) {
        try self.init(tagged: &reader)
    }
}

extension ProductKey: CodedValue {
    package static let idTag: UInt8 = 1
    package static let skuTag: UInt8 = 2
    static let barcodeTag: UInt8 = 3

    public static var title: String { "u8 key: 1 product · 2 text sku · 3 text barcode;" }

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

extension ChoiceSet: CodedValue {
    public static var title: String { "u8 set of \(Choice.title)" }

    public func encode(into writer: inout ByteWriter) { writer.write(self.rawValue) }

    public init(from reader: inout ByteReader) throws(ByteReaderError) {
        self.init(
            rawValue: try reader.readFlags(Self.all.rawValue, "set of \(Choice.title)")
        )
    }
}

extension MovementKindSet: CodedValue {
    public static var title: String { "varint set of \(MovementKind.title)" }

    public func encode(into writer: inout ByteWriter) {
        writer.writeVarint(UInt64(self.rawValue))
    }

    public init(from reader: inout ByteReader) throws(ByteReaderError) {
        let offset = reader.offset
        self.init(rawValue: try reader.readVarint(as: UInt32.self, "kinds"))
        guard MovementKindSet.all.isSuperset(of: self) else {
            throw .unknownCode(offset: offset, code: UInt64(self.rawValue), what: "kinds")
        }
    }
}

extension Optional: CodedValue where Wrapped == AsOf {
    public static var title: String { "as of" }

    /// 0 for now, 1 before an LSN, 2 before an instant of recording, 3 before one of happening.
    public func encode(into writer: inout ByteWriter) {
        switch self {
        case .none:
            writer.write(0 as UInt8)
        case .lsn(let lsn):
            writer.write(1 as UInt8)
            writer.writeVarint(lsn)
        case .time(let time):
            writer.write(2 as UInt8)
            writer.write(time)
        case .effective(let time):
            writer.write(3 as UInt8)
            writer.write(time)
        }
    }

    public init(from reader: inout ByteReader) throws(ByteReaderError) {
        let offset = reader.offset
        let tag = try reader.readUInt8()
        switch tag {
        case 0: self = nil
        case 1: self = .lsn(try reader.readVarintLSN())
        case 2: self = .time(try reader.readInstant())
        case 3: self = .effective(try reader.readInstant())
        default: throw .unknownCode(offset: offset, code: UInt64(tag), what: "point in time")
        }
    }
}
