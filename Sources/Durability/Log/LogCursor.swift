public import Bytes

/// Reads the log while it is being written: for subscribers that were away.
///
/// It opens the files itself and shares nothing with the writer but their list, so any thread may
/// use one. It reads no further than the LSN its caller says is durable.
public struct LogCursor: Sendable {
    /// The entries of one block.
    public struct Block: Sendable {
        public var first: LSN
        public var count: Int
        public var body: [UInt8]
    }

    private let log: WriteAheadLog
    /// The step to read next.
    public private(set) var next: LSN
    private var position: Position?

    private struct Position: Sendable {
        var file: any StorageFile
        var offset: UInt64
        /// Of the block at `offset`.
        var lsn: LSN
        /// Whether the file was opened just now, so that to look for another leads nowhere.
        var isFresh: Bool
    }

    /// A cursor that begins with the block that holds the step after `lsn`.
    public init(_ log: WriteAheadLog, after lsn: LSN) {
        self.log = log
        self.next = lsn.next
    }

    /// The next block that has a step at or after ``next``; nothing beyond `durable`.
    ///
    /// - Throws: ``DurabilityError/retired(asked:firstRetained:)`` if that step is no longer kept.
    public mutating func read(through durable: LSN) throws(DurabilityError) -> Block? {
        while self.next <= durable {
            if self.position == nil { try self.open() }
            guard let position else { return nil }
            let head = try position.file.bytes(
                at: position.offset,
                count: StorageAlignment.byteCount
            )
            let block = head.withUnsafeBytes {
                try? LogBlock(head: $0, database: self.log.database)
            }
            guard let block, block.firstLSN == position.lsn else {
                try self.openNext(after: position)
                continue
            }
            guard block.kind == .changes, block.nextLSN > self.next else {
                self.advance(past: block)
                continue
            }
            let stored = try position.file.bytes(
                at: position.offset + UInt64(LogBlock.headByteCount),
                count: block.storedByteCount
            )
            guard let body = stored.withUnsafeBytes({ block.body($0) }) else {
                try self.throwIfRetired(position.lsn)
                throw .corruptBlock(
                    path: position.file.path,
                    offset: position.offset,
                    lsn: block.firstLSN,
                    reason: "its body does not match its checksum"
                )
            }
            self.advance(past: block)
            self.next = block.nextLSN
            return Block(first: block.firstLSN, count: block.count, body: body)
        }
        return nil
    }

    private mutating func advance(past block: LogBlock) {
        self.position?.offset += UInt64(block.byteCount)
        self.position?.lsn = block.nextLSN
        self.position?.isFresh = false
    }

    /// A file that was given back may be in use again, for later steps: what it holds then is no
    /// damage.
    private func throwIfRetired(_ lsn: LSN) throws(DurabilityError) {
        let retained = self.log.firstRetainedLSN
        if retained > lsn { throw .retired(asked: lsn, firstRetained: retained) }
    }

    /// Goes on in the file that begins with the next block, where this one has no more.
    ///
    /// An empty file may have been replaced by a larger one of the same name.
    private mutating func openNext(after position: Position) throws(DurabilityError) {
        try self.throwIfRetired(position.lsn)
        let continues = self.log.files().contains { $0.firstLSN == position.lsn }
        guard continues, !position.isFresh else {
            throw .corruptBlock(
                path: position.file.path,
                offset: position.offset,
                lsn: position.lsn,
                reason: "the next durable block is not there"
            )
        }
        try self.open(at: position.lsn)
    }

    /// Finds the file that has the next step.
    private mutating func open(at lsn: LSN? = nil) throws(DurabilityError) {
        let wanted = lsn ?? self.next
        let files = self.log.files()
        guard let entry = files.last(where: { $0.firstLSN <= wanted }) else {
            throw .retired(asked: wanted, firstRetained: files.first?.firstLSN ?? .first)
        }
        do throws(DurabilityError) {
            let file = try self.log.storage.open(entry.name, create: false, direct: false)
            let page = try file.bytes(at: 0, count: LogFileHead.byteCount)
            let head = try LogFileHead(page, path: file.path, database: self.log.database)
            guard head.firstLSN == entry.firstLSN else {
                throw DurabilityError.retired(asked: wanted, firstRetained: head.firstLSN)
            }
            self.position = Position(
                file: file,
                offset: UInt64(LogFileHead.byteCount),
                lsn: entry.firstLSN,
                isFresh: true
            )
        } catch {
            // A file that went between the list and the open was retired meanwhile.
            let first = self.log.firstRetainedLSN
            if first > wanted { throw .retired(asked: wanted, firstRetained: first) }
            throw error
        }
    }
}
