internal import Bytes

/// One group commit in the log: a head with its own checksum, then the entries.
///
/// A block starts on a page and fills whole pages; the rest of its last page is zero.
///
///     offset  size  field
///          0     4  magic          "IVBK"
///          4     2  version        1
///          6     1  kind           1 changes, 2 seal
///          7     1  encoding       of the body: 0 raw, 1 LZ4
///          8     4  stored count   bytes of the body as stored
///         12     4  raw count      bytes of the body before compression
///         16     8  first LSN      of the entries; of a seal, the first LSN of the next block
///         24     4  count          entries, with consecutive LSNs; 0 in a seal
///         28     4  zero
///         32    16  database id
///         48     8  previous hash  of the head of the block before: the chain
///         56     8  acknowledged   the highest LSN that was durable before this was written
///         56     8  acknowledged   the highest LSN that was durable before this block was written
///         72     4  body checksum  CRC-32C of the stored body
///         76    16  zero
///         92     4  head checksum  CRC-32C of bytes 0 ..< 92
///         96        body
struct LogBlock: Equatable, Sendable {
    enum Kind: UInt8, Sendable {
        case changes = 1
        /// Written when the log is idle: everything before it is complete and acknowledged.
        case seal = 2
    }

    enum Encoding: UInt8, Sendable {
        case raw = 0
        case lz4 = 1
    }

    static let magic: UInt32 = 0x4B42_5649
    static let version: UInt16 = 1
    static let headByteCount = 96
    static let firstLSNOffset = 16
    static let previousHashOffset = 48
    /// The maximum byte count of the entries of one group commit, before compression.
    static let bodyByteCountMax = 64 << 20

    var kind: Kind
    var encoding: Encoding
    var storedByteCount: Int
    var rawByteCount: Int
    var firstLSN: LSN
    var count: Int
    var database: DatabaseID
    var previousHash: UInt64
    var acknowledged: LSN
    var time: Int64
    var bodyChecksum: UInt32

    /// The bytes of the block in the file: whole pages.
    var byteCount: Int { StorageAlignment.rounded(Self.headByteCount + self.storedByteCount) }

    /// The first LSN of the next block.
    var nextLSN: LSN { LSN(self.firstLSN.value + UInt64(self.count)) }

    /// Stops the process if the fields contradict each other, before the block is written.
    func checkInvariants() {
        precondition(
            (0...Self.bodyByteCountMax).contains(self.storedByteCount)
                && (0...Self.bodyByteCountMax).contains(self.rawByteCount),
            "\(self.storedByteCount) stored bytes of \(self.rawByteCount)"
        )
        precondition(
            self.encoding != .raw || self.storedByteCount == self.rawByteCount,
            "\(self.rawByteCount) raw bytes stored in \(self.storedByteCount)"
        )
        precondition((self.count == 0) == (self.kind == .seal), "a \(self.kind) of \(self.count)")
        precondition(
            self.acknowledged < self.firstLSN,
            "LSN \(self.acknowledged) was acknowledged before LSN \(self.firstLSN) was written"
        )
    }

    func encode(into writer: inout ByteWriter) {
        self.checkInvariants()
        let start = writer.count
        writer.write(Self.magic)
        writer.write(Self.version)
        writer.write(self.kind.rawValue)
        writer.write(self.encoding.rawValue)
        writer.write(UInt32(self.storedByteCount))
        writer.write(UInt32(self.rawByteCount))
        writer.write(self.firstLSN)
        writer.write(UInt32(self.count))
        writer.write(0 as UInt32)
        writer.write(self.database.bytes.0)
        writer.write(self.database.bytes.1)
        writer.write(self.previousHash)
        writer.write(self.acknowledged)
        writer.write(self.time)
        writer.write(self.bodyChecksum)
        writer.writeZeros(16)
        let checksum = writer.withBytes {
            CRC32C.checksum(UnsafeRawBufferPointer(rebasing: $0[start...]))
        }
        writer.write(checksum)
        precondition(
            writer.count - start == Self.headByteCount,
            "a head of \(writer.count - start) bytes"
        )
        assert(self.isRead(from: writer, at: start), "\(self) is not what comes back")
    }

