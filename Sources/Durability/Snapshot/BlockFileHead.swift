internal import Bytes

/// The head of a block file: blocks of segments follow, each described by the manifests that refer to it.
///
///     offset  size  field
///          0     8  magic        "INVDBLK1"
///          8     2  version      1
///         10     6  zero
///         16    16  database id
///         32     8  LSN          of the snapshot that wrote it; also in the file's name
///         40    20  zero
///         60     4  checksum     CRC-32C of bytes 0 ..< 60
///         64        blocks
enum BlockFileHead {
    static let magic: UInt64 = 0x314B_4C42_4456_4E49
    static let version: UInt16 = 1
    /// The offset of the first block.
    static let byteCount = 64
    private static let zeroByteCount = 20

    static func encode(database: DatabaseID, lsn: LSN, into writer: inout ByteWriter) {
        writer.write(Self.magic)
        writer.write(Self.version)
        writer.writeZeros(6)
        writer.write(database.bytes.0)
        writer.write(database.bytes.1)
        writer.write(lsn)
        writer.writeZeros(Self.zeroByteCount)
        writer.write(writer.withBytes { CRC32C.checksum($0) })
    }

    /// Verifies that a file is what its name says.
    static func check(
        _ bytes: [UInt8],
        path: String,
        database: DatabaseID,
        lsn: LSN
    ) throws(DurabilityError) {
        let expected = "a snapshot's block file"
        guard bytes.count == Self.byteCount else {
            throw .wrongKind(path: path, expected: expected)
        }
        func word(_ offset: Int) -> UInt64 {
            bytes.withUnsafeBytes {
                UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            }
        }
        let checksum = bytes.withUnsafeBytes {
            CRC32C.checksum(UnsafeRawBufferPointer(rebasing: $0[0..<(Self.byteCount - 4)]))
        }
        guard word(0) == Self.magic else { throw .wrongKind(path: path, expected: expected) }
        guard UInt32(truncatingIfNeeded: word(56) >> 32) == checksum else {
            throw .corruptHead(path: path)
        }
        let version = UInt16(truncatingIfNeeded: word(8))
        guard version == Self.version else {
            throw .unsupportedVersion(path: path, found: version, newestKnown: Self.version)
        }
        guard DatabaseID(word(16), word(24)) == database else { throw .foreignFile(path: path) }
        guard word(32) == lsn.value else {
            throw .wrongKind(path: path, expected: "the block file of LSN \(lsn)")
        }
    }
}
