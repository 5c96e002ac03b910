public import Bytes

/// An opened database directory: its identity, its snapshots and its log.
///
///     database.invid               the database's id, and the recorded end of its log
///     snapshot-<LSN>.invsnap       a manifest: the position of each segment of the state
///     blocks-<LSN>.invblk          the segments written by that snapshot
///     log-<first LSN>.invlog       every step since, and some before
///     <any of these>.invpar        parity to restore a damaged page, once the file no longer changes
///     spare.invlog                 the next log file
///
/// Opening loads the newest snapshot, then replays each later step of the log. A new database gets its
/// identity file last, after the log: a directory with an identity but no log has lost the log.
public struct DataDirectory: Sendable {
    /// The name of the identity file.
    public static let identityName = DatabaseIdentity.name

    /// The id of the database.
    public let database: DatabaseID
    /// The log, open for appending.
    public let log: WriteAheadLog
    /// The snapshots of the directory, the newest of which a start loads.
    public var snapshots: SnapshotStore
    /// The parity files.
    public let protection: Protection
    /// What the start found on disk.
    public let report: RecoveryReport

    /// Opens a directory, or creates a new database in an empty one.
    ///
    /// Damaged pages are restored from parity and reported; then `load` and `replay` start again from the
    /// beginning.
    ///
    /// - Parameters:
    ///   - storage: The directory.
    ///   - configuration: The sizes of the log.
    ///   - newID: The id of a new database.
    ///   - time: Now, in µs since 1970 UTC.
    ///   - load: Visits the columns of an empty state; called once if there is a snapshot.
    ///   - replay: Called for each log block with later steps, with the LSN of its first entry, the number of
    ///     entries and their bytes, which may include entries that the snapshot already contains.
    /// - Returns: The open directory.
    /// - Throws: ``DurabilityError`` if the data is refused; nothing but restored pages was changed on disk then.
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
        // Each patch restores the original bytes exactly; otherwise its checksum would not match.
        var healed: [Protection.HealedPage] = []
        // A start does not need damaged history and removes it, but first restores what parity can.
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

        /// Returns whether a log file that no start needs is unreadable.
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
                // A file that the start needs: the attempt itself reports it.
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

        /// Removes unfinished files of the last process, which may use much disk space.
        private func removeLeftovers(_ report: inout RecoveryReport) throws(DurabilityError) {
            for name in try self.storage.list() where name.hasSuffix(Self.temporarySuffix) {
                try self.storage.remove(name)
                report.notices.append(.leftover(path: self.storage.path(name)))
            }
        }

        private static let temporarySuffix = ".tmp"
    }

    // MARK: - Identity

    /// Creates a new database, or finishes an interrupted creation.
    ///
    /// The identity is on disk under a temporary name before the log is created, so a start after an
    /// interruption continues with the same id.
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
        // Nothing else was created before the temporary file was complete.
        if hasData {
            let pending = try DatabaseIdentity.read(storage, DatabaseIdentity.temporaryName)
            guard let pending else { throw .nameless(path: storage.path("")) }
            return pending
        }
        let identity = DatabaseIdentity(
            database: newID,
            time: time,
            mark: LogMark(number: 1, newestFile: .first, acknowledged: .zero, time: time)
        )
        try identity.writeTemporary(storage)
        return identity
    }

    /// Recreates a lost identity file from the log files.
    static func restoreIdentity(
        _ storage: any Storage,
        _ database: DatabaseID,
        newestFile: LSN,
        time: Int64
    ) throws(DurabilityError) {
        let mark = LogMark(number: 1, newestFile: newestFile, acknowledged: .zero, time: time)
        try DatabaseIdentity(database: database, time: time, mark: mark).write(storage)
    }

    /// Returns the id in a directory's identity file.
    ///
    /// - Throws: ``DurabilityError/nameless(path:)`` if there is no identity file.
    public static func database(
        of storage: any Storage
    ) throws(DurabilityError) -> DatabaseID {
        guard let named = try DatabaseIdentity.read(storage) else {
            throw .nameless(path: storage.path(""))
        }
        return named.database
    }
}
