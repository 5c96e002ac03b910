import Bytes
import InventoryTestSupport
import InventoryWire

/// A copy of a frame, for comparisons.
struct FrameCopy: Equatable {
    var opcode: UInt8
    var requestID: UInt64
    var body: [UInt8]

    init(_ opcode: Opcode, _ requestID: UInt64, _ body: [UInt8]) {
        self.opcode = opcode.rawValue
        self.requestID = requestID
        self.body = body
    }

    init(_ frame: Frame) {
        self.opcode = frame.opcode
        self.requestID = frame.requestID
        self.body = [UInt8](frame.body)
    }

    var bytes: [UInt8] {
        guard let opcode = Opcode(rawValue: self.opcode) else { return [] }
        var writer = ByteWriter()
        self.body.withUnsafeBytes {
            FrameWriter.append(opcode, requestID: self.requestID, body: $0, into: &writer)
        }
        return writer.array()
    }
}

/// Reads frames from bytes that arrive in pieces, as a connection does.
func frames(
    in pieces: [[UInt8]],
    limit: Int = WireLimits.requestByteCountMax
) throws(WireError) -> (frames: [FrameCopy], rest: [UInt8]) {
    var frames: [FrameCopy] = []
    var rest: [UInt8] = []
    for piece in pieces {
        var writer = ByteWriter()
        writer.write(bytes: rest)
        writer.write(bytes: piece)
        let consumed = try writer.withBytes { (bytes) throws(WireError) in
            var reader = FrameReader(bytes, limit: limit)
            while let frame = try reader.next() { frames.append(FrameCopy(frame)) }
            return reader.consumed
        }
        rest = Array((rest + piece).dropFirst(consumed))
    }
    return (frames, rest)
}

/// Returns an encoded header with a valid checksum.
func header(
    length: Int,
    version: UInt8 = 1,
    opcode: UInt8 = Opcode.ping.rawValue,
    flags: UInt16 = 0,
    body: [UInt8] = []
) -> [UInt8] {
    var writer = ByteWriter()
    writer.write(UInt32(length))
    writer.write(version)
    writer.write(opcode)
    writer.write(flags)
    writer.write(7 as UInt64)
    writer.write(body.withUnsafeBytes { CRC32C.checksum($0) })
    writer.write(writer.withBytes { CRC32C.checksum($0) })
    return writer.array()
}
