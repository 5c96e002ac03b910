public import Bytes
internal import ColumnStore

/// Makes a backup, block by block, from the files of a running database.
///
///     snapshot-n, blocks ──▶ segments of the image ─┐
///     log-… ───────────────▶ entries n + 1 … m ─────┴──▶ blocks, compressed and checksummed ──▶ end
///
/// It reads what is durable already and holds no state in memory. While it exists, the ``RetentionHold`` of
/// the snapshots keeps the files that it still needs. Used by one thread at a time, the one that also
/// writes snapshots and retires files, hence `@unchecked Sendable`.
public final class BackupSource: @unchecked Sendable {
    /// Returns the bytes of the entries up to an LSN at the start of a block of the log.
    public typealias EntryCut =
        @Sendable (UnsafeRawBufferPointer, LSN) throws(DurabilityError) -> Int

    /// The head of the backup.
    public let head: BackupHead
    /// The state checksum after the last step, and when that was recorded.
    private let end: (checksum: StateChecksum, time: Int64)
    private let cut: EntryCut
    private let hold: RetentionHold
    private let holdToken: UInt64
    private var loader: SnapshotLoader?
    private var cursor: any LogBlockReader
    private var blocks: BackupBlockWriter
    private var headBytes: [UInt8]?
    private var nextSegment = 0
    private var isEnded = false

    /// Bytes of entries that are compressed together.
    private static let entriesByteCount = 256 << 10

    init(
        _ head: BackupHead,
        image loader: SnapshotLoader?,
        log cursor: any LogBlockReader,
        end: (checksum: StateChecksum, time: Int64),
        hold: RetentionHold,
        cut: @escaping EntryCut
    ) {
        self.head = head
        self.loader = loader
        self.cursor = cursor
        self.end = end
        self.hold = hold
        self.holdToken = hold.take(head.image)
        self.cut = cut
        var writer = ByteWriter(capacity: BackupHead.byteCount)
        head.encode(into: &writer)
        self.headBytes = writer.array()
        self.blocks = BackupBlockWriter(after: writer.array())
    }

    deinit { self.hold.release(self.holdToken) }

    /// The bytes of the backup so far.
    public var byteCount: UInt64 { self.blocks.byteCount }

    /// Returns the next bytes of the file: the head or one block; `nil` after the end.
    ///
    /// - Throws: ``DurabilityError`` if a file is damaged or cannot be read.
    public func next() throws(DurabilityError) -> [UInt8]? {
        if let head = self.headBytes.take() { return head }
        if let segment = try self.segment() { return segment }
        if let entries = try self.entries() { return entries }
        return self.endBlock()
    }

    private func segment() throws(DurabilityError) -> [UInt8]? {
        guard var loader = self.loader else { return nil }
        guard self.nextSegment < loader.manifest.entries.count else {
            self.loader = nil
            return nil
        }
        let entry = loader.manifest.entries[self.nextSegment]
        self.nextSegment += 1
        let stored = try loader.stored(of: entry)
        self.loader = loader
        var block = BackupBlock(.segment)
        block.encoding = entry.encoding == .raw ? .raw : .shuffledLZ4
        block.stride = entry.stride
        block.rawByteCount = entry.rawByteCount
        block.partOrCount = entry.part
        block.segment = entry.segment
        return stored.withUnsafeBytes { self.blocks.write(block, $0) }
    }

    /// The next entries of the log up to the last, several of its blocks together.
    private func entries() throws(DurabilityError) -> [UInt8]? {
        var body: [UInt8] = []
        var first: LSN?
        var next = self.cursor.next
        while body.count < Self.entriesByteCount,
            let block = try self.cursor.read(through: self.head.last)
        {
            let from = try self.byteCount(of: block.body, through: LSN(next.value - 1))
            let to = try self.byteCount(of: block.body, through: self.head.last)
            body += block.body[from..<to]
            first = first ?? next
            next = min(LSN(block.first.value + UInt64(block.count)), self.head.last.next)
        }
        guard let first else { return nil }
        return self.blocks.write(entries: body, first: first, count: Int(next - first))
    }

