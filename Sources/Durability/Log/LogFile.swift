internal import Bytes

/// One file of the log: a head in its first page, then blocks, page by page.
///
/// A file is filled with zeros before its first use and later recycled, since a write into allocated
/// blocks costs half of one that allocates them. After its last block a recycled file still contains
/// older blocks, recognized by their lower LSNs.
///
///     offset  size  field
///          0     8  magic          "INVDLOG1"
///          8     2  version        1
///         10     2  zero
///         12     4  distance       from the first LSN of the preceding file; 0 if there is none
///         16    16  database id
///         32     8  first LSN      of the first block; also in the file's name
///         40     8  previous hash  of the head of the block before, in the file before
///         48     8  byte count     of the whole file
///         56     8  time           when the file came into use, µs since 1970 UTC
///         64     4  checksum       CRC-32C of bytes 0 ..< 64
struct LogFileHead: Equatable, Sendable {
    static let magic: UInt64 = 0x3147_4F4C_4456_4E49
    static let version: UInt16 = 1
    static let checkedByteCount = 64
    /// The offset of the first block.
    static let byteCount = StorageAlignment.byteCount

    var database: DatabaseID
    var firstLSN: LSN
    /// LSNs from the first one of the preceding file to the first one of this file.
    ///
    /// It is 0 if there is no such file, if the number does not fit, or if version 0.1.0 wrote the file.
    var distance: UInt32
    var previousHash: UInt64
    var fileByteCount: UInt64
    var time: Int64

    func encode(into writer: inout ByteWriter) {
        let start = writer.count
        writer.write(Self.magic)
        writer.write(Self.version)
        writer.write(0 as UInt16)
        writer.write(self.distance)
        writer.write(self.database.bytes.0)
        writer.write(self.database.bytes.1)
        writer.write(self.firstLSN)
        writer.write(self.previousHash)
        writer.write(self.fileByteCount)
        writer.write(self.time)
        let checksum = writer.withBytes {
            CRC32C.checksum(UnsafeRawBufferPointer(rebasing: $0[start...]))
        }
        writer.write(checksum)
        writer.writeZeros(Self.byteCount - (writer.count - start))
    }

    init(
        database: DatabaseID,
        firstLSN: LSN,
        after before: LSN? = nil,
        previousHash: UInt64,
        fileByteCount: UInt64,
        time: Int64
    ) {
        self.database = database
        self.firstLSN = firstLSN
        self.distance =
            before.flatMap { UInt32(exactly: firstLSN.value - $0.value) } ?? 0
        self.previousHash = previousHash
        self.fileByteCount = fileByteCount
        self.time = time
    }

    init(_ bytes: [UInt8], path: String, database: DatabaseID) throws(DurabilityError) {
        let head = bytes.withUnsafeBytes { bytes -> (LogFileHead, UInt16, Bool)? in
            guard bytes.count >= Self.checkedByteCount + 4 else { return nil }
            var reader = ByteReader(bytes)
            guard let magic = try? reader.readUInt64(), magic == Self.magic,
                let version = try? reader.readUInt16(), (try? reader.readUInt16()) != nil,
                let distance = try? reader.readUInt32(),
                let high = try? reader.readUInt64(), let low = try? reader.readUInt64(),
                let firstLSN = try? reader.readLSN(), let hash = try? reader.readUInt64(),
                let byteCount = try? reader.readUInt64(), let time = try? reader.readInt64(),
                let checksum = try? reader.readUInt32()
            else { return nil }
            let checked = UnsafeRawBufferPointer(rebasing: bytes[0..<Self.checkedByteCount])
            var head = LogFileHead(
                database: DatabaseID(high, low),
                firstLSN: firstLSN,
                previousHash: hash,
                fileByteCount: byteCount,
                time: time
            )
            head.distance = distance
            return (head, version, checksum == CRC32C.checksum(checked))
        }
        guard let (head, version, isWhole) = head else {
            throw .wrongKind(path: path, expected: "a log file")
        }
        guard isWhole else { throw .corruptHead(path: path) }
        guard version == Self.version else {
            throw .unsupportedVersion(path: path, found: version, newestKnown: Self.version)
        }
        guard head.database == database else { throw .foreignFile(path: path) }
        self = head
    }

    /// Returns the database in a head, or `nil` if its checksum does not match.
    static func database(of bytes: [UInt8]) -> (id: DatabaseID, time: Int64)? {
        bytes.withUnsafeBytes { bytes in
            guard bytes.count >= Self.checkedByteCount + 4 else { return nil }
            func word(_ offset: Int) -> UInt64 {
                UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            }
            let checked = UnsafeRawBufferPointer(rebasing: bytes[0..<Self.checkedByteCount])
            guard word(0) == Self.magic,
                UInt32(truncatingIfNeeded: word(Self.checkedByteCount - 4) >> 32)
                    == CRC32C.checksum(checked)
            else { return nil }
            return (DatabaseID(word(16), word(24)), Int64(bitPattern: word(56)))
        }
    }

    // MARK: - Names

    static let spareName = "spare.invlog"

    /// Returns `log-00000000000000000042.invlog`: the order of names is the order of LSNs.
    static func name(_ firstLSN: LSN) -> String {
        numberedName("log-", at: firstLSN, suffix: ".invlog")
    }

    static func firstLSN(ofName name: String) -> LSN? {
        number(ofName: name, "log-", ".invlog")
    }
}

/// Returns `prefix` + 20 digits + `suffix`.
func numberedName(_ prefix: String, at lsn: LSN, suffix: String) -> String {
    let digits = String(lsn.value)
    return prefix + String(repeating: "0", count: 20 - digits.utf8.count) + digits + suffix
}

func number(ofName name: String, _ prefix: String, _ suffix: String) -> LSN? {
    guard name.hasPrefix(prefix), name.hasSuffix(suffix) else { return nil }
    let digits = name.dropFirst(prefix.count).dropLast(suffix.count)
    guard digits.utf8.count == 20 else { return nil }
    return UInt64(digits).map { LSN($0) }
}
