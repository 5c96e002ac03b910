internal import Bytes

/// The parity files of a directory.
///
/// A file is **sealed** when it will never change again: a log file followed by another, a snapshot's
/// manifest, a block file. Each sealed file gets a parity file of the same name with another suffix.
///
///     log-…042.invlog       ◀──  log-…042.invpar
///     blocks-…040.invblk    ◀──  blocks-…040.invpar
///     snapshot-…040.invsnap ◀──  snapshot-…040.invpar
///
/// It belongs to one thread, the one that also retires files.
public struct Protection: Sendable {
    /// A damaged page that was restored from parity.
    public struct HealedPage: Equatable, Sendable {
        /// The path of its file.
        public var path: String
        /// Its offset in bytes, a multiple of 4,096.
        public var offset: UInt64
    }

    /// A write that restores a page.
    struct Patch: Sendable {
        var name: String
        var offset: UInt64
        var bytes: [UInt8]
    }

    let storage: any Storage
    let database: DatabaseID

    static let suffix = ".invpar"
    private static let temporarySuffix = ".tmp"

    /// Returns the name of the parity file, or `nil` for a file without parity.
    static func parityName(for name: String) -> String? {
        guard Self.lsn(ofName: name) != nil, let dot = name.lastIndex(of: ".") else { return nil }
        return name[..<dot] + Self.suffix
    }

    /// Returns the LSN in the name of a file that can have parity.
    static func lsn(ofName name: String) -> LSN? {
        LogFileHead.firstLSN(ofName: name) ?? SnapshotManifest.lsn(ofName: name)
            ?? SnapshotManifest.blockFileLSN(name)
    }

    /// Returns the sealed files among `names`, sorted: all log files but the last, and snapshot files.
    static func sealed(_ names: [String]) -> [String] {
        let logs = names.filter { LogFileHead.firstLSN(ofName: $0) != nil }.sorted()
        let others = names.filter {
            Self.lsn(ofName: $0) != nil && LogFileHead.firstLSN(ofName: $0) == nil
        }
        return logs.dropLast() + others.sorted()
    }

    // MARK: - Creating parity

    /// Creates missing parity for every sealed file, and removes parity without a file.
    ///
    /// - Returns: The number of parity files created.
    @discardableResult
    public func protectAll() throws(DurabilityError) -> Int {
        let names = try self.storage.list()
        let present = Set(names)
        let expected = Set(names.compactMap { Self.parityName(for: $0) })
        for name in names where name.hasSuffix(Self.suffix) && !expected.contains(name) {
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
            // A parity file that did not fit must not use the remaining space.
            try? self.storage.remove(temporary)
            throw error
        }
    }

    // MARK: - Restoring

    /// Returns the parity of a file, or `nil` if there is none or it is damaged.
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

    /// Returns patches for all damaged pages of sealed files that can be restored; changes nothing.
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

    /// Returns the patch for a damaged page, or `nil` if it cannot be restored.
    func patch(
        _ name: String,
        page: Int,
        file: any StorageFile,
        parity: Parity
    ) throws(DurabilityError) -> Patch? {
        guard let original = try parity.original(ofPage: page, in: file) else { return nil }
        let offset = UInt64(page) * UInt64(StorageAlignment.byteCount)
        // The last page of the file may be partial.
        let count = min(UInt64(original.count), parity.fileByteCount - offset)
        return Patch(name: name, offset: offset, bytes: Array(original.prefix(Int(count))))
    }

    /// Writes the patches and returns once they are durable.
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
