public import Bytes
internal import ColumnStore

/// The files of the log: the next one is prepared ahead of need, the oldest are retired.
///
///     preparing.invlog ──zeros written──▶ spare.invlog ──roll──▶ log-<first LSN>.invlog
///                                              ▲                        │
///                                              └───────── retire ───────┘
///
/// At most one file is being prepared as the spare, and once the log thread has claimed the spare, none
/// is prepared before it is in use: the spare's name never refers to two files.
extension WriteAheadLog {
    // MARK: - Rolling to the next file

    /// Whether the current file has no blocks yet.
    var isFileEmpty: Bool { self.end.offset == UInt64(LogFileHead.byteCount) }

    func noteSpace() {
        let space = Int(self.fileByteCount) - Int(self.end.offset)
        self.shared.withLock { $0.space = space }
    }

    /// Returns the current name of the file to roll to: the spare if it is ready, else one created now.
    ///
    /// It does not change the log.
    func sourceOfNext(blockByteCount: Int) throws(DurabilityError) -> String {
        let needed = LogFileHead.byteCount + blockByteCount
        let isSpareClaimed = self.shared.withLock { shared in
            guard shared.spare == .ready, needed <= self.configuration.fileByteCount else {
                return false
            }
            shared.spare = .claimed
            return true
        }
        if isSpareClaimed { return LogFileHead.spareName }
        do throws(DurabilityError) {
            try self.storage.allocate(
                LogFileHead.rollingName,
                byteCount: max(needed, self.configuration.fileByteCount)
            )
        } catch {
            self.noteFailure(error, of: LogFileHead.rollingName)
            throw error
        }
        return LogFileHead.rollingName
    }

    /// Continues in the file currently named `source`.
    ///
    /// A current file without a block is replaced, since the next one starts with the same LSN.
    func roll(to source: String, time: Int64) throws(DurabilityError) {
        let next = try self.storage.open(source, create: false, direct: true)
        let byteCount = try next.byteCount()
        let isReplaced = self.isFileEmpty
        let head = LogFileHead(
            database: self.database,
            firstLSN: self.end.nextLSN,
            after: self.files().dropLast(isReplaced ? 1 : 0).last?.firstLSN,
            previousHash: self.end.hash,
            fileByteCount: byteCount,
            time: time
        )
        try self.storage.putInUse(next, source: source, head: head)
        // Before any step in it is acknowledged: from now on its loss is detected.
        try self.mark.move(
            newestFile: head.firstLSN,
            acknowledged: LSN(head.firstLSN.value - 1),
            time: time
        )
        self.file = next
        self.fileByteCount = byteCount
        self.end.offset = UInt64(LogFileHead.byteCount)
        self.end.isSealed = true
        let entry = FileEntry(
            name: LogFileHead.name(head.firstLSN),
            firstLSN: head.firstLSN,
            byteCount: byteCount,
            time: time
        )
        self.shared.withLock {
            if isReplaced { $0.files.removeLast() }
            $0.files.append(entry)
            if $0.spare == .claimed { $0.spare = .none }
        }
        self.noteSpace()
    }

    // MARK: - Preparing the next file

    /// Prepares the next file ahead of need, unless it exists.
    ///
    /// Not on the log thread.
    ///
    /// - Throws: ``DurabilityError/full(operation:path:)`` if there is no space; try again later.
    public func prepareNext() throws(DurabilityError) {
        guard self.beginPreparing() else { return }
        do throws(DurabilityError) {
            try self.storage.allocate(
                LogFileHead.preparedName,
                byteCount: self.configuration.fileByteCount
            )
            try self.storage.publish(LogFileHead.preparedName, as: LogFileHead.spareName)
            self.shared.withLock {
                $0.spare = .ready
                $0.isFull = false
            }
        } catch {
            self.noteFailure(error, of: LogFileHead.preparedName)
            self.shared.withLock { $0.spare = .none }
            throw error
        }
    }

    private func beginPreparing() -> Bool {
        self.shared.withLock { shared in
            guard shared.spare == .none else { return false }
            shared.spare = .preparing
            return true
        }
    }

    /// Records a full disk, and removes the file that did not fit.
    private func noteFailure(_ error: DurabilityError, of name: String) {
        guard case .full = error else { return }
        self.shared.withLock { $0.isFull = true }
        // If it cannot be removed, the next attempt or the next start removes it.
        try? self.storage.remove(name)
    }

    /// The maximum bytes of a block beyond its entries: its head, and the padding of its last page.
    public static var blockOverheadByteCount: Int {
        LogBlock.headByteCount + StorageAlignment.byteCount
    }

