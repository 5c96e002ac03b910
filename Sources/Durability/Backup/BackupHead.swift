public import Bytes

/// The head of a backup file: which database, and which of its steps.
///
///     offset  size  field
///          0     8  magic        "INVDBAK1"
///          8     2  version      1
///         10     6  zero
///         16    16  database id  of the database that was backed up
///         32     8  image        the LSN of the image; 0 if the log begins with the first step
///         40     8  last         the LSN of the last step
///         48     8  time         when the backup began, µs since 1970 UTC
///         56     4  zero
///         60     4  checksum     CRC-32C of bytes 0 ..< 60
///         64        blocks
public struct BackupHead: Equatable, Sendable {
    static let magic: UInt64 = 0x314B_4142_4456_4E49
    static let version: UInt16 = 1
    static let byteCount = 64
    private static let checkedByteCount = 60

    /// The database that was backed up.
    public var database: DatabaseID
    /// The LSN of the image; 0 if there is none, and the log begins with the first step.
    public var image: LSN
    /// The LSN of the last step.
    public var last: LSN
    /// When the backup began, in µs since 1970 UTC.
    public var time: Int64

    /// The earliest step that can be restored.
    public var earliest: LSN { max(self.image, .first) }

    func encode(into writer: inout ByteWriter) {
        let start = writer.count
        writer.write(Self.magic)
        writer.write(Self.version)
        writer.writeZeros(6)
        writer.write(self.database.bytes.0)
        writer.write(self.database.bytes.1)
        writer.write(self.image)
        writer.write(self.last)
        writer.write(self.time)
        writer.writeZeros(4)
        writer.write(
            writer.withBytes { CRC32C.checksum(UnsafeRawBufferPointer(rebasing: $0[start...])) }
        )
    }

    init(database: DatabaseID, image: LSN, last: LSN, time: Int64) {
        precondition(image <= last, "an image at LSN \(image) of a backup up to LSN \(last)")
        self.database = database
        self.image = image
        self.last = last
        self.time = time
    }

    /// Decodes a head; no field is used before the checksum was verified.
    init(_ bytes: [UInt8], path: String) throws(DurabilityError) {
        func word(_ offset: Int) -> UInt64 {
            bytes.withUnsafeBytes {
                UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            }
        }
        guard bytes.count >= 8, word(0) == Self.magic else {
            throw .notABackup(path: path)
        }
        guard bytes.count == Self.byteCount else {
            throw .cutOffBackup(path: path, byteCount: UInt64(bytes.count))
        }
        let checksum = bytes.withUnsafeBytes {
            CRC32C.checksum(UnsafeRawBufferPointer(rebasing: $0[0..<Self.checkedByteCount]))
        }
        guard UInt32(truncatingIfNeeded: word(56) >> 32) == checksum else {
            throw .corruptBackup(path: path, offset: 0, reason: "the checksum of the head differs")
        }
        let version = UInt16(truncatingIfNeeded: word(8))
        guard version == Self.version else {
            throw .unsupportedVersion(path: path, found: version, newestKnown: Self.version)
        }
        guard word(32) <= word(40), word(40) > 0 else {
            throw .corruptBackup(path: path, offset: 32, reason: "the LSNs are out of order")
        }
        self.init(
            database: DatabaseID(word(16), word(24)),
            image: LSN(word(32)),
            last: LSN(word(40)),
            time: Int64(bitPattern: word(48))
        )
    }
}

/// The end of a complete backup, and what a restore compares.
public struct BackupEnd: Equatable, Sendable {
    static let byteCount = 24

    /// The state checksum after the last step.
    public var checksum: StateChecksum
    /// When the last step was recorded, in µs since 1970 UTC.
    public var time: Int64
    /// The bytes before the block of the end.
    var precedingByteCount: UInt64

    func encode(into writer: inout ByteWriter) {
        writer.write(self.checksum.value)
        writer.write(self.time)
        writer.write(self.precedingByteCount)
    }

    init(checksum: StateChecksum, time: Int64, precedingByteCount: UInt64) {
        self.checksum = checksum
        self.time = time
        self.precedingByteCount = precedingByteCount
    }

    init(from reader: inout ByteReader) throws(ByteReaderError) {
        self.checksum = StateChecksum(try reader.readUInt64())
        self.time = try reader.readInt64()
        self.precedingByteCount = try reader.readUInt64()
        try reader.finish()
    }
}
