internal import ColumnStore

/// Reads every byte of a directory that means anything, and says what is wrong with it.
///
/// A start reads what it needs: the newest snapshot, and the log from there on. This reads the
/// rest as well: older snapshots, the log's history, parity. Nothing is changed.
public struct DirectoryScan: Sendable {
    /// Something that is not as it was written.
    public enum Finding: Equatable, Sendable {
        /// A page is damaged; parity can bring it back, or not.
        case damagedPage(path: String, offset: UInt64, isHealable: Bool)
        /// A sealed file without parity, or whose parity is damaged.
        case noParity(path: String)
        /// A file or the log's chain is refused.
        case refused(DurabilityError)
    }

    /// What was read.
    public private(set) var files = 0
    public private(set) var byteCount: UInt64 = 0
    public private(set) var blocks = 0
    public private(set) var segments = 0
    public private(set) var findings: [Finding] = []

    private let storage: any Storage
    private let database: DatabaseID

    /// Reads all of it.
    ///
    /// - Throws: ``DurabilityError`` if the directory has no name of a database, or cannot be listed.
    public init(_ storage: any Storage) throws(DurabilityError) {
        self.storage = storage
        self.database = try DataDirectory.database(of: storage)
        let names = try storage.list().sorted()
        for name in names where Protection.lsn(ofName: name) != nil {
            self.files += 1
            self.byteCount += try storage.open(name, create: false, direct: false).byteCount()
        }
        try self.scanPages(names)
        self.scanLog(names.filter { LogFileHead.firstLSN(ofName: $0) != nil })
        for name in names where SnapshotManifest.lsn(ofName: name) != nil {
            self.scanSnapshot(name)
        }
    }

    private mutating func scanPages(_ names: [String]) throws(DurabilityError) {
        let protection = Protection(storage: self.storage, database: self.database)
        for name in Protection.sealed(names) {
            let file = try self.storage.open(name, create: false, direct: false)
            guard let parity = try protection.parity(of: name) else {
                self.findings.append(.noParity(path: file.path))
                continue
            }
            if !parity.isWhole { self.findings.append(.noParity(path: file.path)) }
            for page in try parity.damagedPages(of: file) {
                self.findings.append(
                    .damagedPage(
                        path: file.path,
                        offset: UInt64(page) * UInt64(StorageAlignment.byteCount),
                        isHealable: try parity.original(ofPage: page, in: file) != nil
                    )
                )
            }
        }
    }

    /// The whole chain, from the oldest file that is kept.
    private mutating func scanLog(_ names: [String]) {
        guard let first = names.first.flatMap({ LogFileHead.firstLSN(ofName: $0) }) else { return }
        let after = LSN(first.value - 1)
        let recovery = LogRecovery(
            storage: self.storage,
            database: self.database,
            after: after
        )
        var report = RecoveryReport()
        do throws(DurabilityError) {
            _ = try recovery.run(names, report: &report) {
                (_, _, _) throws(DurabilityError) in
                // Reading them is what is asked for.
            }
        } catch {
            self.findings.append(.refused(error))
        }
        self.blocks = report.blocksRead
    }

    private mutating func scanSnapshot(_ name: String) {
        do throws(DurabilityError) {
            let manifest = try SnapshotStore.manifest(name, self.storage, self.database)
            var loader = SnapshotLoader(storage: self.storage, manifest: manifest)
            for entry in manifest.entries {
                _ = try loader.bytes(of: entry)
                self.segments += 1
            }
        } catch {
            self.findings.append(.refused(error))
        }
    }
}
