public import ColumnStore

/// One column of the state to be written, under the number that never changes its meaning.
public struct SnapshotPart: Sendable {
    public var number: UInt32
    public var column: any ColumnImaging

    public init(number: UInt32, column: any ColumnImaging) {
        self.number = number
        self.column = column
    }
}

/// What writing a snapshot came to.
public struct SnapshotInfo: Equatable, Sendable {
    public var lsn: LSN
    /// Bytes that were written, the manifest included.
    public var byteCount: UInt64
    public var segmentsWritten: Int
    /// Segments that an earlier snapshot had written already.
    public var segmentsReused: Int
}

/// The snapshots of a directory: a manifest each, and immutable blocks that several may share.
///
/// A segment that did not change since the last snapshot is not written again; the manifest refers
/// to where it lies. So a snapshot costs what changed, not what there is. A block file of which less
/// than half is still referred to is emptied into the next one.
///
/// Used by one thread at a time.
public struct SnapshotStore: Sendable {
    private let storage: any Storage
    private let database: DatabaseID
    /// The newest snapshot, whose blocks the next may refer to.
    private var newest: SnapshotManifest?
    /// The epoch of the state's columns when the newest was taken.
    private var newestEpoch: UInt64 = 0
    /// The LSN of the snapshot before that, which is kept too.
    private var previous: LSN?

    /// Manifests that are kept: the newest, and one to fall back on.
    static let manifestsKept = 2
    private static let temporarySuffix = ".tmp"

    init(storage: any Storage, database: DatabaseID, newest: SnapshotManifest?, previous: LSN?) {
        self.storage = storage
        self.database = database
        self.newest = newest
        self.previous = previous
    }

    public var newestLSN: LSN? { self.newest?.lsn }
    /// Steps after this may still be needed to start from an older snapshot.
    public var oldestLSN: LSN? { self.previous ?? self.newest?.lsn }

    // MARK: - Writing

    /// Writes a snapshot and returns once it is durable and was read back.
    ///
    /// The parts are the columns of a view, so the engine goes on meanwhile. Their state's `lsn` is
    /// durable in the log already; `epoch` is what they had begun last when the view was taken. After
    /// an error the snapshot may be tried again.
    public mutating func write(
        lsn: LSN,
        time: Int64,
        epoch: UInt64,
        parts: [SnapshotPart]
    ) throws(DurabilityError) -> SnapshotInfo {
        var info = SnapshotInfo(lsn: lsn, byteCount: 0, segmentsWritten: 0, segmentsReused: 0)
        if let newest, newest.lsn == lsn {
            info.segmentsReused = newest.entries.count
            return info
        }
        try self.removeTemporaries()
        let reusable = try self.reusableEntries()
        let blockName = SnapshotManifest.blockFileName(lsn)
        let file = try self.storage.open(Self.temporary(blockName), create: true, direct: false)
        var manifest = SnapshotManifest(database: self.database, lsn: lsn, time: time, entries: [])
        var offset = try self.writeBlockFileHead(file, lsn)
        var codec = SegmentCodec()
        var raw = ByteWriter(capacity: 1 << 17)
        for part in parts.sorted(by: { $0.number < $1.number }) {
            for segment in 0..<part.column.imageSegmentCount {
                let key = Key(part: part.number, segment: UInt32(segment))
                let isUnchanged = part.column.imageSegmentEpoch(segment) <= self.newestEpoch
                if isUnchanged, let entry = reusable[key] {
                    manifest.entries.append(entry)
                    info.segmentsReused += 1
                    continue
                }
                raw.removeAll()
                part.column.writeImageSegment(segment, into: &raw)
                let entry = try self.writeBlock(
                    raw,
                    key,
                    stride: part.column.imageSegmentStride(segment),
                    to: file,
                    lsn,
                    at: &offset,
                    &codec
                )
                manifest.entries.append(entry)
                info.segmentsWritten += 1
            }
        }
        try file.sync()
        try self.storage.rename(Self.temporary(blockName), to: blockName)
        // The manifest must not outlive a power cut that takes back what it refers to.
        try self.storage.syncDirectory()
        info.byteCount = offset + (try self.publish(manifest))
        let kept = self.newest?.lsn
        self.newest = manifest
        self.newestEpoch = epoch
        self.previous = kept
        try self.removeUnneeded()
        return info
    }

    private struct Key: Hashable {
        var part: UInt32
        var segment: UInt32
    }

    /// Entries of the newest snapshot that lie in files of which at least half is still of use.
    private func reusableEntries() throws(DurabilityError) -> [Key: SnapshotManifest.Entry] {
        guard let newest else { return [:] }
        var used: [LSN: UInt64] = [:]
        for entry in newest.entries {
            used[entry.file, default: 0] += UInt64(entry.storedByteCount)
        }
        var files: Set<LSN> = []
        for (lsn, byteCount) in used {
            let name = SnapshotManifest.blockFileName(lsn)
            let file = try self.storage.open(name, create: false, direct: false)
            let blocks =
                try file.byteCount() - min(UInt64(BlockFileHead.byteCount), file.byteCount())
            if byteCount * 2 >= blocks { files.insert(lsn) }
        }
        var entries: [Key: SnapshotManifest.Entry] = [:]
        for entry in newest.entries where files.contains(entry.file) {
            entries[Key(part: entry.part, segment: entry.segment)] = entry
        }
        return entries
    }

