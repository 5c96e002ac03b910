internal import Bytes

/// The parity files of a directory: which files have one, and what they bring back.
///
/// A file is **sealed** when it will never change again: a file of the log that another follows, a
/// snapshot's manifest, a file of its blocks. Each gets a parity file of its own name beside it.
///
///     log-…042.invlog       ◀──  log-…042.invpar
///     blocks-…040.invblk    ◀──  blocks-…040.invpar
///     snapshot-…040.invsnap ◀──  snapshot-…040.invpar
///
/// Of one thread: the one that also gives files back.
public struct Protection: Sendable {
    /// A page that was damaged and is again what was written.
    public struct HealedPage: Equatable, Sendable {
        public var path: String
        public var offset: UInt64
    }

    /// What has to be written to make a page whole again.
    struct Patch: Sendable {
        var name: String
        var offset: UInt64
        var bytes: [UInt8]
    }

    let storage: any Storage
    let database: DatabaseID

    static let suffix = ".invpar"
    private static let temporarySuffix = ".tmp"

    /// The name of the parity file for a file that can have one.
    static func parityName(for name: String) -> String? {
        guard Self.lsn(ofName: name) != nil, let dot = name.lastIndex(of: ".") else { return nil }
        return name[..<dot] + Self.suffix
    }

    /// The LSN in the name of a file that can have parity.
    static func lsn(ofName name: String) -> LSN? {
        LogFileHead.firstLSN(ofName: name) ?? SnapshotManifest.lsn(ofName: name)
            ?? SnapshotManifest.blockFileLSN(name)
    }

    /// The sealed ones among `names`, sorted; of the log all but the last.
    static func sealed(_ names: [String]) -> [String] {
        let logs = names.filter { LogFileHead.firstLSN(ofName: $0) != nil }.sorted()
        let others = names.filter {
            Self.lsn(ofName: $0) != nil && LogFileHead.firstLSN(ofName: $0) == nil
        }
        return logs.dropLast() + others.sorted()
    }

    // MARK: - Making parity

    /// Gives every sealed file that has no parity one, and removes parity without a file.
    ///
    /// - Returns: How many files got one.
    @discardableResult
    public func protectAll() throws(DurabilityError) -> Int {
        let names = try self.storage.list()
        let present = Set(names)
        let wanted = Set(names.compactMap { Self.parityName(for: $0) })
        for name in names where name.hasSuffix(Self.suffix) && !wanted.contains(name) {
            try self.storage.remove(name)
        }
        var count = 0
        for name in Self.sealed(names) {
            guard let parity = Self.parityName(for: name), !present.contains(parity) else {
                continue
            }
            try self.protect(name)
            count += 1
        }
        return count
    }

    /// Writes the parity of a sealed file.
    func protect(_ name: String) throws(DurabilityError) {
        guard let parityName = Self.parityName(for: name), let lsn = Self.lsn(ofName: name) else {
            preconditionFailure("\(name) can have no parity")
        }
        let file = try self.storage.open(name, create: false, direct: false)
        let parity = try Parity(of: file, database: self.database, lsn: lsn)
        var writer = ByteWriter(capacity: parity.pages.count + StorageAlignment.byteCount)
        parity.encode(into: &writer)
        let temporary = parityName + Self.temporarySuffix
        if try self.storage.list().contains(temporary) { try self.storage.remove(temporary) }
        do throws(DurabilityError) {
            let target = try self.storage.open(temporary, create: true, direct: false)
            try target.write(writer.array(), at: 0)
            try target.sync()
            try self.storage.publish(temporary, as: parityName)
        } catch {
            // What did not fit must not take the room that is left.
            try? self.storage.remove(temporary)
            throw error
        }
    }

    // MARK: - Healing

    /// The parity of a file; nothing if there is none, or it is damaged itself.
    func parity(of name: String) throws(DurabilityError) -> Parity? {
        guard let parityName = Self.parityName(for: name), let lsn = Self.lsn(ofName: name),
            try self.storage.list().contains(parityName)
        else { return nil }
        let file = try self.storage.open(parityName, create: false, direct: false)
        let byteCount = try self.storage.open(name, create: false, direct: false).byteCount()
        do throws(DurabilityError) {
            let bytes = try file.bytes(at: 0, count: Int(try file.byteCount()))
            return Parity(bytes, database: self.database, lsn: lsn, fileByteCount: byteCount)
        } catch {
            if case .failed(operation: "read", _, _, _) = error { return nil }
            throw error
        }
    }

    /// What would make every damaged page of the sealed files whole that can be; changes nothing.
    func patches() throws(DurabilityError) -> [Patch] {
        var patches: [Patch] = []
        for name in Self.sealed(try self.storage.list()) {
            guard let parity = try self.parity(of: name) else { continue }
            let file = try self.storage.open(name, create: false, direct: false)
            for page in try parity.damagedPages(of: file) {
                guard let patch = try self.patch(name, page: page, file: file, parity: parity)
                else { continue }
                patches.append(patch)
            }
        }
        return patches
    }

    /// What would make one damaged page whole; nothing if it is beyond repair.
    func patch(
        _ name: String,
        page: Int,
        file: any StorageFile,
        parity: Parity
    ) throws(DurabilityError) -> Patch? {
        guard let original = try parity.original(ofPage: page, in: file) else { return nil }
        let offset = UInt64(page) * UInt64(StorageAlignment.byteCount)
        // The file's last page may be a part of one.
        let count = min(UInt64(original.count), parity.fileByteCount - offset)
        return Patch(name: name, offset: offset, bytes: Array(original.prefix(Int(count))))
    }

    /// Writes pages back, and returns once they outlive a power cut.
    func heal(_ patches: [Patch]) throws(DurabilityError) -> [HealedPage] {
        var healed: [HealedPage] = []
        for patch in patches {
            let file = try self.storage.open(patch.name, create: false, direct: false)
            try file.write(patch.bytes, at: patch.offset)
            try file.sync()
            healed.append(HealedPage(path: file.path, offset: patch.offset))
        }
        return healed
    }
}
