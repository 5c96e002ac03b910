internal import Bytes

/// The manifest of a snapshot: for each segment of each column, the position of its bytes.
///
///     offset  size  field
///          0     8  magic         "INVDSNP1"
///          8     2  version       1
///         10     6  zero
///         16    16  database id
///         32     8  LSN           the state's
///         40     8  time          when it was created, µs since 1970 UTC
///         48     4  entry count
///         52     4  zero
///         56        entries of 40 bytes each, by part and segment
///                   0  4  part          of the tables: a number with a fixed meaning
///                   4  4  segment
///                   8  8  file          the LSN in the name of the block file
///                  16  8  offset        in that file
///                  24  4  stored count  bytes as stored
///                  28  4  raw count     bytes of the segment
///                  32  1  stride        of the byte shuffle
///                  33  1  encoding      0 raw, 1 shuffled, then LZ4
///                  34  2  zero
///                  36  4  checksum      CRC-32C of the stored bytes
///        end     4  checksum      CRC-32C of all before it
struct SnapshotManifest: Equatable, Sendable {
    static let magic: UInt64 = 0x3150_4E53_4456_4E49
    static let version: UInt16 = 1
    static let headByteCount = 56
    static let entryByteCount = 40
    /// The maximum byte count of one segment, before compression.
    static let segmentByteCountMax = 16 << 20

    enum Encoding: UInt8, Sendable {
        case raw = 0
        case shuffledLZ4 = 1
    }

    struct Entry: Equatable, Sendable {
        var part: UInt32
        var segment: UInt32
        var file: LSN
        var offset: UInt64
        var storedByteCount: Int
        var rawByteCount: Int
        var stride: Int
        var encoding: Encoding
        var checksum: UInt32
    }

    var database: DatabaseID
    var lsn: LSN
    var time: Int64
    var entries: [Entry]

    func encode(into writer: inout ByteWriter) {
        self.checkInvariants()
        writer.write(Self.magic)
        writer.write(Self.version)
        writer.writeZeros(6)
        writer.write(self.database.bytes.0)
        writer.write(self.database.bytes.1)
        writer.write(self.lsn)
        writer.write(self.time)
        writer.write(UInt32(self.entries.count))
        writer.write(0 as UInt32)
        for entry in self.entries {
            writer.write(entry.part)
            writer.write(entry.segment)
            writer.write(entry.file)
            writer.write(entry.offset)
            writer.write(UInt32(entry.storedByteCount))
            writer.write(UInt32(entry.rawByteCount))
            writer.write(UInt8(entry.stride))
            writer.write(entry.encoding.rawValue)
            writer.write(0 as UInt16)
            writer.write(entry.checksum)
        }
        writer.write(writer.withBytes { CRC32C.checksum($0) })
    }

    init(database: DatabaseID, lsn: LSN, time: Int64, entries: [Entry]) {
        self.database = database
        self.lsn = lsn
        self.time = time
        self.entries = entries
    }

    /// Decodes a manifest.
    ///
    /// No field is used before the checksum of the whole was verified.
    init(_ bytes: [UInt8], path: String, database: DatabaseID) throws(DurabilityError) {
        self = try bytes.withBytes { (bytes) throws(DurabilityError) in
            try Self.read(bytes, path: path, of: database)
        }
    }

