public import ColumnStore
internal import Synchronization

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

    private struct Shared {
        var files: [FileEntry]
        var hasSpare: Bool
        /// Bytes that still fit in the current file.
        var room: Int
        /// Whether the last attempt to make a file ready found no space.
        var isFull = false
    }

    let storage: any Storage
    let database: DatabaseID
    private let configuration: LogConfiguration
    private let shared: Mutex<Shared>

    // Of the log thread alone.
    private var file: any StorageFile
    private var fileByteCount: UInt64
    private var end: LogEnd
    private var head = ByteWriter(capacity: LogFileHead.byteCount)
    private var buffer: UnsafeMutableRawBufferPointer
    private var isPoisoned = false
    private var isSealed = false

    init(
        storage: any Storage,
        database: DatabaseID,
        configuration: LogConfiguration,
        files: [FileEntry],
        file: any StorageFile,
        end: LogEnd,
        hasSpare: Bool
    ) {
        self.storage = storage
        self.database = database
        self.configuration = configuration
        self.file = file
        self.fileByteCount = files.last?.byteCount ?? 0
        self.end = end
        self.shared = Mutex(
            Shared(
                files: files,
                hasSpare: hasSpare,
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

    // MARK: - Appending

    /// Writes one block and returns once it is durable.
    ///
    /// - Parameters:
    ///   - body: The encoded entries, 1 to 64 MiB.
    ///   - first: LSN of the first entry: the one after the last that was appended.
    ///   - count: How many entries there are.
    ///   - acknowledged: The highest LSN that anybody may have been told of.
    ///   - time: Now, in µs since 1970 UTC.
    /// - Throws: ``DurabilityError``. What is on disk is then unknown; every later append throws
    ///   ``DurabilityError/poisoned(path:)``, and the process must stop.
    public func append(
        body: UnsafeRawBufferPointer,
        first: LSN,
        count: Int,
        acknowledged: LSN,
        time: Int64
    ) throws(DurabilityError) {
        precondition(first == self.end.nextLSN, "\(first) does not follow \(self.lastLSN)")
        precondition(count > 0, "a block of \(count) entries")
        precondition(body.count <= LogBlock.bodyByteCountMax, "a body of \(body.count) bytes")
        try self.write(body, .changes, count: count, acknowledged: acknowledged, time: time)
        self.isSealed = false
    }

    /// Says on disk that the log is complete up to here, so that damage to its last block can be
    /// told from a torn tail.
    ///
    /// Does nothing if nothing was appended since the last seal.
    public func seal(acknowledged: LSN, time: Int64) throws(DurabilityError) {
        guard !self.isSealed else { return }
        let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        try self.write(nothing, .seal, count: 0, acknowledged: acknowledged, time: time)
        self.isSealed = true
    }

    private func write(
        _ body: UnsafeRawBufferPointer,
        _ kind: LogBlock.Kind,
        count: Int,
        acknowledged: LSN,
        time: Int64
    ) throws(DurabilityError) {
        guard !self.isPoisoned else { throw .poisoned(path: self.file.path) }
        do throws(DurabilityError) {
            let (encoding, storedByteCount) = self.stage(body)
            let stored = UnsafeRawBufferPointer(
                rebasing: self.buffer[
                    LogBlock.headByteCount..<(LogBlock.headByteCount + storedByteCount)
                ]
            )
            let byteCount = StorageAlignment.rounded(LogBlock.headByteCount + storedByteCount)
            if self.end.offset + UInt64(byteCount) > self.fileByteCount {
                try self.roll(time: time, blockByteCount: byteCount)
            }
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
            let used = LogBlock.headByteCount + storedByteCount
            UnsafeMutableRawBufferPointer(rebasing: self.buffer[used..<byteCount])
                .initializeMemory(as: UInt8.self, repeating: 0)
            let whole = UnsafeRawBufferPointer(rebasing: self.buffer[0..<byteCount])
            try self.file.write(whole, at: self.end.offset)
            try self.file.sync()
            self.end.nextLSN = block.nextLSN
            self.end.hash = LogBlock.hash(head: whole)
            self.end.offset += UInt64(byteCount)
            let room = Int(self.fileByteCount) - Int(self.end.offset)
            self.shared.withLock { $0.room = room }
        } catch {
            self.isPoisoned = true
            throw error
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
            let count = LZ4Block.compress(body, into: target)
            let saved =
                StorageAlignment.rounded(LogBlock.headByteCount + body.count)
                - StorageAlignment.rounded(LogBlock.headByteCount + count)
            if count > 0, saved > 0 { return (.lz4, count) }
        }
        if body.count > 0 { target.copyMemory(from: body) }
        return (.raw, body.count)
    }

    // MARK: - Files

    /// Goes on in the next file: the spare one if it is ready, else one made now.
    private func roll(time: Int64, blockByteCount: Int) throws(DurabilityError) {
        let needed = LogFileHead.byteCount + blockByteCount
        let isSpareEnough = needed <= self.configuration.fileByteCount
        let hasSpare = self.shared.withLock { $0.hasSpare } && isSpareEnough
        if !hasSpare {
            try self.storage.allocate(
                LogFileHead.spareName,
                byteCount: max(needed, self.configuration.fileByteCount)
            )
        }
        let next = try self.storage.open(LogFileHead.spareName, create: false, direct: true)
        let byteCount = try next.byteCount()
        let head = LogFileHead(
            database: self.database,
            firstLSN: self.end.nextLSN,
            previousHash: self.end.hash,
            fileByteCount: byteCount,
            time: time
        )
        try self.storage.putInUse(next, head)
        self.file = next
        self.fileByteCount = byteCount
        self.end.offset = UInt64(LogFileHead.byteCount)
        let entry = FileEntry(
            name: LogFileHead.name(head.firstLSN),
            firstLSN: head.firstLSN,
            byteCount: byteCount,
            time: time
        )
        self.shared.withLock {
            $0.files.append(entry)
            $0.hasSpare = false
        }
    }

    /// Makes the next file ready ahead of need, unless it is.
    ///
    /// Not for the log thread.
    ///
    /// - Throws: ``DurabilityError/full(operation:path:)`` if there is no space; try again later.
    public func prepareNext() throws(DurabilityError) {
        guard !self.shared.withLock({ $0.hasSpare }) else { return }
        do throws(DurabilityError) {
            try self.storage.allocate(
                LogFileHead.preparedName,
                byteCount: self.configuration.fileByteCount
            )
            try self.storage.rename(LogFileHead.preparedName, to: LogFileHead.spareName)
            try self.storage.syncDirectory()
            self.shared.withLock {
                $0.hasSpare = true
                $0.isFull = false
            }
        } catch {
            if case .full = error {
                self.shared.withLock { $0.isFull = true }
                try? self.storage.remove(LogFileHead.preparedName)
            }
            throw error
        }
    }

    /// Whether `byteCount` more bytes of entries can be written for certain, file heads and padding
    /// included. Any thread.
    public func hasRoom(for byteCount: Int) -> Bool {
        self.shared.withLock { shared in
            if !shared.isFull || shared.hasSpare { return true }
            return StorageAlignment.rounded(byteCount + LogBlock.headByteCount) <= shared.room
        }
    }

    /// Whether the next file should be made ready now: it is not there.
    ///
    /// Any thread.
    public var wantsNext: Bool { self.shared.withLock { !$0.hasSpare } }

    /// The first step that can still be read.
    ///
    /// Any thread.
    public var firstRetainedLSN: LSN {
        self.shared.withLock { $0.files.first?.firstLSN ?? .first }
    }

    /// Bytes of all files.
    ///
    /// Any thread.
    public var byteCount: UInt64 {
        self.shared.withLock { $0.files.reduce(0) { $0 + $1.byteCount } }
    }

    /// The files in order; the last is being written to.
    ///
    /// Any thread.
    func files() -> [FileEntry] { self.shared.withLock { $0.files } }

    /// Gives back files that hold only steps up to `lsn` and are beyond the retention. Not for the
    /// log thread.
    ///
    /// - Returns: How many files went.
    @discardableResult
    public func retire(through lsn: LSN, now: Int64) throws(DurabilityError) -> Int {
        var count = 0
        while let file = self.nextToRetire(through: lsn, now: now) {
            let isSpareWanted =
                self.wantsNext && file.byteCount == UInt64(self.configuration.fileByteCount)
            self.shared.withLock { _ = $0.files.removeFirst() }
            if isSpareWanted {
                try self.storage.rename(file.name, to: LogFileHead.spareName)
                try self.storage.syncDirectory()
                self.shared.withLock { $0.hasSpare = true }
            } else {
                try self.storage.remove(file.name)
                try self.storage.syncDirectory()
            }
            count += 1
        }
        return count
    }

    private func nextToRetire(through lsn: LSN, now: Int64) -> FileEntry? {
        let oldest = now - self.configuration.retentionSeconds * 1_000_000
        return self.shared.withLock { shared in
            guard shared.files.count > 1, shared.files[1].firstLSN.value <= lsn.value + 1 else {
                return nil
            }
            let total = shared.files.reduce(0) { $0 + $1.byteCount }
            let isBeyondSize = total > UInt64(self.configuration.retentionByteCount)
            let isBeyondAge = shared.files[1].time < oldest
            return isBeyondSize || isBeyondAge ? shared.files[0] : nil
        }
    }
}

extension LogFileHead {
    /// The next file while it is being filled with zeros.
    static let preparedName = "preparing.invlog"
}

extension Storage {
    /// Makes a file of zeros, written and synced, so that later writes into it allocate nothing.
    func allocate(_ name: String, byteCount: Int) throws(DurabilityError) {
        let file = try self.open(name, create: true, direct: false)
        let chunk = [UInt8](repeating: 0, count: min(byteCount, 1 << 20))
        var offset = 0
        while offset < byteCount {
            let count = min(chunk.count, byteCount - offset)
            try file.write(
                count == chunk.count ? chunk : Array(chunk[..<count]),
                at: UInt64(offset)
            )
            offset += count
        }
        try file.sync()
    }

    /// Writes the head of the spare file and gives it its name in the log.
    func putInUse(_ file: any StorageFile, _ head: LogFileHead) throws(DurabilityError) {
        var writer = ByteWriter(capacity: LogFileHead.byteCount)
        head.encode(into: &writer)
        let page = UnsafeMutableRawBufferPointer.allocate(
            byteCount: LogFileHead.byteCount,
            alignment: StorageAlignment.byteCount
        )
        defer { page.deallocate() }
        writer.withBytes { page.copyMemory(from: $0) }
        try file.write(UnsafeRawBufferPointer(page), at: 0)
        try file.sync()
        try self.rename(LogFileHead.spareName, to: LogFileHead.name(head.firstLSN))
        try self.syncDirectory()
    }
}
