import Bytes
import InventoryModel
import InventoryTestSupport

/// An encoding with its types erased, so that one test covers all encodings.
struct InsightCodec: Sendable, CustomStringConvertible {
    let description: String
    let sample: @Sendable (inout SplitMix64) -> [UInt8]
    /// Decodes a value, which must use all bytes, and encodes it again.
    let reencode: @Sendable ([UInt8]) throws(ByteReaderError) -> [UInt8]

    private init<Value>(
        _ description: String,
        _ make: @escaping @Sendable (inout SplitMix64) -> Value,
        encode: @escaping @Sendable (Value, inout ByteWriter) -> Void,
        decode: @escaping @Sendable (inout ByteReader) throws(ByteReaderError) -> Value
    ) {
        self.description = description
        self.sample = { random in bytes(of: make(&random), encode) }
        self.reencode = { (encoded) throws(ByteReaderError) in
            bytes(of: try read(encoded, decode), encode)
        }
    }

    static let all: [InsightCodec] = [
        InsightCodec(
            "insight",
            { $0.insight() },
            encode: { $0.encode(into: &$1) },
            decode: { (reader) throws(ByteReaderError) in try Insight(from: &reader) }
        ),
        InsightCodec(
            "insight query",
            { $0.insightQuery() },
            encode: { $0.encode(into: &$1) },
            decode: { (reader) throws(ByteReaderError) in try InsightQuery(from: &reader) }
        ),
        InsightCodec(
            "named insight",
            { $0.namedInsight() },
            encode: { $0.encode(into: &$1) },
            decode: { (reader) throws(ByteReaderError) in try NamedInsight(from: &reader) }
        ),
        InsightCodec(
            "window",
            { $0.insightWindow() },
            encode: { $0.encode(into: &$1) },
            decode: { (reader) throws(ByteReaderError) in try InsightWindow(from: &reader) }
        ),
        InsightCodec(
            "resolved window",
            { $0.resolvedWindow() },
            encode: { $0.encode(into: &$1) },
            decode: { (reader) throws(ByteReaderError) in try ResolvedWindow(from: &reader) }
        ),
    ]
}
