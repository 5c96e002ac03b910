public import ColumnStore

/// Reads a snapshot back into the columns of an empty state, as they are visited.
///
/// Every block is checked before its column sees it. Columns that the snapshot does not have, since
/// an older version wrote it, stay empty.
public struct SnapshotLoader: ImageVisitor {
    public typealias Failure = DurabilityError

    private let storage: any Storage
    private let manifest: SnapshotManifest
    private var parts: [UInt32: Range<Int>] = [:]

    public var lsn: LSN { self.manifest.lsn }

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

    /// The bytes of one segment, checked and decompressed.
    func bytes(of entry: SnapshotManifest.Entry) throws(DurabilityError) -> [UInt8] {
        let name = SnapshotManifest.blockFileName(entry.file)
        let file = try self.storage.open(name, create: false, direct: false)
        let stored = try file.bytes(at: entry.offset, count: entry.storedByteCount)
        guard stored.count == entry.storedByteCount else {
            throw .corruptSnapshot(
                path: file.path,
                offset: entry.offset,
                reason: "the file ends in the middle of a block"
            )
        }
        let raw = stored.withUnsafeBytes { stored -> [UInt8]? in
            guard CRC32C.checksum(stored) == entry.checksum else { return nil }
            return SegmentCodec.decode(
                stored,
                entry.encoding,
                stride: entry.stride,
                byteCount: entry.rawByteCount
            )
        }
        guard let raw else {
            throw .corruptSnapshot(
                path: file.path,
                offset: entry.offset,
                reason: "a block of \(entry.storedByteCount) bytes does not match its checksum"
            )
        }
        return raw
    }

    private func path(of entry: SnapshotManifest.Entry) -> String {
        self.storage.path(SnapshotManifest.blockFileName(entry.file))
    }
}
