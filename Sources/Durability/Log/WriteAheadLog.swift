public import Bytes
internal import ColumnStore

/// The log's use of the disk.
public struct LogConfiguration: Sendable, Equatable {
    /// The byte count of one file, whole pages.
    ///
    /// Larger files are recycled less often; a new database allocates two of them at once.
    public var fileByteCount: Int
    /// The bytes of old files retained for reconnecting subscribers.
    ///
    /// Subscribers that need older steps must take a new snapshot.
    public var retentionByteCount: Int
    /// The maximum retention time of old files.
    public var retentionSeconds: Int64

    /// Creates a configuration; `fileByteCount` must be whole pages, at least two.
    public init(
        fileByteCount: Int = 64 << 20,
        retentionByteCount: Int = 4 << 30,
        retentionSeconds: Int64 = 86_400
    ) {
        precondition(
            fileByteCount >= 2 * StorageAlignment.byteCount
                && fileByteCount % StorageAlignment.byteCount == 0,
            "a log file of \(fileByteCount) bytes"
        )
        self.fileByteCount = fileByteCount
        self.retentionByteCount = retentionByteCount
        self.retentionSeconds = retentionSeconds
    }
}

/// Whether there is disk space for more of the log.
public enum LogSpace: Sendable, Equatable {
    /// In existing files: a full disk cannot prevent it.
    case certain
    /// It needs a new file, and the disk reports space for several.
    case likely
    /// It needs a new file, and the disk is nearly full.
    case unknown
    /// It needs a new file, and the last attempt to create one found no space.
    case full
}

/// The write-ahead log: blocks of steps, each durable before ``append(body:first:count:acknowledged:time:)``
/// returns.
///
/// It does not interpret the content of steps. Appending belongs to one thread, the log thread. Preparing the
/// next file, retiring old ones and looking up files may happen on other threads: the shared state is
/// protected by a mutex. That is why it is `@unchecked Sendable`.
public final class WriteAheadLog: @unchecked Sendable {
    /// A file of the log for readers.
    struct FileEntry: Sendable {
        var name: String
        var firstLSN: LSN
        var byteCount: UInt64
        var time: Int64
    }

    /// The state of the next log file.
    enum Spare: Sendable {
        case none
        /// Being written, or about to be renamed: no other may be prepared meanwhile.
        case preparing
        case ready
        /// Owned by the log thread until it is in use.
        case claimed
    }

    struct Shared {
        var files: [FileEntry]
        /// Files before a missing one, which are useless.
        var disconnected: [String]
        var spare: Spare
        /// The bytes that still fit in the current file.
        var space: Int
        /// Whether the last attempt to prepare a file found no space.
        var isFull = false
    }

    let storage: any Storage
    let database: DatabaseID
    package let configuration: LogConfiguration
    let shared: Guarded<Shared>

    // Log thread only.
    var file: any StorageFile
    var mark: LogMarkFile
    var fileByteCount: UInt64
    var end: LogEnd
    private var head = ByteWriter(capacity: LogFileHead.byteCount)
    private var buffer: UnsafeMutableRawBufferPointer
    private var isPoisoned = false

    init(
        storage: any Storage,
        database: DatabaseID,
        configuration: LogConfiguration,
        files: [FileEntry],
        disconnected: [String],
        file: any StorageFile,
        mark: LogMarkFile,
        end: LogEnd,
        hasSpare: Bool
    ) {
        self.storage = storage
        self.database = database
        self.configuration = configuration
        self.file = file
        self.mark = mark
        self.fileByteCount = files.last?.byteCount ?? 0
        self.end = end
        self.shared = Guarded(
            Shared(
                files: files,
                disconnected: disconnected,
                spare: hasSpare ? .ready : .none,
                space: Int(self.fileByteCount) - Int(end.offset)
            )
        )
        self.buffer = .allocate(
            byteCount: 1 << 20,
            alignment: StorageAlignment.byteCount
        )
    }

    deinit { self.buffer.deallocate() }

