internal import Bytes
internal import Durability

/// A log that blocks of steps are appended to: the files of this machine, or whatever else makes a block
/// durable before it says so.
///
/// Appending, sealing and closing belong to one thread, the log thread; the rest may be called by others
/// meanwhile.
protocol LogStore: AnyObject, Sendable {
    /// Appends a block of `count` steps from `first` on; it is durable when this returns.
    ///
    /// `acknowledged`: The newest step that anybody was told of. `time`: Microseconds since 1970.
    ///
    /// - Throws: `full` if nothing of it was taken; after any other error nothing may be believed.
    func append(
        body: UnsafeRawBufferPointer,
        first: LSN,
        count: Int,
        acknowledged: LSN,
        time: Int64
    ) throws(DurabilityError)
    /// Says that what it has is complete.
    func seal(acknowledged: LSN, time: Int64) throws(DurabilityError)
    func close(acknowledged: LSN, time: Int64) throws(DurabilityError)

    /// Whether there is space for so many bytes more.
    func room(for byteCount: Int) -> LogSpace
    /// Whether the next file is to be made ready.
    var wantsNext: Bool { get }
    func prepareNext() throws(DurabilityError)

    /// The oldest step that it still has.
    var firstRetainedLSN: LSN { get }
    var byteCount: UInt64 { get }
    /// Gives back what no start needs any more, once a snapshot has everything up to `lsn`.
    @discardableResult
    func retire(through lsn: LSN, now: Int64) throws(DurabilityError) -> Int
    /// The steps after `lsn`, block by block, for who is behind what memory has.
    func cursor(after lsn: LSN) -> LogCursor
    /// Stops the process where it is not as it promises, between two calls.
    func checkInvariants()
}

extension WriteAheadLog: LogStore {
    func cursor(after lsn: LSN) -> LogCursor { LogCursor(self, after: lsn) }
}
