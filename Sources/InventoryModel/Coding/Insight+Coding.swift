public import Bytes

/// The first byte of an encoded insight; numbers never change their meaning.
public enum InsightTag: UInt8, CaseIterable, Sendable {
    /// ``Insight/query(_:)``.
    case query = 1
    /// ``Insight/named(_:)``.
    case named = 2
    /// ``Insight/rows(_:of:)``.
    case rows = 3
}

extension Insight {
    /// Writes the tag and the fields.
    public func encode(into writer: inout ByteWriter) { self.encodeTagged(into: &writer) }

    /// Reads what ``encode(into:)`` wrote.
    public init(from reader: inout ByteReader) throws(ByteReaderError) {
        try self.init(tagged: &reader)
    }
}

extension InsightOrder.Key: CodedValue {
    private static let dimensionTag: UInt8 = 1
    private static let measureTag: UInt8 = 2

    /// The value's name in PROTOCOL.md and in decoding errors.
    public static var title: String { "order key" }

    /// Writes the tag and the dimension or measure.
    public func encode(into writer: inout ByteWriter) {
        switch self {
        case .dimension(let dimension):
            writer.write(Self.dimensionTag)
            writer.writeCase(dimension)
        case .measure(let measure):
            writer.write(Self.measureTag)
            writer.writeCase(measure)
        }
    }

    /// Reads what ``encode(into:)`` wrote.
    public init(from reader: inout ByteReader) throws(ByteReaderError) {
        let offset = reader.offset
        switch try reader.readUInt8() {
        case Self.dimensionTag: self = .dimension(try InsightDimension(from: &reader))
        case Self.measureTag: self = .measure(try InsightMeasure(from: &reader))
        case let tag: throw .unknownCode(offset: offset, code: UInt64(tag), what: "order")
        }
    }
}