    /// The last step in the log.
    ///
    /// Log thread only.
    public var lastLSN: LSN { LSN(self.end.nextLSN.value - 1) }

    /// Stops the process if the position of the next block contradicts the log's files.
    ///
    /// Log thread only.
    ///
    /// - Complexity: O(1)
    package func checkInvariants() {
        let page = UInt64(StorageAlignment.byteCount)
        precondition(
            self.end.offset % page == 0 && self.end.offset >= UInt64(LogFileHead.byteCount),
            "the next block goes to byte \(self.end.offset)"
        )
        precondition(
            self.mark.mark.acknowledged < self.end.nextLSN,
            "LSN \(self.mark.mark.acknowledged) is known, LSN \(self.end.nextLSN) comes next"
        )
        precondition(
            self.mark.mark.newestFile <= self.end.nextLSN,
            "LSN \(self.mark.mark.newestFile) is the newest file, LSN \(self.end.nextLSN) comes next"
        )
        let (newest, space) = self.shared.withLock { ($0.files.last?.firstLSN, $0.space) }
        precondition(
            newest.map { $0 <= self.end.nextLSN } ?? false,
            "the newest file begins with \(newest.map { "LSN \($0)" } ?? "none")"
        )
        precondition(
            space == Int(self.fileByteCount) - Int(self.end.offset),
            "the shared state has \(space) bytes of space"
        )
    }

    // MARK: - Appending

    /// Appends one block and returns once it is durable.
    ///
    /// - Parameters:
    ///   - body: The encoded entries, 1 to 64 MiB.
    ///   - first: The LSN of the first entry: the last appended one plus one.
    ///   - count: The number of entries.
    ///   - acknowledged: The highest LSN that may have been acknowledged to a client.
    ///   - time: Now, in µs since 1970 UTC.
    /// - Throws: ``DurabilityError/full(operation:path:)`` if the log needs another file and there is no
    ///   space for one: nothing was written, and the same block may be tried again. After any other error
    ///   the state of the disk is unknown; every later append throws ``DurabilityError/poisoned(path:)``,
    ///   and the process must stop.
    public func append(
        body: UnsafeRawBufferPointer,
        first: LSN,
        count: Int,
        acknowledged: LSN,
        time: Int64
    ) throws(DurabilityError) {
        precondition(first == self.end.nextLSN, "LSN \(first) does not follow LSN \(self.lastLSN)")
        precondition(count > 0, "a block of \(count) entries")
        precondition(body.count <= LogBlock.bodyByteCountMax, "a body of \(body.count) bytes")
        try self.write(body, .changes, count: count, acknowledged: acknowledged, time: time)
    }

    /// Appends a seal: the log is complete up to here, so damage to its last block is not a torn tail.
    ///
    /// Does nothing if no block was appended since the last seal, or if the disk is full. A full file is
    /// sealed by the head of the next one, which never starts with a seal: so no two files start with the
    /// same LSN.
    public func seal(acknowledged: LSN, time: Int64) throws(DurabilityError) {
        guard !self.end.isSealed, !self.isFileEmpty else { return }
        let isFileFull = self.end.offset + UInt64(StorageAlignment.byteCount) > self.fileByteCount
        if isFileFull {
            guard !self.isPoisoned else { throw .poisoned(path: self.file.path) }
            let source: String
            do throws(DurabilityError) {
                source = try self.sourceOfNext(blockByteCount: StorageAlignment.byteCount)
            } catch {
                // The log is no worse off than before; a failed seal is not worth a stop.
                if case .full = error { return }
                throw error
            }
            try self.poisoning { () throws(DurabilityError) in
                try self.roll(to: source, time: time)
            }
            return
        }
        let empty = UnsafeRawBufferPointer(start: nil, count: 0)
        try self.write(empty, .seal, count: 0, acknowledged: acknowledged, time: time)
    }

