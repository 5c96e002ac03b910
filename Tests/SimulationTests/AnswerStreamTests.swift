import InventoryEngine
import InventoryModel
import InventoryWire
import NIOCore
import Testing

@testable import InventoryServer

/// An answer, block by block, without a query thread.
@Suite struct AnswerStreamTests {
    private let bench: InsightHarness

    init() throws { self.bench = try InsightHarness() }

    private static func table(_ rows: Int) -> ResultTable {
        var table = ResultTable([ResultField("row", .integer)])
        for row in 0..<rows { table.append([.integer(Int64(row))]) }
        return table
    }

    /// An answer of blocks with so many rows; one after those is refused if there is a refusal.
    private func stream(_ blocks: [Int], refusal: Refusal? = nil) -> AnswerStream {
        let view = self.bench.driver.host.readView()
        let owner = QueryQueue.Owner(number: QueryQueue.Owner.firstConnection)
        let job = QueryJob(owner, self.bench.driver.queries.scheduler)
        job.checkInvariants()
        return AnswerStream(of: view, requestID: 5, job) { (view) throws(Refusal) in
            var rest = blocks[...]
            let header = ResultHeader(lsn: view.lsn, time: view.time, schema: Self.table(0).schema)
            return (
                .resultHeader(header),
                { () throws(Refusal) in
                    if let rows = rest.popFirst() { return Self.table(rows) }
                    if let refusal { throw refusal }
                    return nil
                }
            )
        }
    }

    /// Makes all blocks, stalling in between, and returns the opcodes of their frames.
    private func opcodes(_ stream: AnswerStream) throws -> [UInt8] {
        var opcodes: [UInt8] = []
        var isLast = false
        while !isLast {
            let block = stream.next()
            isLast = block.isLast
            stream.stall(!isLast)
            stream.checkInvariants()
            try block.bytes.withUnsafeBytes { bytes in
                var frames = FrameReader(bytes, limit: WireLimits.replyByteCountMax)
                while let frame = try frames.next() {
                    #expect(frame.requestID == 5)
                    opcodes.append(frame.opcode)
                }
            }
        }
        return opcodes
    }

    @Test func `an answer is a header, blocks with rows and the end, however large it is`() throws {
        let (header, rows, end) = (Opcode.resultHeader, Opcode.resultRows, Opcode.resultEnd)
        #expect(try self.opcodes(self.stream([])) == [header, end].map { $0.rawValue })
        // An empty block is not sent.
        #expect(
            try self.opcodes(self.stream([3, 0, 2]))
                == [header, rows, rows, end].map { $0.rawValue }
        )
        let blocks = Array(repeating: 1_000, count: 100)
        let large = try self.opcodes(self.stream(blocks)).map { Opcode(rawValue: $0) }
        #expect(large == [header] + blocks.map { _ in rows } + [end])
    }

    @Test func `an answer that fails ends with the refusal`() throws {
        let opcodes = try self.opcodes(self.stream([3], refusal: Refusal(.deadlineExceeded)))
        let expected = [Opcode.resultHeader, .resultRows, .refused]
        #expect(opcodes == expected.map { $0.rawValue })
    }
}
