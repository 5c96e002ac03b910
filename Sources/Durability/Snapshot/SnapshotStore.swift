public import Bytes
public import ColumnStore

/// One column of the state to be written, under its fixed part number.
public struct SnapshotPart: Sendable {
    /// The part number, which the file format fixes.
    public var number: UInt32
    /// The column, as of the view.
    public var column: any ColumnImaging

    /// Creates a part.
    public init(number: UInt32, column: any ColumnImaging) {
        self.number = number
        self.column = column
    }
}

/// The result of writing a snapshot.
public struct SnapshotInfo: Equatable, Sendable {
    /// The LSN of the state.
    public var lsn: LSN
    /// The number of bytes written, including the manifest.
    public var byteCount: UInt64
    /// The number of segments written.
    public var segmentsWritten: Int
    /// The number of segments that an earlier snapshot had already written.
    public var segmentsReused: Int
}

/// The snapshots of a directory: one manifest each, and immutable blocks that several may share.
///
/// A segment that did not change since the last snapshot is not written again; the manifest refers to
/// its existing position. A snapshot therefore costs what changed, not the whole state. A block file with
/// less than half of its bytes in use is rewritten into the next one, and so are the smallest files if
/// there are many.
///
/// Used by one thread at a time.
public struct SnapshotStore: Sendable {
    let storage: any Storage
    let database: DatabaseID
    /// Keeps a snapshot that a backup reads.
    public let hold = RetentionHold()
    /// The newest snapshot, whose blocks the next may refer to.
    private var newest: SnapshotManifest?
    /// The epoch of the state's columns when the newest was created.
    private var newestEpoch: UInt64 = 0
    /// The LSN of the preceding snapshot, which is also retained.
    private var previous: LSN?

    /// The number of retained manifests: the newest, and one to fall back on.
    static let manifestsKept = 2
    /// The maximum number of block files that one snapshot refers to.
    ///
    /// Beyond it the smallest are rewritten into the new one.
    static let blockFileCountMax = 64
    private static let temporarySuffix = ".tmp"

    init(storage: any Storage, database: DatabaseID, newest: SnapshotManifest?, previous: LSN?) {
        self.storage = storage
        self.database = database
        self.newest = newest
        self.previous = previous
    }

    /// Stops the process if the retained snapshots contradict each other.
    ///
    /// - Complexity: O(segments)
    package func checkInvariants() {
        guard let newest else {
            precondition(self.previous == nil, "there is no newest snapshot, but one before it")
            return
        }
        precondition(
            self.previous.map { $0 < newest.lsn } ?? true,
            "LSN \(newest.lsn) is the newest snapshot"
        )
        newest.checkInvariants()
    }

    /// The LSN of the newest snapshot, if there is one.
    public var newestLSN: LSN? { self.newest?.lsn }
    /// The time of the newest snapshot, in µs since 1970 UTC.
    public var newestTime: Int64? { self.newest?.time }
    /// The LSN of the oldest retained snapshot: a start from it, or a backup, needs all later steps.
    public var oldestLSN: LSN? {
        let oldest = self.previous ?? self.newest?.lsn
        return oldest.map { min($0, self.hold.lsn ?? $0) }
    }

    // MARK: - Writing

    /// Writes a snapshot and returns once it is durable and was read back.
    ///
    /// The parts are the columns of a view, so the engine continues meanwhile.
    ///
    /// - Parameters:
    ///   - lsn: The last step of the snapshot; the log must already have it durably.
    ///   - time: When that step was recorded, in µs since 1970 UTC.
    ///   - epoch: The last epoch that the columns had begun when the view was created.
    ///   - parts: The columns.
    /// - Returns: What was written.
    /// - Throws: ``DurabilityError``; the snapshot may be tried again.
    public mutating func write(
        lsn: LSN,
        time: Int64,
        epoch: UInt64,
        parts: [SnapshotPart]
    ) throws(DurabilityError) -> SnapshotInfo {
        if let newest, newest.lsn == lsn {
            return SnapshotInfo(
                lsn: lsn,
                byteCount: 0,
                segmentsWritten: 0,
                segmentsReused: newest.entries.count
            )
        }
        precondition(self.newest.map { $0.lsn < lsn } ?? true, "a snapshot older than the newest")
        do throws(DurabilityError) {
            return try self.begin(lsn: lsn, time: time, epoch: epoch, parts: parts)
        } catch {
            self.abandon(lsn)
            throw error
        }
    }

