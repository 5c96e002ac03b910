public import Bytes

/// What the first byte of an insight says it is.
///
/// Numbers are never given a second meaning.
public enum InsightTag: UInt8, CaseIterable, Sendable {
    case query = 1
    case named = 2
    case rows = 3
}

extension Insight {
    public func encode(into writer: inout ByteWriter) { self.encodeTagged(into: &writer) }

    public init(from reader: inout ByteReader) throws(ByteReaderError) {
        try self.init(tagged: &reader)
    }
}

extension InsightOrder.Key: CodedValue {
    private static let dimensionTag: UInt8 = 1
    private static let measureTag: UInt8 = 2

    public static var title: String { "order key" }

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

    public init(from reader: inout ByteReader) throws(ByteReaderError) {
        let offset = reader.offset
        switch try reader.readUInt8() {
        case Self.dimensionTag: self = .dimension(try InsightDimension(from: &reader))
        case Self.measureTag: self = .measure(try InsightMeasure(from: &reader))
        case let tag: throw .unknownCode(offset: offset, code: UInt64(tag), what: "order")
        }
    }
}
