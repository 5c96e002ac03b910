internal import InventoryWire

/// Every limit of the fan-out, in one place.
enum FanoutLimits {
    /// Parts of a pass, each of which sends up to the LSN that is durable when it begins.
    ///
    /// More parts deliver a change earlier, in smaller and more frames.
    static let partsOfPass = 8
    /// Pieces sent to one subscription at once.
    static let piecesAtOnceMax = 64
    /// Bytes of events sent to one subscription at once; one piece or a single step may exceed it.
    static let pieceByteCountMax = WireLimits.eventsByteCountMax
    /// Bytes of the log that are scanned for one piece, so that a selective filter takes no longer than one
    /// that selects everything.
    static let scanByteCountMax = 256 << 10
    /// Bytes that a turn passes to sockets; the last piece may exceed it.
    static let turnByteCountMax = 1 << 20
    /// Nanoseconds after which a turn ends; the last piece may exceed it.
    static let turnNanosecondsMax: UInt64 = 2_000_000
    /// Nanoseconds from which a pass counts as long and the log's blocks are throttled (``BlockPace``).
    static let longPassNanoseconds: UInt64 = 4_000_000
    /// The longest rest after a pass, in nanoseconds.
    static let restNanosecondsMax: UInt64 = 1_000_000
    /// Bytes of encoded pieces that are cached for subscribers that reach them later.
    static let piecesByteCountMax = 32 << 20
    /// Bytes that a cached piece counts beyond those that it sends, so that empty ones are bounded too.
    static let pieceOverheadByteCount = 256
    /// Bytes of the newest blocks that are cached while there are subscribers.
    static let feedByteCountMax = 64 << 20
    /// Bytes of blocks read from the log's files that are cached for subscribers that are behind.
    static let logBlocksByteCountMax = 16 << 20
    /// Bytes of blocks that are read from the log's files at once; a single block may be larger.
    static let logReadByteCount = 1 << 20
    /// Concurrent readers of the log's files.
    static let logReadersMax = 4
    /// Changes of a snapshot that are made at once.
    static let snapshotRowsMax = 512
    /// Bytes of answers that wait for a subscriber's connection before no more are produced (back-pressure).
    static let answerByteCountMax = 1 << 20
    /// Levels in one window of a conflated subscription; further changes begin another window.
    static let windowLevelsMax = 65_536
    /// Windows that are built at the same time.
    static let windowBuildersMax = 16
    /// Interests whose windows are built incrementally; windows of more are built when their time is over.
    static let followedWindowsMax = 4
    /// Bytes of completed windows, of all interests, that are cached for subscribers that are late.
    static let windowsByteCountMax = 32 << 20
    /// Steps in which a product enters a filter whose rows are cached.
    static let enteringMax = 64
    /// Bytes of events in the kernel's send buffer of one subscriber.
    static let sendBufferByteCount = 256 << 10
    /// Nanoseconds between two checks which subscribers need a progress event.
    static let timerNanoseconds: UInt64 = 50_000_000
    /// Nanoseconds after which a progress event or a state checksum is due: the next check may be too late.
    static let progressNanoseconds =
        UInt64(WireLimits.progressMilliseconds) * 1_000_000 - timerNanoseconds
}
