internal import Bytes

/// The 24 bytes before every body, in both directions.
///
/// Integers are little-endian.
///
///     offset  size  field
///          0     4  length           bytes of the body
///          4     1  version          1
///          5     1  opcode           what the body is
///          6     2  flags            zero, and checked
///          8     8  request id       chosen by the client; a reply and an event echo it
///         16     4  body checksum    CRC-32C of the body
///         20     4  header checksum  CRC-32C of bytes 0 ..< 20
///
/// The length is used only after the header checksum was verified.
public struct FrameHeader: Equatable, Sendable {
    /// Bytes of a header.
    public static let byteCount = 24
    /// The version of the framing.
    public static let version: UInt8 = 1

    /// Bytes of the body.
    public var bodyByteCount: Int
    /// The opcode as received; it may be unknown to ``Opcode``.
    public var opcode: UInt8
    /// The id that the client chose for its request.
    public var requestID: UInt64
    /// The CRC-32C of the body.
    public var bodyChecksum: UInt32

    /// Returns the encoded header of a frame whose body checksum is known.
    public static func bytes(
        _ opcode: Opcode,
        requestID: UInt64,
        bodyByteCount: Int,
        bodyChecksum: UInt32
    ) -> [UInt8] {
        var writer = ByteWriter(capacity: Self.byteCount)
        writer.append(atMost: Self.byteCount) { cursor in
            Self.encode(
                opcode,
                requestID: requestID,
                bodyByteCount: bodyByteCount,
                bodyChecksum: bodyChecksum,
                into: &cursor
            )
        }
        return writer.array()
    }

    /// Writes the header; it must be the first that the cursor writes.
    @inline(__always)
    static func encode(
        _ opcode: Opcode,
        requestID: UInt64,
        bodyByteCount: Int,
        bodyChecksum: UInt32,
        into cursor: inout ByteCursor
    ) {
        cursor.write(UInt32(bodyByteCount))
        // Version, opcode, and the flags, which are zero.
        cursor.write(UInt32(Self.version) | UInt32(opcode.rawValue) << 8)
        cursor.write(requestID)
        cursor.write(bodyChecksum)
        let checksum = cursor.withBytes { CRC32C.checksum($0) }
        cursor.write(checksum)
    }

    /// Reads a complete header of a frame whose body has at most `limit` bytes.
    init(_ bytes: UnsafeRawBufferPointer, limit: Int) throws(WireError) {
        precondition(bytes.count >= Self.byteCount, "\(bytes.count) bytes of a header")
        func word(_ offset: Int) -> UInt32 {
            UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        }
        let checked = UnsafeRawBufferPointer(rebasing: bytes[0..<20])
        guard CRC32C.checksum(checked) == word(20) else { throw .badHeaderChecksum }
        guard bytes[4] == Self.version else { throw .unsupportedVersion(bytes[4]) }
        let flags = UInt16(truncatingIfNeeded: word(4) >> 16)
        guard flags == 0 else { throw .reservedNotZero(flags) }
        self.bodyByteCount = Int(word(0))
        guard self.bodyByteCount <= limit else {
            throw .frameTooLarge(byteCount: self.bodyByteCount, limit: limit)
        }
        self.opcode = bytes[5]
        self.requestID = UInt64(word(8)) | UInt64(word(12)) << 32
        self.bodyChecksum = word(16)
    }
}
