internal import Bytes

/// Creates a database from a backup in an empty directory.
///
///     backup ──image──▶ blocks, manifest ──▶ load ──▶ DataDirectory, open ──▶ append the entries
///
/// The directory gets its identity file last, with ``RestoringStorage/complete()``: until then it is refused
/// as one without an identity, whatever the moment at which the restore ended.
extension DataDirectory {
    /// Writes the image of a backup and an empty log after it, and opens them.
    ///
    /// The history of a restored database and that of the one that was backed up may differ after the last
    /// common step, so they never have the same id. The entries follow by appending them to the log.
    ///
    /// - Parameters:
    ///   - storage: An empty directory.
    ///   - reader: The backup, of which the image is read.
    ///   - configuration: The sizes of the log.
    ///   - newID: The id of the new database.
    ///   - time: Now, in µs since 1970 UTC.
    ///   - load: Called if the backup has an image, as when a directory is opened.
    /// - Returns: The open directory.
    /// - Throws: ``DurabilityError`` for a damaged backup or a failed write, and the error of `load`.
    public static func restore(
        into storage: RestoringStorage,
        from reader: inout BackupReader,
        configuration: LogConfiguration,
        newID: DatabaseID,
        time: Int64,
        load: (inout SnapshotLoader) throws(DurabilityError) -> Void
    ) throws(DurabilityError) -> DataDirectory {
        let image = reader.head.image
        if image > .zero {
            var store = SnapshotStore(
                storage: storage,
                database: newID,
                newest: nil,
                previous: nil
            )
            try store.restore(from: &reader, lsn: image, time: time)
        }
        try WriteAheadLog.create(
            storage,
            of: newID,
            first: image.next,
            configuration: configuration,
            time: time
        )
        try DatabaseIdentity(
            database: newID,
            time: time,
            mark: LogMark(number: 1, newestFile: image.next, acknowledged: image, time: time)
        ).write(storage)
        return try Self.open(
            storage,
            configuration: configuration,
            newID: newID,
            time: time,
            load: load,
            replay: { (_, _, _) throws(DurabilityError) in
                // The log is empty.
            }
        )
    }
}

extension SnapshotStore {
    /// Writes the image of a backup as a snapshot: its segments as they are stored.
    fileprivate mutating func restore(
        from reader: inout BackupReader,
        lsn: LSN,
        time: Int64
    ) throws(DurabilityError) {
        let blockName = SnapshotManifest.blockFileName(lsn)
        let temporary = Self.temporary(blockName)
        let file = try self.storage.open(temporary, create: true, direct: false)
        var manifest = SnapshotManifest(database: self.database, lsn: lsn, time: time, entries: [])
        var offset = try self.writeBlockFileHead(file, lsn)
        while let segment = try reader.nextSegment() {
            guard segment.block.rawByteCount <= SnapshotManifest.segmentByteCountMax,
                segment.block.encoding != .lz4
            else { throw reader.unreadable(lsn, "a segment of another encoding") }
            try file.write(segment.stored, at: offset)
            manifest.entries.append(
                SnapshotManifest.Entry(
                    part: segment.block.partOrCount,
                    segment: segment.block.segment,
                    file: lsn,
                    offset: offset,
                    storedByteCount: segment.stored.count,
                    rawByteCount: segment.block.rawByteCount,
                    stride: segment.block.stride,
                    encoding: segment.block.encoding == .raw ? .raw : .shuffledLZ4,
                    checksum: segment.block.bodyChecksum
                )
            )
            offset += UInt64(segment.stored.count)
        }
        try file.sync()
        try self.storage.publish(temporary, as: blockName)
        _ = try self.publish(manifest)
    }
}

/// A directory that is being restored: its identity file has another name, so that no start accepts it.
public final class RestoringStorage: Storage {
    private let base: any Storage
    private static let unfinishedPrefix = "restoring-"

    /// Wraps an empty directory.
    public init(_ base: any Storage) { self.base = base }

    /// Gives the identity file its name, durably: from now on the directory is a database.
    public func complete() throws(DurabilityError) {
        try self.base.publish(Self.unfinishedName(DatabaseIdentity.name), as: DatabaseIdentity.name)
    }

    /// The name of the file that marks the directory of a restore, until it has its final name.
    public static let markName = "restore.invmark"

    /// Removes every file of an unfinished restore, and marks the directory as one of a restore.
    ///
    /// - Returns: Whether the directory is one; if it has other files, nothing was changed.
    /// - Throws: ``DurabilityError`` if a file cannot be removed or created.
    public static func begin(_ base: any Storage) throws(DurabilityError) -> Bool {
        guard try self.clear(base) else { return false }
        _ = try base.open(self.markName, create: true, direct: false)
        try base.syncDirectory()
        return true
    }

    /// Removes every file of an unfinished restore, its mark last.
    ///
    /// - Returns: Whether the directory is one; if it has other files, nothing was changed.
    /// - Throws: ``DurabilityError`` if a file cannot be removed.
    public static func clear(_ base: any Storage) throws(DurabilityError) -> Bool {
        let names = try base.list()
        guard names.isEmpty || names.contains(self.markName) else { return false }
        for name in names where name != self.markName { try base.remove(name) }
        try base.syncDirectory()
        if !names.isEmpty { try base.remove(self.markName) }
        return true
    }

    private static func unfinishedName(_ name: String) -> String {
        name.hasPrefix(DatabaseIdentity.name) ? self.unfinishedPrefix + name : name
    }

    /// Returns the names of all files, the identity file under its final name.
    public func list() throws(DurabilityError) -> [String] {
        try self.base.list().filter { $0 != Self.markName }.map { name in
            name.hasPrefix(Self.unfinishedPrefix)
                ? String(name.dropFirst(Self.unfinishedPrefix.count)) : name
        }
    }

    /// Opens a file.
    public func open(
        _ name: String,
        create: Bool,
        direct: Bool
    ) throws(DurabilityError) -> any StorageFile {
        try self.base.open(Self.unfinishedName(name), create: create, direct: direct)
    }

    /// Renames a file.
    public func rename(_ name: String, to newName: String) throws(DurabilityError) {
        try self.base.rename(Self.unfinishedName(name), to: Self.unfinishedName(newName))
    }

    /// Removes a file.
    public func remove(_ name: String) throws(DurabilityError) {
        try self.base.remove(Self.unfinishedName(name))
    }

    /// Syncs the directory.
    public func syncDirectory() throws(DurabilityError) { try self.base.syncDirectory() }

    /// Returns the number of bytes that can still be written.
    public func freeByteCount() throws(DurabilityError) -> UInt64 {
        try self.base.freeByteCount()
    }

    /// Returns the full path of a file.
    public func path(_ name: String) -> String { self.base.path(Self.unfinishedName(name)) }
}
