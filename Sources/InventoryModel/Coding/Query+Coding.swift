public import Bytes

/// The first byte of an encoded query; numbers never change their meaning.
public enum QueryTag: UInt8, CaseIterable, Sendable {
    /// ``Query/product(_:asOf:)``.
    case product = 1
    /// ``Query/products(_:)``.
    case products = 2
    /// ``Query/categories(includingArchived:)``.
    case categories = 3
    /// ``Query/locations(includingArchived:)``.
    case locations = 4
    /// ``Query/levels(_:)``.
    case levels = 5
    /// ``Query/ledger(_:)``.
    case ledger = 6
    /// ``Query/lowStock(_:)``.
    case lowStock = 7
    /// ``Query/categoryRollup(asOf:)``.
    case categoryRollup = 8
    /// ``Query/sales(_:)``.
    case sales = 9
    /// ``Query/refusals(_:)``.
    case refusals = 10
    /// ``Query/verify``.
    case verify = 11
    /// ``Query/stats``.
    case stats = 12
    /// ``Query/stateChecksum``.
    case stateChecksum = 13
    /// ``Query/reservations(_:)``.
    case reservations = 20
    /// ``Query/transfers(_:)``.
    case transfers = 21
    /// ``Query/lastStep(actor:)``.
    case lastStep = 22
    /// ``Query/importRuns(_:)``.
    case importRuns = 23
    /// ``Query/importSteps(_:)``.
    case importSteps = 24
}

extension Query {
    /// Writes the tag and the fields.
    public func encode(into writer: inout ByteWriter) { self.encodeTagged(into: &writer) }

    /// Reads what ``encode(into:)`` wrote.
    public init(from reader: inout ByteReader) throws(ByteReaderError) {
        try self.init(tagged: &reader)
    }
}

extension ProductKey: CodedValue {
    package static let idTag: UInt8 = 1
    package static let skuTag: UInt8 = 2
    static let barcodeTag: UInt8 = 3

    /// The value's encoding in the words of PROTOCOL.md.
    public static var title: String { "u8 key: 1 product · 2 text sku · 3 text barcode;" }

    /// Writes the kind of key and the key.
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

    /// Reads what ``encode(into:)`` wrote.
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
    /// The value's name in PROTOCOL.md.
    public static var title: String { "u8 set of \(Choice.title)" }

    /// Writes the set's bits as a byte.
    public func encode(into writer: inout ByteWriter) { writer.write(self.rawValue) }

    /// Reads a set; throws if it has unknown bits.
    public init(from reader: inout ByteReader) throws(ByteReaderError) {
        self.init(
            rawValue: try reader.readFlags(Self.all.rawValue, "set of \(Choice.title)")
        )
    }
}

extension MovementKindSet: CodedValue {
    /// The value's name in PROTOCOL.md.
    public static var title: String { "varint set of \(MovementKind.title)" }

    /// Writes the set's bits as a varint.
    public func encode(into writer: inout ByteWriter) {
        writer.writeVarint(UInt64(self.rawValue))
    }

    /// Reads a set; throws if it has unknown bits.
    public init(from reader: inout ByteReader) throws(ByteReaderError) {
        let offset = reader.offset
        self.init(rawValue: try reader.readVarint(as: UInt32.self, "kinds"))
        guard MovementKindSet.all.isSuperset(of: self) else {
            throw .unknownCode(offset: offset, code: UInt64(self.rawValue), what: "kinds")
        }
    }
}

extension Optional: CodedValue where Wrapped == AsOf {
    /// The value's name in PROTOCOL.md.
    public static var title: String { "as of" }

    /// Writes 0 for now, or 1 and an LSN, 2 and a recording time, or 3 and an effective time.
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

    /// Reads what ``encode(into:)`` wrote.
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
