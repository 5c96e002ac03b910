import Bytes
import InventoryModel
import InventoryWire
import Testing

/// The example frames of PROTOCOL.md are valid and have the documented meaning.
@Suite struct ProtocolExampleTests {
    private let document: ProtocolDocument

    init() throws { self.document = try ProtocolDocument() }

    @Test func `every frame of the document is decoded to its documented meaning`() throws {
        #expect(self.document.examples.count >= Opcode.allCases.count)
        // A block is decoded with the schema of the preceding header.
        var schema: [ResultField] = []
        for example in self.document.examples {
            let meaning = try Self.meaning(of: example.bytes, &schema)
            #expect(meaning == example.meaning, "PROTOCOL.md:\(example.line)")
        }
    }

    @Test func `the document has a frame of every opcode`() throws {
        let opcodes = self.document.examples.compactMap { Opcode(rawValue: $0.bytes[5]) }
        #expect(Set(opcodes) == Set(Opcode.allCases))
    }

    @Test func `the document's frames are encoded to their documented bytes`() throws {
        for example in self.document.examples {
            let reencoded = try Self.withFrame(example.bytes) { try Self.reencode($0) }
            #expect(reencoded == example.bytes, "PROTOCOL.md:\(example.line)")
        }
    }

    // MARK: - Reading

    private static func withFrame<Value>(
        _ bytes: [UInt8],
        _ body: (Frame) throws -> Value
    ) throws -> Value {
        try bytes.withUnsafeBytes { bytes in
            var reader = FrameReader(bytes, limit: WireLimits.replyByteCountMax)
            let frame = try #require(try reader.next())
            #expect(reader.consumed == bytes.count)
            return try body(frame)
        }
    }

    private static func meaning(
        of bytes: [UInt8],
        _ schema: inout [ResultField]
    ) throws -> String {
        try Self.withFrame(bytes) { frame in
            let body =
                switch try Self.message(frame) {
                case .hello(let hello): "hello \(describe(hello) ?? "")"
                case .helloAccepted(let accepted): "helloAccepted \(describe(accepted) ?? "")"
                case .request(let request): describe(request) ?? ""
                case .reply(.resultRows(let block)): try Self.rows(block, schema)
                case .reply(.resultHeader(let header)):
                    Self.note(header, &schema)
                case .reply(.insightHeader(let header)):
                    Self.note(header, &schema)
                case .reply(.insightChanged(let changed)): try Self.changed(changed, schema)
                case .reply(let reply): describe(reply) ?? ""
                }
            return "request \(frame.requestID): \(body)"
        }
    }

    private static func note(_ header: ResultHeader, _ schema: inout [ResultField]) -> String {
        schema = header.schema
        return describe(ServerMessage.resultHeader(header)) ?? ""
    }

    private static func note(_ header: InsightHeader, _ schema: inout [ResultField]) -> String {
        schema = header.schema
        return describe(ServerMessage.insightHeader(header)) ?? ""
    }

    /// Returns a difference with its rows by column.
    private static func changed(
        _ changed: InsightChanged,
        _ schema: [ResultField]
    ) throws -> String {
        let rows = Self.columns(try changed.difference(schema).rows)
        var others = changed
        others.block = []
        let text = describe(ServerMessage.insightChanged(others)) ?? ""
        return "\(text.dropLast()), rows: \(rows)}"
    }

    /// Returns a block by column: `resultRows {id: [1, 2], name: ["Tea", none]}`.
    private static func rows(_ block: [UInt8], _ schema: [ResultField]) throws -> String {
        try block.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            let table = try ResultTable(blockFrom: &reader, schema: schema)
            try reader.finish()
            return "resultRows \(Self.columns(table))"
        }
    }

    private static func columns(_ table: ResultTable) -> String {
        let columns = table.columns.map { column in
            let cells = (0..<table.rowCount).map { row in
                switch column.cell(row) {
                case .none: "none"
                case .integer(let value): "\(value)"
                case .number(let value): "\(value)"
                case .text(let text): "\"\(text)\""
                }
            }
            return "\(column.field.name): [\(cells.joined(separator: ", "))]"
        }
        return "{\(columns.joined(separator: ", "))}"
    }

    private enum Message {
        case hello(Hello)
        case helloAccepted(HelloAccepted)
        case request(Request)
        case reply(ServerMessage)
    }

    private static func message(_ frame: Frame) throws -> Message {
        let opcode = try #require(Opcode(rawValue: frame.opcode))
        var reader = ByteReader(frame.body)
        switch opcode {
        case .hello:
            let hello = try Hello(from: &reader)
            try reader.finish()
            return .hello(hello)
        case .helloAccepted:
            let accepted = try HelloAccepted(from: &reader)
            try reader.finish()
            return .helloAccepted(accepted)
        case let opcode where opcode.isRequest:
            return .request(try Request(opcode, from: &reader))
        default:
            return .reply(try ServerMessage(frame))
        }
    }

    private static func reencode(_ frame: Frame) throws -> [UInt8] {
        var writer = ByteWriter()
        let id = frame.requestID
        switch try Self.message(frame) {
        case .hello(let hello):
            let target = FrameWriter(.hello, requestID: id, into: &writer)
            hello.encode(into: &writer)
            target.finish(into: &writer)
        case .helloAccepted(let accepted):
            let target = FrameWriter(.helloAccepted, requestID: id, into: &writer)
            accepted.encode(into: &writer)
            target.finish(into: &writer)
        case .request(let request): request.encodeFrame(requestID: id, into: &writer)
        case .reply(let reply): reply.encodeFrame(requestID: id, into: &writer)
        }
        return writer.array()
    }
}
