public import Bytes
public import ColumnStore

/// Loads a snapshot into the columns of an empty state, as they are visited.
///
/// Every block is verified before it is passed to its column. Columns that the snapshot lacks, since an
/// older version wrote it, stay empty.
public struct SnapshotLoader: ImageVisitor {
    /// The error of a visit.
    public typealias Failure = DurabilityError

    private let storage: any Storage
    let manifest: SnapshotManifest
    private var parts: [UInt32: Range<Int>] = [:]
    /// The last block file read: the entries of a part are mostly in few files.
    private var open: (lsn: LSN, file: any StorageFile)?

    /// The LSN of the snapshot.
    public var lsn: LSN { self.manifest.lsn }
    /// The path of the manifest.
    public var path: String { self.storage.path(SnapshotManifest.name(self.lsn)) }

    init(storage: any Storage, manifest: SnapshotManifest) {
        self.storage = storage
        self.manifest = manifest
        var start = 0
        let entries = manifest.entries
        while start < entries.count {
            var end = start
            while end < entries.count, entries[end].part == entries[start].part { end += 1 }
            self.parts[entries[start].part] = start..<end
            start = end
        }
    }

    /// Appends all segments of the part `number` to an empty column.
    public mutating func visit(
        _ number: UInt32,
        _ column: inout some ColumnImaging
    ) throws(DurabilityError) {
        for index in self.parts[number] ?? 0..<0 {
            let entry = self.manifest.entries[index]
            let bytes = try self.bytes(of: entry)
            do throws(ByteReaderError) {
                try bytes.withBytes { (bytes) throws(ByteReaderError) in
                    var reader = ByteReader(bytes)
                    try column.appendImageSegment(&reader)
                }
            } catch {
                throw .unreadable(
                    path: self.path(of: entry),
                    lsn: self.lsn,
                    reason: "part \(entry.part), segment \(entry.segment): \(error)"
                )
            }
        }
    }

    /// Returns the block file of `lsn`, after checking its head.
    private mutating func file(_ lsn: LSN) throws(DurabilityError) -> any StorageFile {
        if let open, open.lsn == lsn { return open.file }
        let name = SnapshotManifest.blockFileName(lsn)
        guard try self.storage.list().contains(name) else {
            throw .corruptSnapshot(
                path: self.storage.path(name),
                offset: 0,
                reason: "the file is missing"
            )
        }
        let file = try self.storage.open(name, create: false, direct: false)
        let head = try file.bytes(at: 0, count: BlockFileHead.byteCount)
        try BlockFileHead.check(head, path: file.path, database: self.manifest.database, lsn: lsn)
        self.open = (lsn, file)
        return file
    }

    /// Returns the bytes of one segment, verified and decompressed.
    mutating func bytes(of entry: SnapshotManifest.Entry) throws(DurabilityError) -> [UInt8] {
        let stored = try self.stored(of: entry)
        let raw = stored.withUnsafeBytes {
            SegmentCodec.decode(
                $0,
                entry.encoding,
                stride: entry.stride,
                byteCount: entry.rawByteCount
            )
        }
        guard let raw else { throw self.mismatch(entry) }
        return raw
    }

    /// Returns the stored bytes of one segment, verified.
    mutating func stored(
        of entry: SnapshotManifest.Entry
    ) throws(DurabilityError) -> [UInt8] {
        let file = try self.file(entry.file)
        let stored = try file.bytes(at: entry.offset, count: entry.storedByteCount)
        guard stored.count == entry.storedByteCount else {
            throw .corruptSnapshot(
                path: file.path,
                offset: entry.offset,
                reason: "the file ends in the middle of a block"
            )
        }
        guard stored.withUnsafeBytes({ CRC32C.checksum($0) }) == entry.checksum else {
            throw self.mismatch(entry)
        }
        return stored
    }

    private func mismatch(_ entry: SnapshotManifest.Entry) -> DurabilityError {
        .corruptSnapshot(
            path: self.path(of: entry),
            offset: entry.offset,
            reason: "a block of \(entry.storedByteCount) bytes does not match its checksum"
        )
    }

    private func path(of entry: SnapshotManifest.Entry) -> String {
        self.storage.path(SnapshotManifest.blockFileName(entry.file))
    }
}