    private mutating func begin(
        lsn: LSN,
        time: Int64,
        epoch: UInt64,
        parts: [SnapshotPart]
    ) throws(DurabilityError) -> SnapshotInfo {
        var info = SnapshotInfo(lsn: lsn, byteCount: 0, segmentsWritten: 0, segmentsReused: 0)
        try self.removeTemporaries()
        let reusable = try self.reusableEntries(parts)
        let blockName = SnapshotManifest.blockFileName(lsn)
        let file = try self.storage.open(Self.temporary(blockName), create: true, direct: false)
        var manifest = SnapshotManifest(database: self.database, lsn: lsn, time: time, entries: [])
        var offset = try self.writeBlockFileHead(file, lsn)
        var codec = SegmentCodec()
        var raw = ByteWriter(capacity: 1 << 17)
        for part in parts.sorted(by: { $0.number < $1.number }) {
            for segment in 0..<part.column.imageSegmentCount {
                let key = Key(part: part.number, segment: UInt32(segment))
                if let entry = reusable[key] {
                    manifest.entries.append(entry)
                    info.segmentsReused += 1
                    continue
                }
                raw.removeAll()
                part.column.writeImageSegment(segment, into: &raw)
                let entry = try self.writeBlock(
                    raw,
                    key: key,
                    stride: part.column.imageSegmentStride(segment),
                    to: file,
                    lsn: lsn,
                    at: &offset,
                    codec: &codec
                )
                manifest.entries.append(entry)
                info.segmentsWritten += 1
            }
        }
        try file.sync()
        // Durably, since the manifest must not survive a power cut that undoes what it refers to.
        try self.storage.publish(Self.temporary(blockName), as: blockName)
        info.byteCount = offset + (try self.publish(manifest))
        let preceding = self.newest?.lsn
        self.newest = manifest
        self.newestEpoch = epoch
        self.previous = preceding
        self.checkInvariants()
        try self.removeUnneeded()
        return info
    }

    /// Removes the files of a failed attempt, which must not use the remaining space.
    ///
    /// A manifest with its final name may be durable, and then needs its blocks. Files that cannot be
    /// removed here are removed by the next attempt or the next start.
    private func abandon(_ lsn: LSN) {
        guard let names = try? self.storage.list() else { return }
        let manifest = SnapshotManifest.name(lsn)
        let blocks = SnapshotManifest.blockFileName(lsn)
        for name in [Self.temporary(manifest), Self.temporary(blocks)] where names.contains(name) {
            try? self.storage.remove(name)
        }
        if !names.contains(manifest), names.contains(blocks) { try? self.storage.remove(blocks) }
    }

    private struct Key: Hashable {
        var part: UInt32
        var segment: UInt32
    }

    /// Returns the newest snapshot's entries of segments that did not change since.
    ///
    /// Excluded are those in files to be rewritten: less than half of the file is in use, or there are too
    /// many files and it is one of the smallest.
    private func reusableEntries(
        _ parts: [SnapshotPart]
    ) throws(DurabilityError) -> [Key: SnapshotManifest.Entry] {
        guard let newest else { return [:] }
        var unchanged: Set<Key> = []
        for part in parts {
            for segment in 0..<part.column.imageSegmentCount
            where part.column.imageSegmentEpoch(segment) <= self.newestEpoch {
                unchanged.insert(Key(part: part.number, segment: UInt32(segment)))
            }
        }
        var used: [LSN: UInt64] = [:]
        var entries: [Key: SnapshotManifest.Entry] = [:]
        for entry in newest.entries {
            let key = Key(part: entry.part, segment: entry.segment)
            guard unchanged.contains(key) else { continue }
            entries[key] = entry
            used[entry.file, default: 0] += UInt64(entry.storedByteCount)
        }
        var reusable: Set<LSN> = []
        // The file to be written counts as well.
        for (lsn, byteCount) in used.sorted(by: { ($0.value, $0.key) > ($1.value, $1.key) })
        where reusable.count < Self.blockFileCountMax - 1 {
            let name = SnapshotManifest.blockFileName(lsn)
            let total = try self.storage.open(name, create: false, direct: false).byteCount()
            if byteCount * 2 + UInt64(BlockFileHead.byteCount) >= total { reusable.insert(lsn) }
        }
        return entries.filter { reusable.contains($0.value.file) }
    }

