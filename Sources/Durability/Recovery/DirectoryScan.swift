internal import Bytes

/// Reads every meaningful byte of a directory and reports all damage.
///
/// A start reads what it needs: the newest snapshot, and the log from there on. A scan also reads older
/// snapshots, the log's history and parity. Nothing is changed.
public struct DirectoryScan: Sendable {
    /// Damage or missing redundancy.
    public enum Finding: Equatable, Sendable {
        /// A damaged page, which parity may be able to restore; if a start needs it, there is also a refusal.
        case damagedPage(path: String, offset: UInt64, isHealable: Bool)
        /// A sealed file has no parity, or damaged parity.
        case noParity(path: String)
        /// A start would refuse the directory because of this file or the log's chain, even with parity.
        case refused(DurabilityError)
        /// The older snapshot cannot replace the newest; a start does not need it.
        case noFallback(DurabilityError)
        /// The log before the newest snapshot is damaged or incomplete; a start does not need it.
        case noHistory(DurabilityError)
    }

    /// The number of files read.
    public private(set) var files = 0
    /// The bytes of all files read.
    public private(set) var byteCount: UInt64 = 0
    /// The number of log blocks read.
    public private(set) var blocks = 0
    /// The number of snapshot segments read.
    public private(set) var segments = 0
    /// All findings, in the order in which they were found.
    public private(set) var findings: [Finding] = []

    private let storage: any Storage
    private let database: DatabaseID

    /// Scans the whole directory.
    ///
    /// - Throws: ``DurabilityError`` if the directory has no identity file, or cannot be listed.
    public init(_ storage: any Storage) throws(DurabilityError) {
        self.storage = storage
        self.database = try DataDirectory.database(of: storage)
        let names = try storage.list().sorted()
        for name in names where Protection.lsn(ofName: name) != nil {
            self.files += 1
            self.byteCount += try storage.open(name, create: false, direct: false).byteCount()
        }
        try self.scanPages(names)
        // As a start would find it: with pages restored from parity.
        let healed = try OverlayStorage(over: storage)
        let protection = Protection(storage: healed, database: self.database)
        _ = try protection.heal(try protection.patches())
        let snapshots = names.filter { SnapshotManifest.lsn(ofName: $0) != nil }
        self.scanLog(
            names.filter { LogFileHead.firstLSN(ofName: $0) != nil },
            after: snapshots.last.flatMap { SnapshotManifest.lsn(ofName: $0) },
            in: healed
        )
        for name in snapshots {
            self.scanSnapshot(name, isNewest: name == snapshots.last, in: healed)
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

    /// Verifies the whole chain from the oldest file, and if that fails the part that a start needs.
    private mutating func scanLog(
        _ names: [String],
        after snapshot: LSN?,
        in storage: any Storage
    ) {
        guard let first = names.first.flatMap({ LogFileHead.firstLSN(ofName: $0) }) else { return }
        let whole = self.chain(names, after: LSN(first.value - 1), storage)
        guard case .refused(let error) = whole else { return }
        if let snapshot, self.chain(names, after: snapshot, storage) == nil {
            self.findings.append(.noHistory(error))
        } else {
            self.findings.append(.refused(error))
        }
    }

    /// Returns what is wrong with the log after `after`, or `nil`.
    private mutating func chain(
        _ names: [String],
        after: LSN,
        _ storage: any Storage
    ) -> Finding? {
        let recovery = LogRecovery(storage: storage, database: self.database, after: after)
        var report = RecoveryReport()
        defer { self.blocks = max(self.blocks, report.blocksRead) }
        do throws(DurabilityError) {
            _ = try recovery.run(names, report: &report) {
                (_, _, _) throws(DurabilityError) in
                // Only reading them matters.
            }
            return nil
        } catch {
            return .refused(error)
        }
    }

    private mutating func scanSnapshot(_ name: String, isNewest: Bool, in storage: any Storage) {
        do throws(DurabilityError) {
            let manifest = try SnapshotStore.manifest(name, in: storage, of: self.database)
            var loader = SnapshotLoader(storage: storage, manifest: manifest)
            for entry in manifest.entries {
                _ = try loader.bytes(of: entry)
                self.segments += 1
            }
        } catch {
            self.findings.append(isNewest ? .refused(error) : .noFallback(error))
        }
    }
}
