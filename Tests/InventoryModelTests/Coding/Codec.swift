import Bytes
import InventoryModel
import InventoryTestSupport

/// An encoding with its types erased, so that one test covers all encodings.
struct Codec: Sendable, CustomStringConvertible {
    let description: String
    /// Returns encoded values that cover every case.
    let samples: @Sendable (inout SplitMix64) -> [[UInt8]]
    /// Decodes a value, which must use all bytes, and encodes it again.
    let reencode: @Sendable ([UInt8]) throws(ByteReaderError) -> [UInt8]

    private init<Value>(
        _ description: String,
        _ samples: @escaping @Sendable (inout SplitMix64) -> [Value],
        encode: @escaping @Sendable (Value, inout ByteWriter) -> Void,
        decode: @escaping @Sendable (inout ByteReader) throws(ByteReaderError) -> Value
    ) {
        self.description = description
        self.samples = { random in samples(&random).map { bytes(of: $0, encode) } }
        self.reencode = { (encoded) throws(ByteReaderError) in
            let value = try read(encoded, decode)
            return bytes(of: value, encode)
        }
    }

    static let lsn: LSN = 1_000
    static let time = Instant(microseconds: 1_700_000_000_000_000)
    static let schema = [
        ResultField("a", .integer), ResultField("b", .text), ResultField("c", .boolean),
    ]

    static let all: [Codec] = [
        Codec(
            "command",
            { random in CommandTag.allCases.map { random.command($0) } },
            encode: { $0.encode(into: &$1) },
            decode: { (reader) throws(ByteReaderError) in try Command(from: &reader) }
        ),
        Codec(
            "refusal",
            { random in (0..<SplitMix64.detailCount).map { random.refusal(detail: $0) } },
            encode: { $0.encode(into: &$1) },
            decode: { (reader) throws(ByteReaderError) in try Refusal(from: &reader) }
        ),
        Codec(
            "outcome",
            { random in (0..<8).map { _ in random.outcome() } },
            encode: { $0.encode(into: &$1) },
            decode: { (reader) throws(ByteReaderError) in try Outcome(from: &reader) }
        ),
        Codec(
            "change",
            { random in
                ChangeTag.allCases.map { random.change($0, lsn: Self.lsn, time: Self.time) }
            },
            encode: { $0.encode(into: &$1, lsn: Self.lsn, time: Self.time) },
            decode: { (reader) throws(ByteReaderError) in
                try Change(from: &reader, lsn: Self.lsn, time: Self.time)
            }
        ),
        Codec(
            "entry",
            { random in (0..<6).map { _ in random.entry() } },
            encode: { $0.encode(into: &$1) },
            decode: { (reader) throws(ByteReaderError) in try Entry(from: &reader) }
        ),
        Codec(
            "query",
            { random in QueryTag.allCases.map { random.query($0) } },
            encode: { $0.encode(into: &$1) },
            decode: { (reader) throws(ByteReaderError) in try Query(from: &reader) }
        ),
        Codec(
            "schema",
            { random in (0..<4).map { _ in random.table().schema } },
            encode: { ResultTable($0).encodeSchema(into: &$1) },
            decode: { (reader) throws(ByteReaderError) in try ResultTable.schema(from: &reader) }
        ),
        Codec(
            "result block",
            { random in (0..<4).map { _ in random.rows(Self.schema) } },
            encode: { $0.encodeBlock(into: &$1) },
            decode: { (reader) throws(ByteReaderError) in
                try ResultTable(blockFrom: &reader, schema: Self.schema)
            }
        ),
        Codec(
            "subscription",
            { random in (0..<6).map { _ in random.subscription() } },
            encode: { $0.encode(into: &$1) },
            decode: { (reader) throws(ByteReaderError) in try Subscription(from: &reader) }
        ),
    ]
}

extension SplitMix64 {
    fileprivate mutating func rows(_ schema: [ResultField]) -> ResultTable {
        var table = ResultTable(schema)
        for _ in 0..<self.below(9) {
            table.append(
                schema.map { field in
                    if self.below(3) == 0 { return .none }
                    return field.kind == .text ? .text(self.text()) : .integer(self.signed())
                }
            )
        }
        return table
    }
}