    /// Seals the log and records its end in the mark, so that a start detects a lost end.
    ///
    /// It is called at start and stop; in between, each new file updates the mark.
    public func close(acknowledged: LSN, time: Int64) throws(DurabilityError) {
        try self.seal(acknowledged: acknowledged, time: time)
        guard !self.isPoisoned else { throw .poisoned(path: self.file.path) }
        let newestFile = self.files().last?.firstLSN ?? .first
        try self.poisoning { () throws(DurabilityError) in
            try self.mark.move(
                newestFile: newestFile,
                acknowledged: acknowledged,
                time: time
            )
        }
    }

    private func write(
        _ body: UnsafeRawBufferPointer,
        _ kind: LogBlock.Kind,
        count: Int,
        acknowledged: LSN,
        time: Int64
    ) throws(DurabilityError) {
        guard !self.isPoisoned else { throw .poisoned(path: self.file.path) }
        let (encoding, storedByteCount) = self.stage(body)
        let used = LogBlock.headByteCount + storedByteCount
        let byteCount = StorageAlignment.rounded(used)
        var source: String?
        if self.end.offset + UInt64(byteCount) > self.fileByteCount {
            source = try self.sourceOfNext(blockByteCount: byteCount)
        }
        try self.poisoning { () throws(DurabilityError) in
            if let source { try self.roll(to: source, time: time) }
            let stored = UnsafeRawBufferPointer(
                rebasing: self.buffer[LogBlock.headByteCount..<used]
            )
            let block = LogBlock(
                kind: kind,
                encoding: encoding,
                storedByteCount: storedByteCount,
                rawByteCount: body.count,
                firstLSN: self.end.nextLSN,
                count: count,
                database: self.database,
                previousHash: self.end.hash,
                acknowledged: acknowledged,
                time: time,
                bodyChecksum: CRC32C.checksum(stored)
            )
            self.head.removeAll()
            block.encode(into: &self.head)
            self.head.withBytes { self.buffer.copyMemory(from: $0) }
            UnsafeMutableRawBufferPointer(rebasing: self.buffer[used..<byteCount])
                .initializeMemory(as: UInt8.self, repeating: 0)
            let whole = UnsafeRawBufferPointer(rebasing: self.buffer[0..<byteCount])
            self.checkInvariants()
            try self.file.write(whole, at: self.end.offset)
            try self.file.sync()
            self.end.nextLSN = block.nextLSN
            self.end.hash = LogBlock.hash(head: whole)
            self.end.offset += UInt64(byteCount)
            self.end.isSealed = kind == .seal
            self.noteSpace()
        }
    }

    /// Runs a change of the log's files.
    ///
    /// If it fails, all later writes are refused, since the state of the disk is then unknown.
    private func poisoning(
        _ body: () throws(DurabilityError) -> Void
    ) throws(DurabilityError) {
        do throws(DurabilityError) {
            try body()
        } catch {
            self.isPoisoned = true
            // `full` would mean that nothing was written and that the block may be tried again.
            throw error.asFailure
        }
    }

    /// Copies the body after the space for the head, compressed if that saves a page.
    private func stage(_ body: UnsafeRawBufferPointer) -> (LogBlock.Encoding, Int) {
        let needed = LogBlock.headByteCount + max(body.count, LZ4Block.bound(body.count))
        if StorageAlignment.rounded(needed) > self.buffer.count {
            self.buffer.deallocate()
            self.buffer = .allocate(
                byteCount: StorageAlignment.rounded(needed * 2),
                alignment: StorageAlignment.byteCount
            )
        }
        let target = UnsafeMutableRawBufferPointer(
            rebasing: self.buffer[LogBlock.headByteCount...]
        )
        if body.count > StorageAlignment.byteCount {
            let count = LZ4Block.compress(
                body,
                into: target,
                acceleration: LZ4Block.accelerationOfLog
            )
            let saved =
                StorageAlignment.rounded(LogBlock.headByteCount + body.count)
                - StorageAlignment.rounded(LogBlock.headByteCount + count)
            if count > 0, saved > 0 { return (.lz4, count) }
        }
        if body.count > 0 { target.copyMemory(from: body) }
        return (.raw, body.count)
    }
}
