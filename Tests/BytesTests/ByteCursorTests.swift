import Bytes
import InventoryTestSupport
import Testing

@Suite struct ByteCursorTests {
    /// LEB128 by its definition.
    private static func leb128(_ value: UInt64) -> [UInt8] {
        var rest = value
        var bytes: [UInt8] = []
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    @Test func `a varint of any length is encoded by the definition`() throws {
        var random = SplitMix64(seed: 7)
        for bits in 0...64 {
            let edge: UInt64 = bits == 64 ? .max : (1 << UInt64(bits)) - 1
            for value in [edge, edge &+ 1, edge & random.next()] {
                var writer = ByteWriter(capacity: 16)
                writer.writeVarint(value)
                writer.append(atMost: VarintCoding.byteCountMax) { $0.writeVarint(value) }
                #expect(writer.array() == Self.leb128(value) + Self.leb128(value))
                try writer.withBytes { bytes in
                    var reader = ByteReader(bytes)
                    let first = try reader.readVarint()
                    let second = try reader.readVarint()
                    #expect(first == value)
                    #expect(second == value)
                    try reader.finish()
                }
            }
        }
    }

    @Test func `a varint not in its shortest form is refused`() {
        for bytes in [[0x80, 0x00], [0xFF, 0x80, 0x00]] as [[UInt8]] {
            bytes.withUnsafeBytes { bytes in
                var reader = ByteReader(bytes)
                #expect(throws: ByteReaderError.overlongInteger(offset: 0)) {
                    try reader.readVarint()
                }
            }
        }
        [0x80 as UInt8].withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            #expect(throws: ByteReaderError.truncated(offset: 1, needed: 1, available: 0)) {
                try reader.readVarint()
            }
        }
    }

    @Test func `a cursor writes the same bytes as the writer`() {
        var expected = ByteWriter(capacity: 16)
        expected.write(bytes: [9, 9, 9])
        expected.write(5 as UInt8)
        expected.write(13 as UInt32)
        expected.writeText("")
        expected.writeText("a text")
        expected.write(-7 as Int64)
        expected.writeVarint(-300 as Int64)
        var found = ByteWriter(capacity: 16)
        found.write(bytes: [9, 9, 9])
        var byteCount = 0
        found.append(atMost: 40) { cursor in
            cursor.write(5 as UInt8)
            let place = cursor.leaveUInt32()
            let start = cursor.count
            cursor.writeText("")
            cursor.writeText("a text")
            cursor.write(-7 as Int64)
            cursor.writeVarint(-300 as Int64)
            byteCount = cursor.count - start
            cursor.fill(place, with: 13)
        }
        #expect(byteCount == 18)
        #expect(found.array() == expected.array())
        found.overwrite(at: 4, byteCount: 4) { $0.write(99 as UInt32) }
        expected.overwrite(99 as UInt32, at: 4)
        #expect(found.array() == expected.array())
    }

    @Test func `more bytes than reserved stop the process`() async {
        await #expect(processExitsWith: .failure) {
            var writer = ByteWriter()
            writer.append(atMost: 3) { $0.write(1 as UInt32) }
        }
    }
}
