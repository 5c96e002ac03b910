public import Bytes

/// Everything durable of one database, opened: its name, its snapshots, its log.
///
///     database.invid               who it is, and how far its log reaches
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
    public static let identityName = DatabaseIdentity.name

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
        let identity: DatabaseIdentity
        if let named = try DatabaseIdentity.read(storage) {
            identity = named
        } else {
            identity = try Self.create(storage, configuration, newID: newID, time: time)
        }
        let protection = Protection(storage: storage, database: identity.database)
        let opening = Opening(
            storage: storage,
            identity: identity,
            configuration: configuration,
            time: time
        )
        // Each patch is what was once written, to the byte, or it would not match its checksum.
        var healed: [Protection.HealedPage] = []
        // A start does without damaged history, and gives it back: first what parity can do for it.
        if try opening.hasDamagedHistory() { healed = try protection.heal(protection.patches()) }
        do throws(DurabilityError) {
            return try opening.run(healed, load: load, replay: replay)
        } catch {
            guard error.mayBeHealed else { throw error }
            let patches = try protection.patches()
            guard !patches.isEmpty else { throw error }
            return try opening.run(healed + protection.heal(patches), load: load, replay: replay)
        }
    }

    /// One attempt to open a directory whose database is known.
    private struct Opening {
        let storage: any Storage
        let identity: DatabaseIdentity
        let configuration: LogConfiguration
        let time: Int64

        private var database: DatabaseID { self.identity.database }

        /// Whether a file of the log is there that no start needs and that cannot be read.
        func hasDamagedHistory() throws(DurabilityError) -> Bool {
            let all = try self.storage.list()
            let logs = all.filter { LogFileHead.firstLSN(ofName: $0) != nil }.sorted()
            let newest = all.compactMap { SnapshotManifest.lsn(ofName: $0) }.max()
            do throws(DurabilityError) {
                let found = try WriteAheadLog.connected(
                    logs,
                    after: newest ?? .zero,
                    in: self.storage,
                    of: self.database
                )
                return found.loss?.isDamage ?? false
            } catch {
                // A file that is needed: the attempt itself says so.
                return false
            }
        }

        func run(
            _ healed: [Protection.HealedPage],
            load: (inout SnapshotLoader) throws(DurabilityError) -> Void,
            replay: (LSN, Int, UnsafeRawBufferPointer) throws(DurabilityError) -> Void
        ) throws(DurabilityError) -> DataDirectory {
            var report = RecoveryReport()
            report.healed = healed
            let snapshots = try SnapshotStore.open(
                storage: self.storage,
                database: self.database,
                report: &report
            )
            if var loader = snapshots.loader() {
                try load(&loader)
                report.snapshotLSN = loader.lsn
            }
            let log = try WriteAheadLog.open(
                storage: self.storage,
                identity: self.identity,
                configuration: self.configuration,
                after: report.snapshotLSN ?? .zero,
                time: self.time,
                report: &report,
                replay: replay
            )
            try self.removeLeftovers(&report)
            return DataDirectory(
                database: self.database,
                log: log,
                snapshots: snapshots,
                protection: Protection(storage: self.storage, database: self.database),
                report: report
            )
        }

        /// Removes what was being written when the last process ended: nobody will finish it, and it
        /// may take much of the disk.
        private func removeLeftovers(_ report: inout RecoveryReport) throws(DurabilityError) {
            for name in try self.storage.list() where name.hasSuffix(Self.temporarySuffix) {
                try self.storage.remove(name)
                report.notices.append(.leftover(path: self.storage.path(name)))
            }
        }

        private static let temporarySuffix = ".tmp"
    }

    // MARK: - The name

    /// Makes a new database, or finishes making one.
    ///
    /// The name is on disk under a temporary one before the log is made, so a start that was cut off
    /// between goes on with the same id.
    private static func create(
        _ storage: any Storage,
        _ configuration: LogConfiguration,
        newID: DatabaseID,
        time: Int64
    ) throws(DurabilityError) -> DatabaseIdentity {
        let identity = try Self.beginIdentity(storage, newID: newID, time: time)
        try WriteAheadLog.create(
            storage,
            of: identity.database,
            configuration: configuration,
            time: time
        )
        try storage.publish(DatabaseIdentity.temporaryName, as: DatabaseIdentity.name)
        return identity
    }

    private static func beginIdentity(
        _ storage: any Storage,
        newID: DatabaseID,
        time: Int64
    ) throws(DurabilityError) -> DatabaseIdentity {
        let hasData = try storage.list().contains {
            LogFileHead.firstLSN(ofName: $0) != nil || SnapshotManifest.lsn(ofName: $0) != nil
                || SnapshotManifest.blockFileLSN($0) != nil
        }
        // Nothing else was made before the temporary name was whole.
        if hasData {
            let begun = try DatabaseIdentity.read(storage, DatabaseIdentity.temporaryName)
            guard let begun else { throw .nameless(path: storage.path("")) }
            return begun
        }
        let identity = DatabaseIdentity(
            database: newID,
            time: time,
            mark: LogMark(number: 1, newestFile: .first, acknowledged: .zero, time: time)
        )
        try identity.writeTemporary(storage)
        return identity
    }

    /// Names a directory whose name was lost, by what its files say.
    static func restoreIdentity(
        _ storage: any Storage,
        _ database: DatabaseID,
        newestFile: LSN,
        time: Int64
    ) throws(DurabilityError) {
        let mark = LogMark(number: 1, newestFile: newestFile, acknowledged: .zero, time: time)
        try DatabaseIdentity(database: database, time: time, mark: mark).write(storage)
    }

    /// The database that a directory names.
    ///
    /// - Throws: ``DurabilityError/nameless(path:)`` if it names none.
    public static func database(
        of storage: any Storage
    ) throws(DurabilityError) -> DatabaseID {
        guard let named = try DatabaseIdentity.read(storage) else {
            throw .nameless(path: storage.path(""))
        }
        return named.database
    }
}