    /// Returns whether the encoded head decodes to this block.
    private func isRead(from writer: borrowing ByteWriter, at start: Int) -> Bool {
        writer.withBytes { bytes in
            let head = UnsafeRawBufferPointer(rebasing: bytes[start...])
            return (try? LogBlock(head: head, database: self.database)) == self
        }
    }

    /// The reason why bytes are not a block's head.
    enum HeadError: Error, Equatable {
        /// The checksum does not match: torn, damaged, or never written.
        case invalid
        /// Complete, but written by a newer version.
        case version(UInt16)
        /// Complete, but of another database.
        case foreign
    }

    /// Decodes a head.
    ///
    /// No field is used before the checksum was verified.
    init(head bytes: UnsafeRawBufferPointer, database: DatabaseID) throws(HeadError) {
        guard bytes.count >= Self.headByteCount else { throw .invalid }
        let head = UnsafeRawBufferPointer(rebasing: bytes[0..<(Self.headByteCount - 4)])
        var reader = ByteReader(
            UnsafeRawBufferPointer(rebasing: bytes[0..<Self.headByteCount])
        )
        let version: UInt16
        let kind: Kind?
        let encoding: Encoding?
        guard CRC32C.checksum(head) == Self.checksum(bytes) else { throw .invalid }
        do {
            let magic = try reader.readUInt32()
            version = try reader.readUInt16()
            guard magic == Self.magic else { throw HeadError.invalid }
            kind = Kind(rawValue: try reader.readUInt8())
            encoding = Encoding(rawValue: try reader.readUInt8())
            self.storedByteCount = Int(try reader.readUInt32())
            self.rawByteCount = Int(try reader.readUInt32())
            self.firstLSN = try reader.readLSN()
            self.count = Int(try reader.readUInt32())
            _ = try reader.readUInt32()
            self.database = DatabaseID(try reader.readUInt64(), try reader.readUInt64())
            self.previousHash = try reader.readUInt64()
            self.acknowledged = try reader.readLSN()
            self.time = try reader.readInt64()
            self.bodyChecksum = try reader.readUInt32()
        } catch {
            throw .invalid
        }
        guard version == Self.version else { throw .version(version) }
        guard let kind, let encoding else { throw .invalid }
        self.kind = kind
        self.encoding = encoding
        guard self.database == database else { throw .foreign }
        guard self.storedByteCount <= Self.bodyByteCountMax,
            self.rawByteCount <= Self.bodyByteCountMax,
            (self.count == 0) == (kind == .seal),
            self.firstLSN.value <= UInt64.max - UInt64(self.count)
        else { throw .invalid }
    }

    /// Returns the checksum stored in the last four bytes of a head.
    private static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        UInt32(
            littleEndian: bytes.loadUnaligned(
                fromByteOffset: Self.headByteCount - 4,
                as: UInt32.self
            )
        )
    }

    init(
        kind: Kind,
        encoding: Encoding,
        storedByteCount: Int,
        rawByteCount: Int,
        firstLSN: LSN,
        count: Int,
        database: DatabaseID,
        previousHash: UInt64,
        acknowledged: LSN,
        time: Int64,
        bodyChecksum: UInt32
    ) {
        self.kind = kind
        self.encoding = encoding
        self.storedByteCount = storedByteCount
        self.rawByteCount = rawByteCount
        self.firstLSN = firstLSN
        self.count = count
        self.database = database
        self.previousHash = previousHash
        self.acknowledged = acknowledged
        self.time = time
        self.bodyChecksum = bodyChecksum
    }

    /// Returns the hash that the next block stores: of this head, and so of its body's checksum.
    static func hash(head bytes: UnsafeRawBufferPointer) -> UInt64 {
        Hash64.hash(UnsafeRawBufferPointer(rebasing: bytes[0..<Self.headByteCount]))
    }

    /// Verifies the body and decompresses it if necessary.
    ///
    /// - Returns: The bytes of the entries, or `nil` if the body does not match the head.
    func body(_ stored: UnsafeRawBufferPointer) -> [UInt8]? {
        guard stored.count == self.storedByteCount,
            CRC32C.checksum(stored) == self.bodyChecksum
        else { return nil }
        switch self.encoding {
        case .raw:
            return self.rawByteCount == stored.count ? [UInt8](stored) : nil
        case .lz4:
            return LZ4Block.decompress(stored, byteCount: self.rawByteCount)
        }
    }
}