    private func byteCount(of body: [UInt8], through lsn: LSN) throws(DurabilityError) -> Int {
        try body.withBytes { (body) throws(DurabilityError) in try self.cut(body, lsn) }
    }

    private func endBlock() -> [UInt8]? {
        guard !self.isEnded else { return nil }
        self.isEnded = true
        precondition(
            self.cursor.next > self.head.last,
            "a backup up to LSN \(self.head.last) lacks LSN \(self.cursor.next)"
        )
        var writer = ByteWriter(capacity: BackupEnd.byteCount)
        BackupEnd(
            checksum: self.end.checksum,
            time: self.end.time,
            precedingByteCount: self.blocks.byteCount
        ).encode(into: &writer)
        var block = BackupBlock(.end)
        block.rawByteCount = writer.count
        return writer.withBytes { self.blocks.write(block, $0) }
    }
}

/// Keeps snapshots, and the log after them, from being removed while backups read them.
///
/// May be used on any thread.
public final class RetentionHold: Sendable {
    private struct Held {
        var lsns: [UInt64: LSN] = [:]
        var nextToken: UInt64 = 0
    }

    private let held = Guarded(Held())

    init() {}

    /// The LSN of the oldest snapshot that is held, 0 for the whole log; `nil` if none is.
    public var lsn: LSN? { self.lsns.min() }

    /// The LSNs of all snapshots that are held.
    var lsns: Set<LSN> { self.held.withLock { Set($0.lsns.values) } }

    /// - Returns: The token with which the hold is released.
    func take(_ lsn: LSN) -> UInt64 {
        self.held.withLock { held in
            held.nextToken += 1
            held.lsns[held.nextToken] = lsn
            return held.nextToken
        }
    }

    func release(_ token: UInt64) { self.held.withLock { $0.lsns[token] = nil } }
}

extension SnapshotStore {
    /// Begins a backup of the steps up to `last`, which must be durable, with the oldest retained snapshot.
    ///
    /// On the thread that writes snapshots.
    ///
    /// - Parameters:
    ///   - last: The last step.
    ///   - end: The state checksum after it, and when it was recorded.
    ///   - time: Now, in µs since 1970 UTC.
    ///   - firstRetained: The first step that the log has.
    ///   - log: Returns the log after a step.
    ///   - cut: Finds a step in a block of the log.
    /// - Returns: The source of the backup's bytes.
    /// - Throws: ``DurabilityError`` if no snapshot can be read, or the log does not continue it.
    public func beginBackup(
        through last: LSN,
        end: (checksum: StateChecksum, time: Int64),
        time: Int64,
        firstRetained: LSN,
        log: (LSN) -> any LogBlockReader,
        cut: @escaping BackupSource.EntryCut
    ) throws(DurabilityError) -> BackupSource {
        let image = try self.backupImage(through: last, firstRetained: firstRetained)
        let lsn = image?.lsn ?? .zero
        return BackupSource(
            BackupHead(database: self.database, image: lsn, last: last, time: time),
            image: image.map { SnapshotLoader(storage: self.storage, manifest: $0) },
            log: log(lsn),
            end: end,
            hold: self.hold,
            cut: cut
        )
    }

    /// Returns the oldest snapshot that the log continues; `nil` if the log has every step.
    private func backupImage(
        through last: LSN,
        firstRetained: LSN
    ) throws(DurabilityError) -> SnapshotManifest? {
        let lsns = try self.storage.list().compactMap { SnapshotManifest.lsn(ofName: $0) }.sorted()
        let retained = lsns.suffix(Self.manifestsKept).filter { $0 <= last }
        if retained.isEmpty, firstRetained == .first { return nil }
        var failure = DurabilityError.retired(requested: .first, firstRetained: firstRetained)
        for lsn in retained where firstRetained <= lsn.next {
            do throws(DurabilityError) {
                return try Self.manifest(
                    SnapshotManifest.name(lsn),
                    in: self.storage,
                    of: self.database
                )
            } catch {
                failure = error
            }
        }
        throw failure
    }
}