    /// Returns whether a block with `byteCount` bytes of entries can be written.
    ///
    /// Any thread. It ignores a block in flight and a seal.
    public func space(for byteCount: Int) -> LogSpace {
        let needed = StorageAlignment.rounded(byteCount + LogBlock.headByteCount)
        let known: LogSpace = self.shared.withLock { shared in
            let isSpareThere = shared.spare == .ready || shared.spare == .claimed
            let fitsSpare = needed + LogFileHead.byteCount <= self.configuration.fileByteCount
            if needed <= shared.space || isSpareThere && fitsSpare { return .certain }
            return shared.isFull ? .full : .unknown
        }
        guard known == .unknown, let free = try? self.storage.freeByteCount() else { return known }
        // The file being prepared may not have used any space yet, or its preparation may fail.
        let required = 2 * self.configuration.fileByteCount + needed
        return free >= UInt64(required) ? .likely : .unknown
    }

    /// Whether the next file should be prepared now, because there is none.
    ///
    /// Any thread.
    public var wantsNext: Bool { self.shared.withLock { $0.spare == .none } }

    // MARK: - Content

    /// The first step that can still be read.
    ///
    /// Any thread.
    public var firstRetainedLSN: LSN {
        self.shared.withLock { $0.files.first?.firstLSN ?? .first }
    }

    /// The bytes of all files.
    ///
    /// Any thread.
    public var byteCount: UInt64 {
        self.shared.withLock { $0.files.reduce(0) { $0 + $1.byteCount } }
    }

    /// Returns the files in order; the last is being written to.
    ///
    /// Any thread.
    func files() -> [FileEntry] { self.shared.withLock { $0.files } }

    // MARK: - Retiring

    /// Retires files that contain only steps up to `lsn` and exceed the retention.
    ///
    /// Not on the log thread.
    ///
    /// - Parameters:
    ///   - lsn: The last step that no start needs any more.
    ///   - now: The time in µs since 1970 UTC.
    /// - Returns: The number of retired files.
    /// - Throws: ``DurabilityError`` if a file cannot be renamed or removed.
    @discardableResult
    public func retire(through lsn: LSN, now: Int64) throws(DurabilityError) -> Int {
        var count = 0
        for name in self.shared.withLock({ $0.disconnected }) {
            try self.storage.remove(name)
            self.shared.withLock { $0.disconnected.removeAll { $0 == name } }
        }
        while let file = self.takeRetired(through: lsn, now: now) {
            let isSpareWanted =
                file.byteCount == UInt64(self.configuration.fileByteCount) && self.beginPreparing()
            do throws(DurabilityError) {
                if isSpareWanted {
                    try self.storage.rename(file.name, to: LogFileHead.spareName)
                } else {
                    try self.storage.remove(file.name)
                }
                try self.storage.syncDirectory()
            } catch {
                if isSpareWanted { self.shared.withLock { $0.spare = .none } }
                throw error
            }
            self.shared.withLock {
                if isSpareWanted { $0.spare = .ready }
                $0.isFull = false
            }
            count += 1
        }
        return count
    }

    /// Removes the oldest file from the list if it may be retired: readers no longer find it.
    private func takeRetired(through lsn: LSN, now: Int64) -> FileEntry? {
        let oldest = now - self.configuration.retentionSeconds * 1_000_000
        return self.shared.withLock { shared in
            guard shared.files.count > 1, shared.files[1].firstLSN.value <= lsn.value + 1 else {
                return nil
            }
            let total = shared.files.reduce(0) { $0 + $1.byteCount }
            let isBeyondSize = total > UInt64(self.configuration.retentionByteCount)
            let isBeyondAge = shared.files[1].time < oldest
            return isBeyondSize || isBeyondAge ? shared.files.removeFirst() : nil
        }
    }
}

extension LogFileHead {
    /// The next file while it is filled with zeros.
    static let preparedName = "preparing.invlog"
    /// The next file if there was no spare, until it gets its name in the log.
    static let rollingName = "rolling.invlog"
    /// The bytes of zeros per write to a file that is being prepared.
    static let zerosByteCount = 256 << 10
}

extension Storage {
    /// Creates a file of zeros, written and synced, so that later writes into it allocate nothing.
    ///
    /// It is written past the page cache in chunks: one sync of a whole file would send it to the disk at
    /// once, and blocks of the log would wait behind it.
    func allocate(_ name: String, byteCount: Int) throws(DurabilityError) {
        // A file left by a crash may be longer.
        if try self.list().contains(name) { try self.remove(name) }
        let file = try self.open(name, create: true, direct: true)
        let byteCount = StorageAlignment.rounded(byteCount)
        let chunk = UnsafeMutableRawBufferPointer.allocate(
            byteCount: min(byteCount, LogFileHead.zerosByteCount),
            alignment: StorageAlignment.byteCount
        )
        defer { chunk.deallocate() }
        chunk.initializeMemory(as: UInt8.self, repeating: 0)
        var offset = 0
        while offset < byteCount {
            let count = min(chunk.count, byteCount - offset)
            try file.write(UnsafeRawBufferPointer(rebasing: chunk[..<count]), at: UInt64(offset))
            offset += count
        }
        try file.sync()
    }

    /// Writes the head of the file currently named `source`, and gives it its name in the log.
    func putInUse(
        _ file: any StorageFile,
        source: String,
        head: LogFileHead
    ) throws(DurabilityError) {
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
        try self.publish(source, as: LogFileHead.name(head.firstLSN))
    }
}
