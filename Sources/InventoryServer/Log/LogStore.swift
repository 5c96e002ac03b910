internal import Bytes
internal import Durability

/// The byte counts of a log by which the server ensures that all it accepts can be written.
struct LogSizes: Sendable {
    /// The bytes of one file of the log, or of the unit in which it gets its space.
    var fileByteCount: Int
    /// The maximum bytes of a file that hold no blocks.
    var fileOverheadByteCount: Int
    /// The maximum bytes of a block beyond its entries.
    var blockOverheadByteCount: Int
    /// The maximum bytes of the mark of a complete log.
    var sealByteCount: Int
}

/// A position in a log, from which durable steps are read while later ones are appended.
///
/// A value for one thread at a time, any of them.
protocol LogStoreCursor: Sendable {
    /// The next step to read.
    var next: LSN { get }
    /// Returns the next block with a step at or after ``next``; `nil` beyond `durable`.
    ///
    /// - Throws: `retired` if the log no longer has that step.
    mutating func nextBlock(through durable: LSN) throws(DurabilityError) -> FeedBlock?
}

/// A log to which blocks of steps are appended: files of this machine, or anything else that makes a block
/// durable before it returns.
///
/// Appending, sealing and closing happen on one thread, the log thread; other threads may call the rest
/// concurrently.
protocol LogStore: AnyObject, Sendable {
    /// Appends a block of `count` steps from `first` on; it is durable on return.
    ///
    /// `acknowledged` is the newest LSN that any client was notified of; `time` is in microseconds since
    /// 1970.
    ///
    /// - Throws: `full` if nothing was written; after any other error the log's content is unknown.
    func append(
        body: UnsafeRawBufferPointer,
        first: LSN,
        count: Int,
        acknowledged: LSN,
        time: Int64
    ) throws(DurabilityError)
    /// Marks the log as complete.
    func seal(acknowledged: LSN, time: Int64) throws(DurabilityError)
    func close(acknowledged: LSN, time: Int64) throws(DurabilityError)

    /// Whether there is space for `byteCount` more bytes.
    func space(for byteCount: Int) -> LogSpace
    /// Whether the next file should be prepared.
    var wantsNext: Bool { get }
    func prepareNext() throws(DurabilityError)

    /// The oldest LSN in the log.
    var firstRetainedLSN: LSN { get }
    var byteCount: UInt64 { get }
    /// Removes files that recovery no longer needs, once a snapshot holds everything up to `lsn`.
    @discardableResult
    func retire(through lsn: LSN, now: Int64) throws(DurabilityError) -> Int
    /// The steps after `lsn`, block by block, for subscribers that are behind the blocks in memory.
    func cursor(after lsn: LSN) -> any LogStoreCursor
    /// Constant for the life of the log.
    var sizes: LogSizes { get }
    /// Traps if the log's invariants do not hold; valid between two calls.
    func checkInvariants()
}

extension WriteAheadLog: LogStore {
    func cursor(after lsn: LSN) -> any LogStoreCursor { LogCursor(self, after: lsn) }

    var sizes: LogSizes {
        LogSizes(
            fileByteCount: self.configuration.fileByteCount,
            fileOverheadByteCount: 2 * StorageAlignment.byteCount,
            blockOverheadByteCount: Self.blockOverheadByteCount,
            sealByteCount: StorageAlignment.byteCount
        )
    }
}

extension LogCursor: LogStoreCursor {
    mutating func nextBlock(through durable: LSN) throws(DurabilityError) -> FeedBlock? {
        guard let block = try self.read(through: durable) else { return nil }
        return FeedBlock(first: block.first, count: block.count, bytes: block.body)
    }
}

/// The blocks of any log, for a backup.
struct StoredBlocks: LogBlockReader {
    private var cursor: any LogStoreCursor
    private(set) var next: LSN

    /// Starts with the block that has the step after `lsn`.
    init(_ cursor: any LogStoreCursor, after lsn: LSN) {
        self.cursor = cursor
        self.next = lsn.next
    }

    mutating func read(through durable: LSN) throws(DurabilityError) -> LogCursor.Block? {
        guard self.next <= durable, let block = try self.cursor.nextBlock(through: durable) else {
            return nil
        }
        self.next = LSN(block.first.value + UInt64(block.count))
        return LogCursor.Block(first: block.first, count: block.count, body: block.bytes)
    }
}
