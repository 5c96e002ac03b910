public import ColumnStore

/// Everything durable of one database, opened: its name, its snapshots, its log.
///
///     database.invid               who it is
///     snapshot-<LSN>.invsnap       a manifest: where each segment of the state lies
///     blocks-<LSN>.invblk          the segments that snapshot wrote
///     log-<first LSN>.invlog       every step since, and some before
///     spare.invlog                 the log's next file, written with zeros
///
/// Opening is a fold: the newest snapshot, then each later step of the log.
public struct DataDirectory: Sendable {
    /// The file that names the database.
    public static let identityName = "database.invid"

    public let database: DatabaseID
    public let log: WriteAheadLog
    public var snapshots: SnapshotStore
    public let report: RecoveryReport

    /// Opens a directory, or makes a new database in an empty one.
    ///
    /// - Parameters:
    ///   - newID: The id of the database, should it have to be made.
    ///   - time: Now, in µs since 1970 UTC.
    ///   - load: Is called once if there is a snapshot, to visit the columns of an empty state.
    ///   - replay: Is called for each block of the log with later steps: the LSN of its first
    ///     entry, how many entries, their bytes. Entries the snapshot has may be among them.
    /// - Throws: ``DurabilityError``. Nothing on disk was changed where the data is refused.
    public static func open(
        _ storage: any Storage,
        configuration: LogConfiguration,
        newID: DatabaseID,
        time: Int64,
        load: (inout SnapshotLoader) throws(DurabilityError) -> Void,
        replay: (LSN, Int, UnsafeRawBufferPointer) throws(DurabilityError) -> Void
    ) throws(DurabilityError) -> DataDirectory {
        let database = try Self.identify(storage, newID: newID, time: time)
        var report = RecoveryReport()
        let snapshots = try SnapshotStore.open(storage: storage, database: database)
        if var loader = snapshots.loader() {
            try load(&loader)
            report.snapshotLSN = loader.lsn
        }
        let log = try WriteAheadLog.open(
            storage: storage,
            database: database,
            configuration: configuration,
            after: report.snapshotLSN ?? .zero,
            time: time,
            report: &report,
            replay: replay
        )
        return DataDirectory(database: database, log: log, snapshots: snapshots, report: report)
    }

    // MARK: - The name

    private static let magic: UInt64 = 0x3144_4944_4456_4E49
    private static let version: UInt16 = 1
    private static let identityByteCount = 44

    /// Reads the database's id, or writes a new one where there is no database yet.
    private static func identify(
        _ storage: any Storage,
        newID: DatabaseID,
        time: Int64
    ) throws(DurabilityError) -> DatabaseID {
        let names = try storage.list()
        if names.contains(Self.identityName) { return try Self.readIdentity(storage) }
        let hasData = names.contains {
            LogFileHead.firstLSN(ofName: $0) != nil || SnapshotManifest.lsn(ofName: $0) != nil
        }
        guard !hasData else { throw .nameless(path: storage.path("")) }
        var writer = ByteWriter(capacity: Self.identityByteCount)
        writer.write(Self.magic)
        writer.write(Self.version)
        writer.writeZeros(6)
        writer.write(newID.bytes.0)
        writer.write(newID.bytes.1)
        writer.write(time)
        writer.write(writer.withBytes { CRC32C.checksum($0) })
        let temporary = Self.identityName + ".tmp"
        let file = try storage.open(temporary, create: true, direct: false)
        try file.write(writer.array(), at: 0)
        try file.sync()
        try storage.rename(temporary, to: Self.identityName)
        try storage.syncDirectory()
        return newID
    }

    private static func readIdentity(
        _ storage: any Storage
    ) throws(DurabilityError) -> DatabaseID {
        let file = try storage.open(Self.identityName, create: false, direct: false)
        let bytes = try file.bytes(at: 0, count: Self.identityByteCount)
        let isWhole = bytes.withUnsafeBytes { bytes -> Bool in
            guard bytes.count == Self.identityByteCount else { return false }
            let checked = UnsafeRawBufferPointer(rebasing: bytes[0..<(bytes.count - 4)])
            let stored = bytes.loadUnaligned(fromByteOffset: bytes.count - 4, as: UInt32.self)
            return UInt32(littleEndian: stored) == CRC32C.checksum(checked)
        }
        guard isWhole else { throw .corruptHead(path: file.path) }
        return try bytes.withBytes { (bytes) throws(DurabilityError) -> DatabaseID in
            func word(_ offset: Int) -> UInt64 {
                UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            }
            let version = UInt16(truncatingIfNeeded: word(8))
            guard word(0) == Self.magic else {
                throw .wrongKind(path: file.path, expected: "a database's name")
            }
            guard version == Self.version else {
                throw .unsupportedVersion(
                    path: file.path,
                    found: version,
                    newestKnown: Self.version
                )
            }
            return DatabaseID(word(16), word(24))
        }
    }
}
