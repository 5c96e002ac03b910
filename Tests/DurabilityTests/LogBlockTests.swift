import Bytes
import Testing

@testable import Durability

@Suite struct LogBlockTests {
    static let body: [UInt8] = Array("step".utf8)
    static let block = LogBlock(
        kind: .changes,
        encoding: .raw,
        storedByteCount: 4,
        rawByteCount: 4,
        firstLSN: LSN(42),
        count: 3,
        database: TestDatabase.id,
        previousHash: 0x1122_3344_5566_7788,
        acknowledged: LSN(41),
        time: TestDatabase.time,
        bodyChecksum: body.withUnsafeBytes { CRC32C.checksum($0) }
    )

    static func bytes(_ block: LogBlock = block) -> [UInt8] {
        var writer = ByteWriter()
        block.encode(into: &writer)
        return writer.array()
    }

    static func read(_ bytes: [UInt8]) -> Result<LogBlock, LogBlock.HeadError> {
        bytes.withUnsafeBytes { bytes in
            do throws(LogBlock.HeadError) {
                return .success(try LogBlock(head: bytes, database: TestDatabase.id))
            } catch {
                return .failure(error)
            }
        }
    }

    /// Returns the head with some bytes replaced and the checksum recomputed.
    static func resealed(_ change: (inout [UInt8]) -> Void) -> [UInt8] {
        var bytes = Self.bytes()
        change(&bytes)
        let checksum = bytes[0..<92].withUnsafeBytes { CRC32C.checksum($0) }
        withUnsafeBytes(of: checksum.littleEndian) { bytes.replaceSubrange(92..<96, with: $0) }
        return bytes
    }

    @Test func `a head is these 96 bytes`() {
        let golden: [UInt8] = [
            0x49, 0x56, 0x42, 0x4B, 0x01, 0x00, 0x01, 0x00,
            0x04, 0x00, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00,
            0x2A, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
            0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
            0xEF, 0xCD, 0xAB, 0x89, 0x67, 0x45, 0x23, 0x01,
            0x10, 0x32, 0x54, 0x76, 0x98, 0xBA, 0xDC, 0xFE,
            0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,
            0x29, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
            0x00, 0x40, 0x20, 0x46, 0x48, 0x47, 0x06, 0x00,
        ]
        let bytes = Self.bytes()
        #expect(bytes.count == 96)
        #expect(Array(bytes.prefix(72)) == golden)
        #expect(bytes[76..<92].allSatisfy { $0 == 0 })
    }

    @Test func `a decoded head equals the encoded one`() {
        #expect(Self.read(Self.bytes()) == .success(Self.block))
        #expect(Self.block.nextLSN == LSN(45))
        #expect(Self.block.byteCount == 4_096)
    }

    @Test func `no bit of a head can flip unnoticed`() {
        let whole = Self.bytes()
        for bit in 0..<(whole.count * 8) {
            var bytes = whole
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(Self.read(bytes) == .failure(.invalid), "bit \(bit)")
        }
    }

    @Test func `a shorter head is invalid`() {
        for count in 0..<96 {
            #expect(Self.read(Array(Self.bytes().prefix(count))) == .failure(.invalid))
        }
    }

    @Test func `a newer version and another database have their own errors`() {
        #expect(Self.read(Self.resealed { $0[4] = 2 }) == .failure(.version(2)))
        #expect(Self.read(Self.resealed { $0[32] ^= 1 }) == .failure(.foreign))
    }

    @Test func `fields beyond their limits are invalid despite a checksum`() {
        let changes: [(inout [UInt8]) -> Void] = [
            { $0[0] = 0 },
            { $0[6] = 0 },
            { $0[6] = 3 },
            { $0[7] = 2 },
            { $0[11] = 0x7F },
            { $0[15] = 0x7F },
            { $0.replaceSubrange(16..<24, with: repeatElement(0xFF, count: 8)) },
        ]
        for (index, change) in changes.enumerated() {
            #expect(Self.read(Self.resealed(change)) == .failure(.invalid), "change \(index)")
        }
    }

    @Test func `a body is returned only if it is valid`() {
        Self.body.withUnsafeBytes { #expect(Self.block.body($0) == Self.body) }
        for bit in 0..<(Self.body.count * 8) {
            var body = Self.body
            body[bit / 8] ^= 1 << UInt8(bit % 8)
            body.withUnsafeBytes { #expect(Self.block.body($0) == nil, "bit \(bit)") }
        }
        Self.body.dropLast().withUnsafeBytes { #expect(Self.block.body($0) == nil) }
    }

    @Test func `a body of another decompressed size is invalid`() {
        let raw = [UInt8](repeating: 7, count: 10_000)
        var stored = [UInt8](repeating: 0, count: LZ4Block.bound(raw.count))
        let count = raw.withUnsafeBytes { raw in
            stored.withUnsafeMutableBytes { LZ4Block.compress(raw, into: $0) }
        }
        stored.removeSubrange(count...)
        var block = Self.block
        block.encoding = .lz4
        block.storedByteCount = stored.count
        block.bodyChecksum = stored.withUnsafeBytes { CRC32C.checksum($0) }
        for (byteCount, isWhole) in [(9_999, false), (10_000, true), (10_001, false)] {
            block.rawByteCount = byteCount
            stored.withUnsafeBytes { #expect((block.body($0) == raw) == isWhole) }
        }
    }
}