    func writeBlockFileHead(
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
        key: Key,
        stride: Int,
        to file: any StorageFile,
        lsn: LSN,
        at offset: inout UInt64,
        codec: inout SegmentCodec
    ) throws(DurabilityError) -> SnapshotManifest.Entry {
        let start = offset
        let entry = try raw.withBytes { (bytes) throws(DurabilityError) in
            precondition(
                bytes.count <= SnapshotManifest.segmentByteCountMax,
                "part \(key.part) has a segment of \(bytes.count) bytes"
            )
            return try codec.encode(bytes, stride: stride) {
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

    /// Writes the manifest, reads it and all new blocks back, and only then gives it its final name.
    ///
    /// - Returns: The byte count of the manifest.
    func publish(_ manifest: SnapshotManifest) throws(DurabilityError) -> UInt64 {
        let name = SnapshotManifest.name(manifest.lsn)
        var writer = ByteWriter(capacity: 1 << 16)
        manifest.encode(into: &writer)
        let file = try self.storage.open(Self.temporary(name), create: true, direct: false)
        try writer.withBytes { (bytes) throws(DurabilityError) in try file.write(bytes, at: 0) }
        try file.sync()
        var loader = SnapshotLoader(storage: self.storage, manifest: manifest)
        for entry in manifest.entries where entry.file == manifest.lsn {
            _ = try loader.bytes(of: entry)
        }
        let bytes = try file.bytes(at: 0, count: Int(try file.byteCount()))
        let back = try SnapshotManifest(bytes, path: file.path, database: self.database)
        guard back == manifest else {
            throw .corruptSnapshot(path: file.path, offset: 0, reason: "it differs when read back")
        }
        try self.storage.publish(Self.temporary(name), as: name)
        return UInt64(writer.count)
    }

    static func temporary(_ name: String) -> String { name + Self.temporarySuffix }

    /// Removes files of a failed attempt: overwriting a longer one would leave its end.
    private func removeTemporaries() throws(DurabilityError) {
        for name in try self.storage.list() where name.hasSuffix(Self.temporarySuffix) {
            try self.storage.remove(name)
        }
    }

    // MARK: - Removing

    /// Removes manifests that are no longer retained, and block files without a reference.
    private func removeUnneeded() throws(DurabilityError) {
        let names = try self.storage.list()
        let manifests = names.filter { SnapshotManifest.lsn(ofName: $0) != nil }.sorted()
        let held = Set(self.hold.lsns.map { SnapshotManifest.name($0) })
        let superseded = manifests.dropLast(Self.manifestsKept).filter { !held.contains($0) }
        let retained = manifests.filter { !superseded.contains($0) }
        for name in superseded { try self.storage.remove(name) }
        // A manifest is removed before its blocks.
        try self.storage.syncDirectory()
        var referred: Set<LSN> = []
        for name in retained {
            let manifest = try Self.manifest(name, in: self.storage, of: self.database)
            for entry in manifest.entries { referred.insert(entry.file) }
        }
        for name in names {
            let isUnreferred =
                SnapshotManifest.blockFileLSN(name).map { !referred.contains($0) } ?? false
            if isUnreferred { try self.storage.remove(name) }
        }
        try self.storage.syncDirectory()
    }

    /// Returns the loader of the newest snapshot, or `nil` if there is none.
    func loader() -> SnapshotLoader? {
        self.newest.map { SnapshotLoader(storage: self.storage, manifest: $0) }
    }
}
