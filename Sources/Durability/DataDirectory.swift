public import ColumnStore

/// Everything durable of one database, opened: its name, its snapshots, its log.
///
///     database.invid               who it is
///     snapshot-<LSN>.invsnap       a manifest: where each segment of the state lies
///     blocks-<LSN>.invblk          the segments that snapshot wrote
///     log-<first LSN>.invlog       every step since, and some before
///     <any of these>.invpar        what brings a damaged page of it back, once it no longer changes
///     spare.invlog                 the log's next file
///
/// Opening is a fold: the newest snapshot, then each later step of the log. A new database gets its
/// name last, once its log is there: so a directory with a name and no log has lost it.
public struct DataDirectory: Sendable {
    /// The file that names the database.
    public static let identityName = "database.invid"

    public let database: DatabaseID
    public let log: WriteAheadLog
    public var snapshots: SnapshotStore
    public let protection: Protection
    public let report: RecoveryReport

    /// Opens a directory, or makes a new database in an empty one.
    ///
    /// A database that has to be made gets `newID`; `time` is now, in µs since 1970 UTC. `load` is
    /// called once if there is a snapshot, to visit the columns of an empty state. `replay` is called
    /// for each block of the log with later steps: the LSN of its first entry, how many entries,
    /// their bytes; entries that the snapshot has may be among them.
    ///
    /// Damaged pages that parity brings back are healed, and reported; `load` and `replay` are then
    /// called anew from the beginning. Where the data is refused, with a ``DurabilityError``, nothing
    /// else on disk was changed.
    public static func open(
        _ storage: any Storage,
        configuration: LogConfiguration,
        newID: DatabaseID,
        time: Int64,
        load: (inout SnapshotLoader) throws(DurabilityError) -> Void,
        replay: (LSN, Int, UnsafeRawBufferPointer) throws(DurabilityError) -> Void
    ) throws(DurabilityError) -> DataDirectory {
        let database: DatabaseID
        if let named = try Self.readIdentity(storage, Self.identityName) {
            database = named
        } else {
            database = try Self.create(storage, configuration, newID: newID, time: time)
        }
        let protection = Protection(storage: storage, database: database)
        let opening = Opening(
            storage: storage,
            database: database,
            configuration: configuration,
            time: time
        )
        do throws(DurabilityError) {
            return try opening.run([], load, replay)
        } catch {
            guard error.mayBeHealed else { throw error }
            let patches = try protection.patches()
            guard !patches.isEmpty else { throw error }
            // Each is what was once written, to the byte, or it would not match its checksum.
            return try opening.run(try protection.heal(patches), load, replay)
        }
    }

    /// One attempt to open a directory whose database is known.
    private struct Opening {
        let storage: any Storage
        let database: DatabaseID
        let configuration: LogConfiguration
        let time: Int64

        func run(
            _ healed: [Protection.HealedPage],
            _ load: (inout SnapshotLoader) throws(DurabilityError) -> Void,
            _ replay: (LSN, Int, UnsafeRawBufferPointer) throws(DurabilityError) -> Void
        ) throws(DurabilityError) -> DataDirectory {
            var report = RecoveryReport()
            report.healed = healed
            let snapshots = try SnapshotStore.open(storage: self.storage, database: self.database)
            if var loader = snapshots.loader() {
                try load(&loader)
                report.snapshotLSN = loader.lsn
            }
            let log = try WriteAheadLog.open(
                storage: self.storage,
                database: self.database,
                configuration: self.configuration,
                after: report.snapshotLSN ?? .zero,
                time: self.time,
                report: &report,
                replay: replay
            )
            return DataDirectory(
                database: self.database,
                log: log,
                snapshots: snapshots,
                protection: Protection(storage: self.storage, database: self.database),
                report: report
            )
        }
    }

    // MARK: - The name

    private static let magic: UInt64 = 0x3144_4944_4456_4E49
    private static let version: UInt16 = 1
    private static let identityByteCount = 44

    private static let temporaryName = Self.identityName + ".tmp"

    /// Makes a new database, or finishes making one.
    ///
    /// The name is on disk under a temporary one before the log is made, so a start that was cut off
    /// between goes on with the same id.
    private static func create(
        _ storage: any Storage,
        _ configuration: LogConfiguration,
        newID: DatabaseID,
        time: Int64
    ) throws(DurabilityError) -> DatabaseID {
        let database = try Self.beginIdentity(storage, newID: newID, time: time)
        try WriteAheadLog.create(storage, database, configuration, time: time)
        try storage.publish(Self.temporaryName, as: Self.identityName)
        return database
    }

    private static func beginIdentity(
        _ storage: any Storage,
        newID: DatabaseID,
        time: Int64
    ) throws(DurabilityError) -> DatabaseID {
        let hasData = try storage.list().contains {
            LogFileHead.firstLSN(ofName: $0) != nil || SnapshotManifest.lsn(ofName: $0) != nil
                || SnapshotManifest.blockFileLSN($0) != nil
        }
        // Nothing else was made before the temporary name was whole.
        if hasData {
            let begun = try Self.readIdentity(storage, Self.temporaryName)
            guard let begun else { throw .nameless(path: storage.path("")) }
            return begun
        }
        try Self.writeTemporaryIdentity(storage, newID, time: time)
        return newID
    }

    private static func writeTemporaryIdentity(
        _ storage: any Storage,
        _ database: DatabaseID,
        time: Int64
    ) throws(DurabilityError) {
        var writer = ByteWriter(capacity: Self.identityByteCount)
        writer.write(Self.magic)
        writer.write(Self.version)
        writer.writeZeros(6)
        writer.write(database.bytes.0)
        writer.write(database.bytes.1)
        writer.write(time)
        writer.write(writer.withBytes { CRC32C.checksum($0) })
        let file = try storage.open(Self.temporaryName, create: true, direct: false)
        try file.write(writer.array(), at: 0)
        try file.sync()
        try storage.syncDirectory()
    }

    /// Names a directory whose name was lost, by what its files say.
    static func restoreIdentity(
        _ storage: any Storage,
        _ database: DatabaseID,
        time: Int64
    ) throws(DurabilityError) {
        try Self.writeTemporaryIdentity(storage, database, time: time)
        try storage.publish(Self.temporaryName, as: Self.identityName)
    }

    /// The database that a directory names.
    ///
    /// - Throws: ``DurabilityError/nameless(path:)`` if it names none.
    public static func database(
        of storage: any Storage
    ) throws(DurabilityError) -> DatabaseID {
        guard let named = try Self.readIdentity(storage, Self.identityName) else {
            throw .nameless(path: storage.path(""))
        }
        return named
    }

    /// Reads the database's id from the file `name`; nothing if there is no such file.
    private static func readIdentity(
        _ storage: any Storage,
        _ name: String
    ) throws(DurabilityError) -> DatabaseID? {
        guard try storage.list().contains(name) else { return nil }
        let file = try storage.open(name, create: false, direct: false)
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
