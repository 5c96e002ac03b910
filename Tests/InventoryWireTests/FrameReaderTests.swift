import Bytes
import InventoryModel
import InventoryTestSupport
import InventoryWire
import Testing

@Suite struct FrameReaderTests {
    private let three = [
        FrameCopy(.ping, 1, []),
        FrameCopy(.command, .max, Array(0..<100)),
        FrameCopy(.cancel, 3, [9]),
    ]

    @Test func `all frames of a read are returned in one pass`() throws {
        let read = try frames(in: [self.three.flatMap(\.bytes)])
        #expect(read.frames == self.three)
        #expect(read.rest.isEmpty)
    }

    @Test func `frames split at any byte are reassembled`() throws {
        let bytes = self.three.flatMap(\.bytes)
        for split in 0...bytes.count {
            let pieces = [Array(bytes[..<split]), Array(bytes[split...])]
            let read = try frames(in: pieces)
            #expect(read.frames == self.three)
            #expect(read.rest.isEmpty)
        }
        let one = try frames(in: bytes.map { [$0] })
        #expect(one.frames == self.three)
    }

    @Test func `an incomplete frame is not consumed`() throws {
        let bytes = self.three[1].bytes
        for count in 0..<bytes.count {
            let read = try frames(in: [Array(bytes.prefix(count))])
            #expect(read.frames.isEmpty)
            #expect(read.rest.count == count)
        }
    }

    @Test func `any flipped bit of a frame is detected`() {
        let bytes = self.three[1].bytes
        for bit in 0..<(bytes.count * 8) {
            var damaged = bytes
            damaged[bit / 8] ^= 1 << (bit % 8)
            let inHeader = bit / 8 < 24
            let expected: WireError =
                inHeader ? .badHeaderChecksum : .badBodyChecksum(.command)
            #expect(throws: expected) { try frames(in: [damaged]) }
        }
    }

    @Test func `the header checksum is verified before the length is used`() {
        var bytes = header(length: 0)
        (bytes[0], bytes[1], bytes[2], bytes[3]) = (0xFF, 0xFF, 0xFF, 0xFF)
        #expect(throws: WireError.badHeaderChecksum) { try frames(in: [bytes]) }
    }

    @Test func `a body of exactly the limit is accepted, one byte more is refused by its header`()
        throws
    {
        let body = [UInt8](repeating: 5, count: 64)
        let read = try frames(in: [FrameCopy(.query, 1, body).bytes], limit: 64)
        #expect(read.frames.first?.body == body)
        #expect(throws: WireError.frameTooLarge(byteCount: 65, limit: 64)) {
            try frames(in: [header(length: 65)], limit: 64)
        }
    }

    @Test func `another version and reserved flags have errors of their own`() {
        #expect(throws: WireError.unsupportedVersion(2)) {
            try frames(in: [header(length: 0, version: 2)])
        }
        #expect(throws: WireError.reservedNotZero(0x8000)) {
            try frames(in: [header(length: 0, flags: 0x8000)])
        }
    }

    @Test func `a frame with an unknown opcode is returned`() throws {
        let read = try frames(in: [header(length: 0, opcode: 77)])
        #expect(read.frames.first?.opcode == 77)
        #expect(read.frames.first?.requestID == 7)
    }

    @Test func `random bytes are an error or an incomplete frame, never a trap`() {
        var random = SplitMix64(seed: 21)
        for _ in 0..<20_000 {
            let bytes = random.list(upTo: 80) { UInt8(truncatingIfNeeded: $0.next()) }
            do throws(WireError) {
                let read = try frames(in: [bytes])
                #expect(read.frames.isEmpty && bytes.count < 24)
            } catch {
                #expect(error == .badHeaderChecksum)
            }
        }
    }

    @Test func `a shared body is written unchanged with each subscriber's header`() throws {
        let body = [UInt8](repeating: 3, count: 1_000)
        var writer = ByteWriter()
        for id in 1...3 as ClosedRange<UInt64> {
            body.withUnsafeBytes {
                FrameWriter.append(.entries, requestID: id, body: $0, into: &writer)
            }
        }
        let read = try frames(in: [writer.array()])
        #expect(read.frames == (1...3).map { FrameCopy(.entries, $0, body) })
    }
}

@Suite struct WireErrorTests {
    @Test(arguments: [
        (WireError.badHeaderChecksum, 1 as UInt16, true),
        (.badBodyChecksum(.query), 1, true),
        (.reservedNotZero(1), 1, true),
        (.unsupportedVersion(9), 2, true),
        (.unknownOpcode(77), 3, false),
        (.frameTooLarge(byteCount: 2, limit: 1), 4, true),
        (.malformedBody(.query, .invalidText(offset: 1)), 1, false),
    ])
    func `an error has a code, and ends the connection if the next frame cannot be found`(
        error: WireError,
        number: UInt16,
        endsConnection: Bool
    ) {
        #expect(error.refusal.code.rawValue == number)
        #expect(error.endsConnection == endsConnection)
    }
}