    private func writeBlockFileHead(
        _ file: any StorageFile,
        _ lsn: LSN
    ) throws(DurabilityError) -> UInt64 {
        var writer = ByteWriter(capacity: BlockFileHead.byteCount)
        BlockFileHead.encode(database: self.database, lsn: lsn, into: &writer)
        try file.write(writer.array(), at: 0)
        return UInt64(BlockFileHead.byteCount)
    }

    private func writeBlock(
        _ raw: borrowing ByteWriter,
        _ key: Key,
        stride: Int,
        to file: any StorageFile,
        _ lsn: LSN,
        at offset: inout UInt64,
        _ codec: inout SegmentCodec
    ) throws(DurabilityError) -> SnapshotManifest.Entry {
        let start = offset
        let bytes = raw.array()
        precondition(
            bytes.count <= SnapshotManifest.segmentByteCountMax,
            "part \(key.part) has a segment of \(bytes.count) bytes"
        )
        let entry = try bytes.withBytes { (bytes) throws(DurabilityError) in
            try codec.encode(bytes, stride: stride) {
                (encoding, stored) throws(DurabilityError) in
                try file.write(stored, at: start)
                return SnapshotManifest.Entry(
                    part: key.part,
                    segment: key.segment,
                    file: lsn,
                    offset: start,
                    storedByteCount: stored.count,
                    rawByteCount: bytes.count,
                    stride: stride,
                    encoding: encoding,
                    checksum: CRC32C.checksum(stored)
                )
            }
        }
        offset += UInt64(entry.storedByteCount)
        return entry
    }

    /// Writes the manifest, makes it durable under its name, and reads everything new back.
    ///
    /// - Returns: The manifest's bytes.
    private func publish(_ manifest: SnapshotManifest) throws(DurabilityError) -> UInt64 {
        let name = SnapshotManifest.name(manifest.lsn)
        var writer = ByteWriter(capacity: 1 << 16)
        manifest.encode(into: &writer)
        let file = try self.storage.open(Self.temporary(name), create: true, direct: false)
        try file.write(writer.array(), at: 0)
        try file.sync()
        var loader = SnapshotLoader(storage: self.storage, manifest: manifest)
        for entry in manifest.entries where entry.file == manifest.lsn {
            _ = try loader.bytes(of: entry)
        }
        try self.storage.rename(Self.temporary(name), to: name)
        try self.storage.syncDirectory()
        let path = self.storage.path(name)
        let back = try self.storage.open(name, create: false, direct: false)
        let bytes = try back.bytes(at: 0, count: Int(try back.byteCount()))
        guard try SnapshotManifest(bytes, path: path, database: self.database) == manifest else {
            throw .corruptSnapshot(path: path, offset: 0, reason: "it reads back differently")
        }
        return UInt64(bytes.count)
    }

    private static func temporary(_ name: String) -> String { name + Self.temporarySuffix }

    /// Removes what an attempt that failed has left: written over, a longer one would keep its end.
    private func removeTemporaries() throws(DurabilityError) {
        for name in try self.storage.list() where name.hasSuffix(Self.temporarySuffix) {
            try self.storage.remove(name)
        }
    }

    // MARK: - Retiring

    /// Removes manifests beyond the kept ones, and block files that no kept manifest refers to.
    private func removeUnneeded() throws(DurabilityError) {
        let names = try self.storage.list()
        let manifests = names.filter { SnapshotManifest.lsn(ofName: $0) != nil }.sorted()
        let kept = manifests.suffix(Self.manifestsKept)
        for name in manifests.dropLast(Self.manifestsKept) { try self.storage.remove(name) }
        var referred: Set<LSN> = []
        for name in kept {
            let manifest = try Self.manifest(name, self.storage, self.database)
            for entry in manifest.entries { referred.insert(entry.file) }
        }
        for name in names {
            let isUnreferred =
                SnapshotManifest.blockFileLSN(name).map { !referred.contains($0) } ?? false
            if isUnreferred { try self.storage.remove(name) }
        }
        try self.storage.syncDirectory()
    }

    // MARK: - Opening

    static func manifest(
        _ name: String,
        _ storage: any Storage,
        _ database: DatabaseID
    ) throws(DurabilityError) -> SnapshotManifest {
        let file = try storage.open(name, create: false, direct: false)
        let bytes = try file.bytes(at: 0, count: Int(try file.byteCount()))
        let manifest = try SnapshotManifest(bytes, path: file.path, database: database)
        guard manifest.lsn == SnapshotManifest.lsn(ofName: name) else {
            throw .wrongKind(path: file.path, expected: "the snapshot that its name says")
        }
        return manifest
    }

    /// Finds the snapshots of a directory.
    static func open(
        storage: any Storage,
        database: DatabaseID
    ) throws(DurabilityError) -> SnapshotStore {
        let names = try storage.list().filter { SnapshotManifest.lsn(ofName: $0) != nil }.sorted()
        let newest: SnapshotManifest?
        if let last = names.last {
            newest = try Self.manifest(last, storage, database)
        } else {
            newest = nil
        }
        return SnapshotStore(
            storage: storage,
            database: database,
            newest: newest,
            previous: names.dropLast().last.flatMap { SnapshotManifest.lsn(ofName: $0) }
        )
    }

    /// What reads the newest snapshot back; nothing if there is none.
    func loader() -> SnapshotLoader? {
        self.newest.map { SnapshotLoader(storage: self.storage, manifest: $0) }
    }
}
