public import Bytes
internal import ColumnStore

/// How the log uses the disk.
public struct LogConfiguration: Sendable, Equatable {
    /// Bytes of one file, whole pages.
    ///
    /// Larger files are recycled less often; a new database takes two of them at once.
    public var fileByteCount: Int
    /// Bytes of old files that are kept for subscribers that come back.
    ///
    /// Beyond it they are told to take a new snapshot.
    public var retentionByteCount: Int
    /// How long old files are kept at most.
    public var retentionSeconds: Int64

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

/// Whether there is space for more of the log.
public enum LogSpace: Sendable, Equatable {
    /// In files that were made already: no full disk can be in the way.
    case certain
    /// It takes a file that is not there yet, and the disk says that it has space for several.
    case likely
    /// It takes a file that is not there yet, and the disk is nearly full.
    case unknown
    /// It takes a file that is not there yet, and the last attempt to make one found no space.
    case full
}

/// The write-ahead log: blocks of steps, each durable before ``append(body:first:count:acknowledged:time:)``
/// returns.
///
/// It knows nothing of what a step holds. Appending belongs to one thread, the log thread. Making
/// the next file ready, giving old ones back and looking up files may happen on another meanwhile:
/// what they share is behind a mutex. That is why it is `@unchecked Sendable`.
public final class WriteAheadLog: @unchecked Sendable {
    /// A file of the log as readers find it.
    struct FileEntry: Sendable {
        var name: String
        var firstLSN: LSN
        var byteCount: UInt64
        var time: Int64
    }

    /// What there is of the file that the log will go on in.
    enum Spare: Sendable {
        case none
        /// Being written, or about to get its name: nobody else may make one meanwhile.
        case preparing
        case ready
        /// Of the log thread, until it is in use.
        case claimed
    }

    struct Shared {
        var files: [FileEntry]
        /// Files before one that is missing: of no use to anybody.
        var disconnected: [String]
        var spare: Spare
        /// Bytes that still fit in the current file.
        var room: Int
        /// Whether the last attempt to make a file ready found no space.
        var isFull = false
    }

    let storage: any Storage
    let database: DatabaseID
    let configuration: LogConfiguration
    let shared: Guarded<Shared>

    // Of the log thread alone.
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
                room: Int(self.fileByteCount) - Int(end.offset)
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
    /// Of the log thread.
    public var lastLSN: LSN { LSN(self.end.nextLSN.value - 1) }

    /// Stops the process where the place that the next block goes to is not what the log's files say.
    ///
    /// Of the log thread.
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
        let (newest, room) = self.shared.withLock { ($0.files.last?.firstLSN, $0.room) }
        precondition(
            newest.map { $0 <= self.end.nextLSN } ?? false,
            "the newest file begins with \(newest.map { "LSN \($0)" } ?? "none")"
        )
        precondition(
            room == Int(self.fileByteCount) - Int(self.end.offset),
            "others are told of \(room) bytes of room"
        )
    }

    // MARK: - Appending

    /// Writes one block and returns once it is durable.
    ///
    /// - Parameters:
    ///   - body: The encoded entries, 1 to 64 MiB.
    ///   - first: LSN of the first entry: the one after the last that was appended.
    ///   - count: How many entries there are.
    ///   - acknowledged: The highest LSN that anybody may have been told of.
    ///   - time: Now, in µs since 1970 UTC.
    /// - Throws: ``DurabilityError/full(operation:path:)`` if the log has to go on in another file and
    ///   there is no space for one: nothing was written, and the same block may be tried again. After
    ///   any other error what is on disk is unknown; every later append throws
    ///   ``DurabilityError/poisoned(path:)``, and the process must stop.
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

    /// Says on disk that the log is complete up to here, so that damage to its last block can be
    /// told from a torn tail.
    ///
    /// Does nothing if nothing was appended since the last seal, or if the disk is full. A full file
    /// is sealed by the head of the next one, which never begins with a seal: so no two files begin
    /// with one LSN.
    public func seal(acknowledged: LSN, time: Int64) throws(DurabilityError) {
        guard !self.end.isSealed, !self.isFileEmpty else { return }
        let isFileFull = self.end.offset + UInt64(StorageAlignment.byteCount) > self.fileByteCount
        if isFileFull {
            guard !self.isPoisoned else { throw .poisoned(path: self.file.path) }
            let source: String
            do throws(DurabilityError) {
                source = try self.sourceOfNext(blockByteCount: StorageAlignment.byteCount)
            } catch {
                // The log is no worse off than before; a seal is not worth a stop.
                if case .full = error { return }
                throw error
            }
            try self.poisoning { () throws(DurabilityError) in
                try self.roll(to: source, time: time)
            }
            return
        }
        let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        try self.write(nothing, .seal, count: 0, acknowledged: acknowledged, time: time)
    }

    /// Seals the log, and says outside of it how far it reaches: so that a start notices if its end is
    /// gone.
    ///
    /// For the first and the last moment of a process; between them, each new file says so.
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

    /// Runs what changes the log's files.
    ///
    /// If it fails nothing more is ever written: the state of the disk is then unknown.
    private func poisoning(
        _ body: () throws(DurabilityError) -> Void
    ) throws(DurabilityError) {
        do throws(DurabilityError) {
            try body()
        } catch {
            self.isPoisoned = true
            // Full would say that nothing was written, and that the block may be tried again.
            throw error.asFailure
        }
    }

    /// Puts the body behind the place of the head, compressed where that saves a page.
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
