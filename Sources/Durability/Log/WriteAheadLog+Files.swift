public import Bytes
internal import ColumnStore

/// The files of the log: the next one made ready ahead of need, the oldest given back.
///
///     preparing.invlog ──zeros written──▶ spare.invlog ──roll──▶ log-<first LSN>.invlog
///                                              ▲                        │
///                                              └───────── retire ───────┘
///
/// At most one file is on its way to be the spare one, and once the log thread has claimed it
/// nobody makes another before it is in use: the spare's name never means two files.
extension WriteAheadLog {
    // MARK: - Going on in the next file

    /// Whether no block was written to the current file yet.
    var isFileEmpty: Bool { self.end.offset == UInt64(LogFileHead.byteCount) }

    func noteSpace() {
        let room = Int(self.fileByteCount) - Int(self.end.offset)
        self.shared.withLock { $0.room = room }
    }

    /// Finds the file to go on in: the spare one if it is ready, else one made now.
    ///
    /// Touches nothing of the log.
    ///
    /// - Returns: The name that the file has as yet.
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

    /// Goes on in the file that is named `source` as yet.
    ///
    /// A current file without a block is replaced, since the next one begins with the same LSN.
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
        // Before anything in it is acknowledged: it can be missed from now on.
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

    // MARK: - Ahead of need

    /// Makes the next file ready ahead of need, unless it is.
    ///
    /// Not for the log thread.
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

    /// Remembers a full disk, and frees what the file that did not fit has taken.
    private func noteFailure(_ error: DurabilityError, of name: String) {
        guard case .full = error else { return }
        self.shared.withLock { $0.isFull = true }
        // Where it cannot be removed, the next attempt or the next start removes it.
        try? self.storage.remove(name)
    }

    /// What a block takes beyond its entries, at most: its head, and what fills its last page.
    public static var blockOverheadByteCount: Int {
        LogBlock.headByteCount + StorageAlignment.byteCount
    }

    /// Whether a block with `byteCount` bytes of entries can be written whatever the disk says next.
    ///
    /// Any thread. Takes into account neither a block that is on its way nor a seal.
    public func room(for byteCount: Int) -> LogSpace {
        let needed = StorageAlignment.rounded(byteCount + LogBlock.headByteCount)
        let known: LogSpace = self.shared.withLock { shared in
            let isSpareThere = shared.spare == .ready || shared.spare == .claimed
            let fitsSpare = needed + LogFileHead.byteCount <= self.configuration.fileByteCount
            if needed <= shared.room || isSpareThere && fitsSpare { return .certain }
            return shared.isFull ? .full : .unknown
        }
        guard known == .unknown, let free = try? self.storage.freeByteCount() else { return known }
        // The file that is being made may have taken nothing yet, or be made in vain.
        let wanted = 2 * self.configuration.fileByteCount + needed
        return free >= UInt64(wanted) ? .likely : .unknown
    }

    /// Whether the next file should be made ready now: it is not there.
    ///
    /// Any thread.
    public var wantsNext: Bool { self.shared.withLock { $0.spare == .none } }

    // MARK: - What there is

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

    // MARK: - Giving back

    /// Gives back files that hold only steps up to `lsn` and are beyond the retention.
    ///
    /// Not for the log thread.
    ///
    /// - Returns: How many files went.
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

    /// Takes the oldest file off the list, if it may go: readers no longer find it.
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
    /// The next file while it is being filled with zeros.
    static let preparedName = "preparing.invlog"
    /// The next file where there was no spare one, until it has its name in the log.
    static let rollingName = "rolling.invlog"
    /// Bytes of zeros that are written at once to a file that is being made ready.
    static let zerosByteCount = 256 << 10
}

extension Storage {
    /// Makes a file of zeros, written and synced, so that later writes into it allocate nothing.
    ///
    /// It is written past the page cache, a little at a time: a whole file that is left to one sync goes to
    /// the disk at once, and blocks of the log would wait behind it.
    func allocate(_ name: String, byteCount: Int) throws(DurabilityError) {
        // One left by a crash may be longer.
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

    /// Writes the head of a file that is named `source` as yet, and gives it its name in the log.
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
