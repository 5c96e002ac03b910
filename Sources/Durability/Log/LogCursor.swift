public import Bytes

/// Reads the steps of a log block by block, in order.
public protocol LogBlockReader: Sendable {
    /// The next step to read.
    var next: LSN { get }

    /// Returns the next block with a step at or after ``next``, or `nil` beyond `durable`.
    ///
    /// - Parameter durable: The last durable LSN; later blocks are not read.
    /// - Returns: A whole block, whose first entries may be before ``next``.
    /// - Throws: ``DurabilityError`` if the log cannot be read, or no longer has the step.
    mutating func read(through durable: LSN) throws(DurabilityError) -> LogCursor.Block?
}

/// Reads the log while it is being written, for clients that were disconnected.
///
/// It opens the files itself and shares only their list with the writer, so any thread may use one. It
/// reads no further than the durable LSN given by its caller.
public struct LogCursor: LogBlockReader {
    /// The entries of one block.
    public struct Block: Sendable {
        /// The LSN of the first entry.
        public var first: LSN
        /// The number of entries, at least 1; their LSNs are consecutive.
        public var count: Int
        /// The encoded entries, decompressed.
        public var body: [UInt8]

        /// Creates a block of `count` entries from `first` on.
        public init(first: LSN, count: Int, body: [UInt8]) {
            self.first = first
            self.count = count
            self.body = body
        }
    }

    private let log: WriteAheadLog
    /// The next step to read.
    public private(set) var next: LSN
    private var position: Position?

    private struct Position: Sendable {
        var file: any StorageFile
        var offset: UInt64
        /// The first LSN of the block at `offset`.
        var lsn: LSN
        /// Whether the file was just opened, so that looking for another is pointless.
        var isFresh: Bool
    }

    /// Creates a cursor that starts with the block containing the step after `lsn`.
    public init(_ log: WriteAheadLog, after lsn: LSN) {
        self.log = log
        self.next = lsn.next
    }

    /// Returns the next block with a step at or after ``next``, or `nil` beyond `durable`.
    ///
    /// - Parameter durable: The last durable LSN; later blocks are not read.
    /// - Returns: A whole block, whose first entries may be before ``next``.
    /// - Throws: ``DurabilityError/retired(requested:firstRetained:)`` if that step was already removed, or
    ///   another ``DurabilityError`` if the log cannot be read.
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
                    reason: "the checksum of the body does not match"
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

    /// Throws if `lsn` was retired: a recycled file may already contain later steps, which is not damage.
    private func throwIfRetired(_ lsn: LSN) throws(DurabilityError) {
        let retained = self.log.firstRetainedLSN
        if retained > lsn { throw .retired(requested: lsn, firstRetained: retained) }
    }

    /// Continues in the file that starts with the next block, after the last block of this one.
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
                reason: "the next durable block is missing"
            )
        }
        try self.open(at: position.lsn)
    }

    /// Opens the file that contains the next step.
    private mutating func open(at lsn: LSN? = nil) throws(DurabilityError) {
        let target = lsn ?? self.next
        let files = self.log.files()
        guard let entry = files.last(where: { $0.firstLSN <= target }) else {
            throw .retired(requested: target, firstRetained: files.first?.firstLSN ?? .first)
        }
        do throws(DurabilityError) {
            let file = try self.log.storage.open(entry.name, create: false, direct: false)
            let page = try file.bytes(at: 0, count: LogFileHead.byteCount)
            let head = try LogFileHead(page, path: file.path, database: self.log.database)
            guard head.firstLSN == entry.firstLSN else {
                throw DurabilityError.retired(requested: target, firstRetained: head.firstLSN)
            }
            self.position = Position(
                file: file,
                offset: UInt64(LogFileHead.byteCount),
                lsn: entry.firstLSN,
                isFresh: true
            )
        } catch {
            // A file that disappeared between the list and the open was retired meanwhile.
            let first = self.log.firstRetainedLSN
            if first > target { throw .retired(requested: target, firstRetained: first) }
            throw error
        }
    }
}
