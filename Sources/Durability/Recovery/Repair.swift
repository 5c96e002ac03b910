public import Bytes

/// Repairs a directory that refuses to open, step by step, without discarding data.
///
/// Each step works on any ``Storage``: on an ``OverlayStorage`` it is a dry run, on the real storage it
/// is executed. Before a file is changed in a way that parity does not confirm, a copy is kept under
/// another name.
public struct Repair: Sendable {
    /// A change that was made, or would be made in a dry run.
    public enum Action: Equatable, Sendable {
        /// A damaged page was restored from parity.
        case healed(path: String, offset: UInt64)
        /// A file's missing or damaged parity was recreated.
        case parityWritten(path: String)
        /// The lost identity file was recreated from the log files.
        case named(path: String)
        /// A file that prevents a start was renamed.
        case setAside(path: String, keptAs: String)
        /// The log was truncated: steps from `lsn` on are lost.
        case cut(path: String, offset: UInt64, lsn: LSN, keptAs: String)
        /// The end of the log is missing: steps from `lsn` on are no longer expected.
        case abandoned(lsn: LSN)
    }

    private let storage: any Storage
    private let protection: Protection

    /// The prefix of the name of a file that was set aside.
    static let asidePrefix = "aside-"
    private static let chunkByteCount = 1 << 20

    /// Recreates the identity file if it is damaged or missing.
    ///
    /// The id is taken from the heads of all log files; if they differ, or none is valid, nothing is done. A
    /// damaged identity file is kept under another name.
    public static func rewriteIdentity(_ storage: any Storage) throws(DurabilityError) -> [Action] {
        do throws(DurabilityError) {
            _ = try DataDirectory.database(of: storage)
            return []
        } catch {
            switch error {
            case .nameless, .corruptHead, .wrongKind: break
            default: throw error
            }
        }
        let names = try storage.list().sorted()
        var found: (id: DatabaseID, time: Int64)?
        var newestFile = LSN.first
        for name in names {
            guard let first = LogFileHead.firstLSN(ofName: name) else { continue }
            newestFile = first
            let file = try storage.open(name, create: false, direct: false)
            let head = try file.bytes(at: 0, count: LogFileHead.byteCount)
            guard let identity = LogFileHead.database(of: head) else { continue }
            if let found, found.id != identity.id { return [] }
            found = found ?? identity
        }
        guard let found else { return [] }
        var actions: [Action] = []
        let name = DataDirectory.identityName
        if names.contains(name) { actions.append(try Self.setAside(name, in: storage)) }
        try DataDirectory.restoreIdentity(
            storage,
            found.id,
            newestFile: newestFile,
            time: found.time
        )
        return actions + [.named(path: storage.path(name))]
    }

    /// Prepares the repair of a directory.
    ///
    /// - Throws: ``DurabilityError`` if the directory has no identity file.
    public init(_ storage: any Storage) throws(DurabilityError) {
        self.storage = storage
        self.protection = Protection(
            storage: storage,
            database: try DataDirectory.database(of: storage)
        )
    }

    /// Restores every page that parity can restore, and creates missing parity.
    public func heal() throws(DurabilityError) -> [Action] {
        var actions = try self.protection.heal(self.protection.patches()).map {
            Action.healed(path: $0.path, offset: $0.offset)
        }
        for name in Protection.sealed(try self.storage.list()) {
            let parity = try self.protection.parity(of: name)
            if let parity {
                let file = try self.storage.open(name, create: false, direct: false)
                // Parity of a damaged file is the only trace of its content.
                guard !parity.isWhole, try parity.damagedPages(of: file).isEmpty else { continue }
            }
            try self.protection.protect(name)
            actions.append(.parityWritten(path: self.storage.path(name)))
        }
        return actions
    }

    /// Sets the newest snapshot aside, if a start is possible from an older one and the log.
    ///
    /// Only a refused snapshot file is a reason; damage to the log affects the older snapshot just as much.
    ///
    /// - Parameter path: The file that prevents a start.
    /// - Returns: The change, or `nil` if there is no older snapshot, or no reason.
    /// - Throws: ``DurabilityError`` if the storage fails.
    public func goBackOneSnapshot(from path: String) throws(DurabilityError) -> Action? {
        let name = String(path.split(separator: "/").last ?? "")
        let isOfSnapshot =
            (SnapshotManifest.lsn(ofName: name) ?? SnapshotManifest.blockFileLSN(name)) != nil
        let names = try self.storage.list()
        let manifests = names.filter { SnapshotManifest.lsn(ofName: $0) != nil }.sorted()
        guard isOfSnapshot, manifests.count > 1, let newest = manifests.last else { return nil }
        return try self.setAside(newest)
    }

