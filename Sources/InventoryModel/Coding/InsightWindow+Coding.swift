public import Bytes

/// A window as bytes: its kind, then what that kind says.
///
///     1 all
///     2 between    opt instant from, opt instant to
///     3 last       varint count, enum calendar unit
///     4 previous   varint count, enum calendar unit
extension InsightWindow {
    static let allTag: UInt8 = 1
    static let betweenTag: UInt8 = 2
    static let lastTag: UInt8 = 3
    static let previousTag: UInt8 = 4

    public func encode(into writer: inout ByteWriter) {
        switch self {
        case .all:
            writer.write(Self.allTag)
        case .between(let from, let to):
            writer.write(Self.betweenTag)
            writer.writeOptional(from)
            writer.writeOptional(to)
        case .last(let count, let unit):
            writer.write(Self.lastTag)
            writer.writeVarint(UInt64(count))
            writer.writeCase(unit)
        case .previous(let count, let unit):
            writer.write(Self.previousTag)
            writer.writeVarint(UInt64(count))
            writer.writeCase(unit)
        }
    }

    public init(from reader: inout ByteReader) throws(ByteReaderError) {
        let offset = reader.offset
        switch try reader.readUInt8() {
        case Self.allTag:
            self = .all
        case Self.betweenTag:
            let from = try reader.readOptionalInstant()
            self = .between(from, try reader.readOptionalInstant())
        case Self.lastTag:
            let count = try reader.readWindowUnits()
            self = .last(count, try reader.readCase(CalendarUnit.self, "calendar unit"))
        case Self.previousTag:
            let count = try reader.readWindowUnits()
            self = .previous(count, try reader.readCase(CalendarUnit.self, "calendar unit"))
        case let tag:
            throw .unknownCode(offset: offset, code: UInt64(tag), what: "window")
        }
    }
}

/// What an answer says of its window: opt instant from, opt instant to, text zone, opt instant when
/// it moves on.
extension ResolvedWindow {
    public func encode(into writer: inout ByteWriter) {
        writer.writeOptional(self.from)
        writer.writeOptional(self.to)
        writer.writeText(self.zone)
        writer.writeOptional(self.movesAt)
    }

    public init(from reader: inout ByteReader) throws(ByteReaderError) {
        self.init(
            from: try reader.readOptionalInstant(),
            to: try reader.readOptionalInstant(),
            zone: try reader.readText("zone"),
            movesAt: try reader.readOptionalInstant()
        )
    }
}

extension ByteReader {
    fileprivate mutating func readWindowUnits() throws(ByteReaderError) -> UInt32 {
        try self.readBoundedVarint("window", limit: InsightLimits.windowUnitsMax)
    }
}
