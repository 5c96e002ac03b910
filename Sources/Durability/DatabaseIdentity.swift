internal import Bytes

/// The identity file: the id of the database, and the recorded end of its log.
///
///     offset  size  field
///          0     8  magic        "INVDDID1"
///          8     2  version      1
///         10     1  mark copies  of the log's mark, in the following pages; 0 in a file of version 0.1.0
///         11     5  zero
///         16    16  database id
///         32     8  time         when the database was created, µs since 1970 UTC
///         40     4  checksum     CRC-32C of bytes 0 ..< 40
///                   zeros up to a whole page, then each copy of the mark
struct DatabaseIdentity: Equatable, Sendable {
    static let magic: UInt64 = 0x3144_4944_4456_4E49
    static let version: UInt16 = 1
    static let byteCount = 44
    static let name = "database.invid"
    static let temporaryName = Self.name + ".tmp"

    var database: DatabaseID
    /// When the database was created, in µs since 1970 UTC.
    var time: Int64
    /// `nil` in a directory that only version 0.1.0 has opened.
    var mark: LogMark?

    // MARK: - Reading

    /// Reads the file `name`, or returns `nil` if it does not exist.
    static func read(
        _ storage: any Storage,
        _ name: String = Self.name
    ) throws(DurabilityError) -> DatabaseIdentity? {
        guard try storage.list().contains(name) else { return nil }
        let file = try storage.open(name, create: false, direct: false)
        let bytes = try file.bytes(at: 0, count: LogMark.offset(ofCopy: LogMark.copies))
        guard bytes.withUnsafeBytes({ self.isWhole($0) }) else {
            throw .corruptHead(path: file.path)
        }
        let (identity, copies) = try bytes.withBytes { (bytes) throws(DurabilityError) in
            try self.read(bytes, file.path)
        }
        guard copies > 0 else { return identity }
        var marked = identity
        marked.mark = try LogMark.newest(in: bytes, file.path, identity.database)
        return marked
    }

    private static func isWhole(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count >= self.byteCount else { return false }
        let checked = UnsafeRawBufferPointer(rebasing: bytes[0..<(self.byteCount - 4)])
        let stored = bytes.loadUnaligned(fromByteOffset: self.byteCount - 4, as: UInt32.self)
        return UInt32(littleEndian: stored) == CRC32C.checksum(checked)
    }

    private static func read(
        _ bytes: UnsafeRawBufferPointer,
        _ path: String
    ) throws(DurabilityError) -> (DatabaseIdentity, copies: UInt8) {
        func word(_ offset: Int) -> UInt64 {
            UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
        guard word(0) == self.magic else {
            throw .wrongKind(path: path, expected: "a database identity file")
        }
        let version = UInt16(truncatingIfNeeded: word(8))
        guard version == self.version else {
            throw .unsupportedVersion(path: path, found: version, newestKnown: self.version)
        }
        let identity = DatabaseIdentity(
            database: DatabaseID(word(16), word(24)),
            time: Int64(bitPattern: word(32)),
            mark: nil
        )
        return (identity, bytes[10])
    }

    // MARK: - Writing

    /// Writes the identity with its mark under the temporary name, durably.
    func writeTemporary(_ storage: any Storage) throws(DurabilityError) {
        guard let mark else { preconditionFailure("cannot write an identity without a mark") }
        if try storage.list().contains(Self.temporaryName) {
            try storage.remove(Self.temporaryName)
        }
        var writer = ByteWriter(capacity: LogMark.offset(ofCopy: LogMark.copies))
        writer.write(Self.magic)
        writer.write(Self.version)
        writer.write(UInt8(LogMark.copies))
        writer.writeZeros(5)
        writer.write(self.database.bytes.0)
        writer.write(self.database.bytes.1)
        writer.write(self.time)
        writer.write(writer.withBytes { CRC32C.checksum($0) })
        writer.writeZeros(StorageAlignment.byteCount - writer.count)
        for _ in 0..<LogMark.copies { writer.write(bytes: mark.page(self.database)) }
        let file = try storage.open(Self.temporaryName, create: true, direct: false)
        try file.write(writer.array(), at: 0)
        try file.sync()
        try storage.syncDirectory()
    }

    /// Writes the identity under its final name.
    func write(_ storage: any Storage) throws(DurabilityError) {
        try self.writeTemporary(storage)
        try storage.publish(Self.temporaryName, as: Self.name)
    }

    /// Opens the mark for updates, or creates the first one.
    ///
    /// `newestFile` is the first LSN of the current newest log file.
    func openMark(
        _ storage: any Storage,
        newestFile: LSN
    ) throws(DurabilityError) -> LogMarkFile {
        var identity = self
        let mark =
            self.mark
            ?? LogMark(number: 1, newestFile: newestFile, acknowledged: .zero, time: self.time)
        if self.mark == nil {
            identity.mark = mark
            try identity.write(storage)
        }
        let file = try storage.open(Self.name, create: false, direct: false)
        return LogMarkFile(file, of: self.database, mark: mark)
    }
}