    /// Truncates the log before a block that is damaged beyond repair.
    ///
    /// The original file is kept under another name, as are later log files and snapshots that reach
    /// further. Only steps from the block's first on are lost.
    public func cut(
        path: String,
        offset: UInt64,
        lsn: LSN
    ) throws(DurabilityError) -> [Action] {
        let names = try self.storage.list().sorted()
        guard let name = names.first(where: { self.storage.path($0) == path }),
            let first = LogFileHead.firstLSN(ofName: name)
        else { throw .wrongKind(path: path, expected: "a file of this log") }
        var actions: [Action] = []
        for other in names {
            let isLaterLog = LogFileHead.firstLSN(ofName: other).map { $0 > first } ?? false
            let isLaterState = SnapshotManifest.lsn(ofName: other).map { $0 >= lsn } ?? false
            if isLaterLog || isLaterState { actions.append(try self.setAside(other)) }
        }
        let asideName = try Self.freeName(name, in: self.storage)
        try self.copy(name, to: asideName)
        try self.erase(name, from: offset)
        if let parity = Protection.parityName(for: name), names.contains(parity) {
            try self.storage.remove(parity)
        }
        try self.storage.syncDirectory()
        try self.expect(newestFile: first, through: LSN(lsn.value - 1))
        let asidePath = self.storage.path(asideName)
        return actions + [.cut(path: path, offset: offset, lsn: lsn, keptAs: asidePath)]
    }

    /// Accepts the log as complete, although its end is missing.
    ///
    /// Snapshots that reach further are kept under another name.
    ///
    /// - Parameter lsn: The first lost step.
    /// - Returns: The changes.
    /// - Throws: ``DurabilityError`` if the storage fails.
    public func abandonSteps(from lsn: LSN) throws(DurabilityError) -> [Action] {
        let names = try self.storage.list().sorted()
        guard let newest = names.compactMap({ LogFileHead.firstLSN(ofName: $0) }).last else {
            return []
        }
        var actions: [Action] = []
        for name in names where SnapshotManifest.lsn(ofName: name).map({ $0 >= lsn }) ?? false {
            actions.append(try self.setAside(name))
        }
        try self.expect(newestFile: newest, through: LSN(lsn.value - 1))
        return actions + [.abandoned(lsn: lsn)]
    }

    /// Resets the mark, so that a start expects no more of the log than this.
    private func expect(newestFile: LSN, through last: LSN) throws(DurabilityError) {
        guard let identity = try DatabaseIdentity.read(self.storage), let mark = identity.mark
        else { return }
        var file = try identity.openMark(self.storage, newestFile: newestFile)
        try file.move(
            newestFile: min(newestFile, mark.newestFile),
            acknowledged: min(last, mark.acknowledged),
            time: mark.time
        )
    }

    // MARK: - Files

    private func setAside(_ name: String) throws(DurabilityError) -> Action {
        try Self.setAside(name, in: self.storage)
    }

    private static func setAside(
        _ name: String,
        in storage: any Storage
    ) throws(DurabilityError) -> Action {
        let asideName = try Self.freeName(name, in: storage)
        try storage.rename(name, to: asideName)
        try storage.syncDirectory()
        return .setAside(path: storage.path(name), keptAs: storage.path(asideName))
    }

    /// Returns an unused name for a file that is kept.
    private static func freeName(
        _ name: String,
        in storage: any Storage
    ) throws(DurabilityError) -> String {
        let names = Set(try storage.list())
        var asideName = Self.asidePrefix + name
        while names.contains(asideName) { asideName = Self.asidePrefix + asideName }
        return asideName
    }

    private func copy(_ name: String, to copy: String) throws(DurabilityError) {
        let source = try self.storage.open(name, create: false, direct: false)
        let target = try self.storage.open(copy, create: true, direct: false)
        let byteCount = try source.byteCount()
        var offset: UInt64 = 0
        while offset < byteCount {
            let count = min(UInt64(Self.chunkByteCount), byteCount - offset)
            try target.write(try source.bytes(at: offset, count: Int(count)), at: offset)
            offset += count
        }
        try target.sync()
        try self.storage.syncDirectory()
    }

    /// Fills a file with zeros from `offset`.
    private func erase(_ name: String, from offset: UInt64) throws(DurabilityError) {
        let file = try self.storage.open(name, create: false, direct: false)
        let byteCount = try file.byteCount()
        var offset = offset
        while offset < byteCount {
            let count = min(UInt64(Self.chunkByteCount), byteCount - offset)
            try file.write([UInt8](repeating: 0, count: Int(count)), at: offset)
            offset += count
        }
        try file.sync()
    }
}