    private static func read(
        _ bytes: UnsafeRawBufferPointer,
        path: String,
        of database: DatabaseID
    ) throws(DurabilityError) -> SnapshotManifest {
        guard bytes.count >= self.headByteCount + 4 else {
            throw .corruptSnapshot(path: path, offset: 0, reason: "it is too short")
        }
        let checked = UnsafeRawBufferPointer(rebasing: bytes[0..<(bytes.count - 4)])
        let stored = bytes.loadUnaligned(fromByteOffset: bytes.count - 4, as: UInt32.self)
        guard UInt32(littleEndian: stored) == CRC32C.checksum(checked) else {
            throw .corruptSnapshot(path: path, offset: 0, reason: "its checksum does not match")
        }
        var reader = ByteReader(checked)
        let head: Head
        do throws(ByteReaderError) {
            head = try Head(from: &reader)
        } catch {
            throw .corruptSnapshot(path: path, offset: UInt64(reader.offset), reason: "\(error)")
        }
        guard head.magic == self.magic else {
            throw .wrongKind(path: path, expected: "a snapshot")
        }
        guard head.version == self.version else {
            throw .unsupportedVersion(
                path: path,
                found: head.version,
                newestKnown: self.version
            )
        }
        guard head.database == database else { throw .foreignFile(path: path) }
        guard reader.remaining == head.count * self.entryByteCount else {
            throw .corruptSnapshot(
                path: path,
                offset: UInt64(reader.offset),
                reason: "\(reader.remaining) bytes for \(head.count) entries"
            )
        }
        var entries: [Entry] = []
        entries.reserveCapacity(head.count)
        do throws(ByteReaderError) {
            for _ in 0..<head.count { entries.append(try Self.readEntry(&reader)) }
        } catch {
            throw .corruptSnapshot(path: path, offset: UInt64(reader.offset), reason: "\(error)")
        }
        return SnapshotManifest(
            database: database,
            lsn: head.lsn,
            time: head.time,
            entries: entries
        )
    }

    private struct Head {
        var magic: UInt64
        var version: UInt16
        var database: DatabaseID
        var lsn: LSN
        var time: Int64
        var count: Int

        init(from reader: inout ByteReader) throws(ByteReaderError) {
            self.magic = try reader.readUInt64()
            self.version = try reader.readUInt16()
            _ = try reader.readBytes(6)
            self.database = DatabaseID(try reader.readUInt64(), try reader.readUInt64())
            self.lsn = try reader.readLSN()
            self.time = try reader.readInt64()
            self.count = Int(try reader.readUInt32())
            _ = try reader.readUInt32()
        }
    }

    private static func readEntry(_ reader: inout ByteReader) throws(ByteReaderError) -> Entry {
        let part = try reader.readUInt32()
        let segment = try reader.readUInt32()
        let file = try reader.readLSN()
        let offset = try reader.readUInt64()
        let storedByteCount = Int(try reader.readUInt32())
        let rawByteCount = Int(try reader.readUInt32())
        let stride = Int(try reader.readUInt8())
        let code = try reader.readUInt8()
        _ = try reader.readUInt16()
        guard let encoding = Encoding(rawValue: code), [1, 2, 4, 8].contains(stride) else {
            throw .unknownCode(offset: reader.offset, code: UInt64(code), what: "encoding")
        }
        guard storedByteCount <= self.segmentByteCountMax,
            rawByteCount <= self.segmentByteCountMax
        else {
            throw .tooLong(
                offset: reader.offset,
                length: UInt64(rawByteCount),
                limit: self.segmentByteCountMax
            )
        }
        return Entry(
            part: part,
            segment: segment,
            file: file,
            offset: offset,
            storedByteCount: storedByteCount,
            rawByteCount: rawByteCount,
            stride: stride,
            encoding: encoding,
            checksum: try reader.readUInt32()
        )
    }

    /// Stops the process if a manifest has invalid references, before it is written or used.
    ///
    /// - Complexity: O(entries)
    func checkInvariants() {
        for entry in self.entries {
            precondition(
                entry.file <= self.lsn,
                "a snapshot at LSN \(self.lsn) refers to the blocks of \(entry.file)"
            )
            precondition(
                entry.offset >= UInt64(BlockFileHead.byteCount),
                "part \(entry.part) lies at byte \(entry.offset)"
            )
        }
        for (entry, next) in zip(self.entries, self.entries.dropFirst()) {
            precondition(
                (entry.part, entry.segment) < (next.part, next.segment),
                "part \(next.part), segment \(next.segment) is out of order"
            )
        }
    }

    // MARK: - Names

    static func name(_ lsn: LSN) -> String {
        numberedName("snapshot-", at: lsn, suffix: ".invsnap")
    }
    static func lsn(ofName name: String) -> LSN? { number(ofName: name, "snapshot-", ".invsnap") }
    static func blockFileName(_ lsn: LSN) -> String {
        numberedName("blocks-", at: lsn, suffix: ".invblk")
    }
    static func blockFileLSN(_ name: String) -> LSN? { number(ofName: name, "blocks-", ".invblk") }
}
