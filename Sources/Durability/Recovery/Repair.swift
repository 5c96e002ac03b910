public import Bytes

/// Puts a directory that refuses to open in order, step by step, with nothing thrown away.
///
/// Each step works on any ``Storage``: on an ``OverlayStorage`` it says what it would do, on the
/// real one it does it. Before a file is changed in a way that parity does not prove right, it is
/// kept under another name.
public struct Repair: Sendable {
    /// What was done, or would be.
    public enum Action: Equatable, Sendable {
        /// A damaged page was restored from parity.
        case healed(path: String, offset: UInt64)
        /// A file's parity was missing or damaged, and was written again.
        case parityWritten(path: String)
        /// The file that names the database was lost, and was written again from what the log says.
        case named(path: String)
        /// A file is in the way and got a name that nobody reads.
        case setAside(path: String, keptAs: String)
        /// The log was cut off: steps from `lsn` on are gone.
        case cut(path: String, offset: UInt64, lsn: LSN, keptAs: String)
        /// The end of the log is gone: steps from `lsn` on are no longer expected.
        case givenUp(lsn: LSN)
    }

    private let storage: any Storage
    private let protection: Protection

    /// What a file that was set aside is named: this, then its name.
    static let asidePrefix = "aside-"
    private static let chunkByteCount = 1 << 20

    /// Writes the file that names the database again, where it is damaged or gone.
    ///
    /// The id is what the heads of all files of the log say; where they do not agree, or none is whole,
    /// nothing is done. A damaged one is kept under another name.
    public static func nameAgain(_ storage: any Storage) throws(DurabilityError) -> [Action] {
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
            guard let said = LogFileHead.database(of: head) else { continue }
            if let found, found.id != said.id { return [] }
            found = found ?? said
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

    /// - Throws: ``DurabilityError`` if the directory has no name of a database.
    public init(_ storage: any Storage) throws(DurabilityError) {
        self.storage = storage
        self.protection = Protection(
            storage: storage,
            database: try DataDirectory.database(of: storage)
        )
    }

    /// Restores every page that parity can bring back, and writes parity where there is none.
    public func heal() throws(DurabilityError) -> [Action] {
        var actions = try self.protection.heal(self.protection.patches()).map {
            Action.healed(path: $0.path, offset: $0.offset)
        }
        for name in Protection.sealed(try self.storage.list()) {
            let parity = try self.protection.parity(of: name)
            if let parity {
                let file = try self.storage.open(name, create: false, direct: false)
                // Parity of a file that is damaged is the only trace of what it was.
                guard !parity.isWhole, try parity.damagedPages(of: file).isEmpty else { continue }
            }
            try self.protection.protect(name)
            actions.append(.parityWritten(path: self.storage.path(name)))
        }
        return actions
    }

    /// Sets the newest snapshot aside, if there is an older one to start from with the log.
    ///
    /// `path`: The file that a start is refused for. Only one of a snapshot is a reason: what is wrong
    /// with the log is as wrong for the older one.
    ///
    /// - Returns: What was done; nothing if there is no older one, or no reason.
    public func goBackOneSnapshot(from path: String) throws(DurabilityError) -> Action? {
        let name = String(path.split(separator: "/").last ?? "")
        let isOfSnapshot =
            (SnapshotManifest.lsn(ofName: name) ?? SnapshotManifest.blockFileLSN(name)) != nil
        let names = try self.storage.list()
        let manifests = names.filter { SnapshotManifest.lsn(ofName: $0) != nil }.sorted()
        guard isOfSnapshot, manifests.count > 1, let newest = manifests.last else { return nil }
        return try self.setAside(newest)
    }

    /// Cuts the log off before a block that is damaged beyond repair.
    ///
    /// The file is kept as it was, under another name, as are later files of the log and snapshots
    /// that reach further than the cut. Steps from the block's first on are lost, and only these.
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
        let kept = try Self.freeName(name, in: self.storage)
        try self.copy(name, to: kept)
        try self.erase(name, from: offset)
        if let parity = Protection.parityName(for: name), names.contains(parity) {
            try self.storage.remove(parity)
        }
        try self.storage.syncDirectory()
        try self.expect(newestFile: first, through: LSN(lsn.value - 1))
        let keptPath = self.storage.path(kept)
        return actions + [.cut(path: path, offset: offset, lsn: lsn, keptAs: keptPath)]
    }

    /// Has the log be taken for whole as it is, though its end is gone.
    ///
    /// Snapshots that reach further are kept under another name.
    ///
    /// `lsn`: The first step that is lost.
    public func giveUp(from lsn: LSN) throws(DurabilityError) -> [Action] {
        let names = try self.storage.list().sorted()
        guard let newest = names.compactMap({ LogFileHead.firstLSN(ofName: $0) }).last else {
            return []
        }
        var actions: [Action] = []
        for name in names where SnapshotManifest.lsn(ofName: name).map({ $0 >= lsn }) ?? false {
            actions.append(try self.setAside(name))
        }
        try self.expect(newestFile: newest, through: LSN(lsn.value - 1))
        return actions + [.givenUp(lsn: lsn)]
    }

    /// Has a start expect no more of the log than this.
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
        let kept = try Self.freeName(name, in: storage)
        try storage.rename(name, to: kept)
        try storage.syncDirectory()
        return .setAside(path: storage.path(name), keptAs: storage.path(kept))
    }

    /// A name for a file that is kept, which none has yet.
    private static func freeName(
        _ name: String,
        in storage: any Storage
    ) throws(DurabilityError) -> String {
        let names = Set(try storage.list())
        var kept = Self.asidePrefix + name
        while names.contains(kept) { kept = Self.asidePrefix + kept }
        return kept
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

    /// Fills a file with zeros from `offset` on.
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
