internal import Bytes

/// The end of the log, recorded outside of it: a log that lost its end looks like a complete, shorter one.
///
/// It is in the identity file, after the identity, in two copies, each in its own page. They are written
/// one after the other, each synced: a power cut damages at most one of them.
///
///     offset  size  field
///          0     8  magic         "INVDEND1"
///          8     2  version       1
///         10     6  zero
///         16    16  database id
///         32     8  number        the preceding mark's plus one
///         40     8  newest file   the LSN in the name of the log's newest file
///         48     8  acknowledged  the highest LSN that was durable when this mark was written
///         56     8  time          when it was written, µs since 1970 UTC
///         64     4  checksum      CRC-32C of bytes 0 ..< 64
///                   zeros up to a whole page
struct LogMark: Equatable, Sendable {
    static let magic: UInt64 = 0x3144_4E45_4456_4E49
    static let version: UInt16 = 1
    static let checkedByteCount = 64
    static let copies = 2

    var number: UInt64
    var newestFile: LSN
    var acknowledged: LSN
    var time: Int64

    /// Returns the offset of a copy in the file.
    static func offset(ofCopy copy: Int) -> Int { (copy + 1) * StorageAlignment.byteCount }

    /// Stops the process if the mark names no file, or is the first of none.
    func checkInvariants() {
        precondition(self.number > 0, "marks are numbered from 1")
        precondition(self.newestFile >= .first, "LSN \(self.newestFile) begins no file")
    }

    /// Encodes one copy: a whole page.
    func page(_ database: DatabaseID) -> [UInt8] {
        self.checkInvariants()
        var writer = ByteWriter(capacity: StorageAlignment.byteCount)
        writer.write(Self.magic)
        writer.write(Self.version)
        writer.writeZeros(6)
        writer.write(database.bytes.0)
        writer.write(database.bytes.1)
        writer.write(self.number)
        writer.write(self.newestFile)
        writer.write(self.acknowledged)
        writer.write(self.time)
        writer.write(writer.withBytes { CRC32C.checksum($0) })
        writer.writeZeros(StorageAlignment.byteCount - writer.count)
        precondition(
            writer.count == StorageAlignment.byteCount,
            "a mark of \(writer.count) bytes"
        )
        return writer.array()
    }

    /// Returns the newest valid copy.
    ///
    /// `bytes` is the whole file.
    static func newest(
        in bytes: [UInt8],
        _ path: String,
        _ database: DatabaseID
    ) throws(DurabilityError) -> LogMark {
        var newest: LogMark?
        for copy in 0..<self.copies {
            let start = self.offset(ofCopy: copy)
            guard bytes.count >= start + StorageAlignment.byteCount else { continue }
            let page = Array(bytes[start..<(start + StorageAlignment.byteCount)])
            guard let mark = try self.read(page, path: path, of: database) else { continue }
            if newest.map({ $0.number < mark.number }) ?? true { newest = mark }
        }
        guard let newest else { throw .corruptHead(path: path) }
        return newest
    }

    /// Returns the mark in a page, or `nil` if its checksum does not match.
    private static func read(
        _ page: [UInt8],
        path: String,
        of database: DatabaseID
    ) throws(DurabilityError) -> LogMark? {
        try page.withBytes { (page) throws(DurabilityError) -> LogMark? in
            func word(_ offset: Int) -> UInt64 {
                UInt64(littleEndian: page.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            }
            let checked = UnsafeRawBufferPointer(rebasing: page[0..<self.checkedByteCount])
            let stored = page.loadUnaligned(
                fromByteOffset: self.checkedByteCount,
                as: UInt32.self
            )
            guard UInt32(littleEndian: stored) == CRC32C.checksum(checked), word(0) == self.magic
            else { return nil }
            let version = UInt16(truncatingIfNeeded: word(8))
            guard version == self.version else {
                throw .unsupportedVersion(path: path, found: version, newestKnown: self.version)
            }
            guard DatabaseID(word(16), word(24)) == database else { throw .foreignFile(path: path) }
            return LogMark(
                number: word(32),
                newestFile: LSN(word(40)),
                acknowledged: LSN(word(48)),
                time: Int64(bitPattern: word(56))
            )
        }
    }
}

/// The file with the mark, open for updates.
///
/// Log thread only.
struct LogMarkFile {
    private let file: any StorageFile
    private let database: DatabaseID
    private(set) var mark: LogMark

    init(_ file: any StorageFile, of database: DatabaseID, mark: LogMark) {
        self.file = file
        self.database = database
        self.mark = mark
    }

    /// Writes the mark and returns once it is durable.
    mutating func move(
        newestFile: LSN,
        acknowledged: LSN,
        time: Int64
    ) throws(DurabilityError) {
        self.mark = LogMark(
            number: self.mark.number + 1,
            newestFile: newestFile,
            acknowledged: acknowledged,
            time: time
        )
        let page = self.mark.page(self.database)
        for copy in 0..<LogMark.copies {
            try self.file.write(page, at: UInt64(LogMark.offset(ofCopy: copy)))
            try self.file.sync()
        }
    }
}
