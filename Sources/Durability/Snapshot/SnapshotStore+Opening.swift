internal import Bytes
internal import ColumnStore

/// Finds the snapshots of a directory, and checks that the one before the newest could replace it.
extension SnapshotStore {
    static func manifest(
        _ name: String,
        in storage: any Storage,
        of database: DatabaseID
    ) throws(DurabilityError) -> SnapshotManifest {
        let file = try storage.open(name, create: false, direct: false)
        let bytes = try file.bytes(at: 0, count: Int(try file.byteCount()))
        let manifest = try SnapshotManifest(bytes, path: file.path, database: database)
        guard manifest.lsn == SnapshotManifest.lsn(ofName: name) else {
            throw .wrongKind(path: file.path, expected: "the snapshot of its name")
        }
        return manifest
    }

    /// Opens the snapshots of a directory.
    ///
    /// Damage to those that a start does not need is added to `report`.
    static func open(
        storage: any Storage,
        database: DatabaseID,
        report: inout RecoveryReport
    ) throws(DurabilityError) -> SnapshotStore {
        let all = try storage.list().sorted()
        let names = all.filter { SnapshotManifest.lsn(ofName: $0) != nil }
        let newest: SnapshotManifest? =
            if let last = names.last { try Self.manifest(last, in: storage, of: database) } else {
                nil
            }
        var referred = Set((newest?.entries ?? []).map { $0.file })
        var previous: LSN?
        if let name = names.dropLast().last, let lsn = SnapshotManifest.lsn(ofName: name) {
            if let problem = Self.problem(
                ofFallback: name,
                beside: newest?.lsn ?? .zero,
                names: all,
                in: storage,
                of: database,
                into: &referred
            ) {
                let path = storage.path(name)
                report.notices.append(.noFallback(path: path, reason: problem))
            } else {
                previous = lsn
            }
        }
        for name in all {
            guard let lsn = SnapshotManifest.blockFileLSN(name), !referred.contains(lsn) else {
                continue
            }
            report.notices.append(.unused(path: storage.path(name)))
        }
        return SnapshotStore(
            storage: storage,
            database: database,
            newest: newest,
            previous: previous
        )
    }

    /// Returns why a snapshot could not replace the newest, or `nil` if no reason shows without reading its
    /// blocks.
    private static func problem(
        ofFallback name: String,
        beside newest: LSN,
        names: [String],
        in storage: any Storage,
        of database: DatabaseID,
        into referred: inout Set<LSN>
    ) -> String? {
        do throws(DurabilityError) {
            let manifest = try Self.manifest(name, in: storage, of: database)
            let files = Set(manifest.entries.map { $0.file })
            referred.formUnion(files)
            for file in files.sorted() where !names.contains(SnapshotManifest.blockFileName(file)) {
                return "\(SnapshotManifest.blockFileName(file)) is missing"
            }
            let logs = names.filter { LogFileHead.firstLSN(ofName: $0) != nil }
            let connected = try WriteAheadLog.connected(
                logs,
                after: newest,
                in: storage,
                of: database
            )
            if let first = connected.files.first?.firstLSN, first > manifest.lsn.next {
                return "the log starts with LSN \(first) and lacks LSN \(manifest.lsn.next)"
            }
            return nil
        } catch {
            return "\(error)"
        }
    }
}
