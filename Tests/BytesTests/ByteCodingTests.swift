import Bytes
import Testing

@Suite struct ByteCodingTests {
    @Test(arguments: [0, 1, 127, 128, 16_383, 16_384, UInt64(UInt32.max), UInt64.max])
    func `an unsigned varint decodes to its value`(value: UInt64) throws {
        var writer = ByteWriter()
        writer.writeVarint(value)
        try writer.withBytes { bytes in
            var reader = ByteReader(bytes)
            let read = try reader.readVarint()
            #expect(read == value)
            try reader.finish()
        }
    }

    @Test(arguments: [0, -1, 1, 63, -64, 64, Int64.max, Int64.min])
    func `a signed varint decodes to its value`(value: Int64) throws {
        var writer = ByteWriter()
        writer.writeVarint(value)
        try writer.withBytes { bytes in
            var reader = ByteReader(bytes)
            let read = try reader.readSignedVarint()
            #expect(read == value)
        }
    }

    @Test func `a varint beyond 64 bits is refused`() {
        let bytes = [UInt8](repeating: 0xFF, count: 9) + [0x02]
        bytes.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            #expect(throws: ByteReaderError.overlongInteger(offset: 0)) { try reader.readVarint() }
        }
    }

    @Test func `a length beyond the remaining bytes is refused before use`() {
        var writer = ByteWriter()
        writer.writeVarint(100 as UInt64)
        writer.write(bytes: [65, 66])
        writer.withBytes { bytes in
            var reader = ByteReader(bytes)
            #expect(throws: ByteReaderError.truncated(offset: 1, needed: 100, available: 2)) {
                try reader.readText(limit: 200)
            }
            reader = ByteReader(bytes)
            let tooLong = ByteReaderError.fieldTooLong(
                offset: 0,
                byteCount: 100,
                limit: 64,
                what: "note"
            )
            #expect(throws: tooLong) { try reader.readText(limit: 64, "note") }
            reader = ByteReader(bytes)
            #expect(throws: ByteReaderError.tooLong(offset: 0, length: 100, limit: 64)) {
                try reader.readCount(limit: 64)
            }
        }
    }

    @Test func `error messages name the byte, the value and the limit`() {
        let errors: [(ByteReaderError, String)] = [
            (
                .truncated(offset: 3, needed: 1, available: 0),
                "byte 3: 1 byte is needed, and 0 are left"
            ),
            (
                .truncated(offset: 3, needed: 8, available: 2),
                "byte 3: 8 bytes are needed, and 2 are left"
            ), (.overlongInteger(offset: 3), "byte 3: an overlong integer"),
            (.invalidText(offset: 3), "byte 3: text that is not UTF-8"),
            (
                .tooLong(offset: 3, length: 9, limit: 8),
                "byte 3: a length of 9; at most 8 is allowed"
            ),
            (
                .fieldTooLong(offset: 3, byteCount: 9, limit: 8, what: "note"),
                "byte 3: note has 9 bytes; at most 8 are allowed"
            ),
            (
                .outOfRange(offset: 3, value: 9, limit: 8, what: "limit"),
                "byte 3: limit is 9; at most 8 is allowed"
            ), (.unknownCode(offset: 3, code: 9, what: "query"), "byte 3: unknown query 9"),
            (.trailingBytes(offset: 3, count: 2), "byte 3: 2 bytes too many"),
        ]
        for (error, words) in errors { #expect("\(error)" == words) }
    }

    @Test func `text that is not UTF-8 is refused`() {
        var writer = ByteWriter()
        writer.write(bytes: [2, 0xC3, 0x28])
        writer.withBytes { bytes in
            var reader = ByteReader(bytes)
            #expect(throws: ByteReaderError.invalidText(offset: 1)) {
                try reader.readText(limit: 9)
            }
        }
    }

    @Test func `a non-ASCII byte is found at every position of a string`() throws {
        for count in 1...20 {
            for place in 0..<count {
                var bytes = [UInt8](repeating: 0x41, count: count)
                bytes[place] = 0xFF
                var writer = ByteWriter()
                writer.writeVarint(UInt64(count))
                writer.write(bytes: bytes)
                writer.withBytes { bytes in
                    var reader = ByteReader(bytes)
                    #expect(throws: ByteReaderError.invalidText(offset: 1)) {
                        try reader.readText(limit: 20)
                    }
                }
            }
            var writer = ByteWriter()
            let text = String(repeating: "A", count: count - 1) + "é"
            writer.writeText(text)
            try writer.withBytes { bytes in
                var reader = ByteReader(bytes)
                let read = try reader.readText(limit: 30)
                #expect(read == text)
            }
        }
    }

    @Test func `a writer keeps its bytes when it grows`() {
        var writer = ByteWriter(capacity: 16)
        for value in 0..<1_000 { writer.write(UInt32(value)) }
        writer.overwrite(77, at: 4)
        writer.withBytes { bytes in
            #expect(bytes.count == 4_000)
            #expect(bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self) == 77)
            #expect(bytes.loadUnaligned(fromByteOffset: 3_996, as: UInt32.self) == 999)
        }
    }

    /// The check value of the CRC catalogue: CRC-32C of "123456789".
    @Test func `the checksum is CRC-32C`() {
        let bytes = Array("123456789".utf8)
        bytes.withUnsafeBytes { bytes in
            #expect(CRC32C.checksum(bytes) == 0xE306_9283)
            let head = UnsafeRawBufferPointer(rebasing: bytes[0..<4])
            let tail = UnsafeRawBufferPointer(rebasing: bytes[4...])
            #expect(CRC32C.checksum(tail, continuing: CRC32C.checksum(head)) == 0xE306_9283)
        }
    }
}
