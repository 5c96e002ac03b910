internal import InventoryWire

/// Every bound of the fan-out, in one place.
enum FanoutLimits {
    /// Parts of a pass, each of which sends up to what is durable when it begins.
    ///
    /// With more of them a change comes sooner, and the frames are more and smaller.
    static let partsOfPass = 8
    /// Pieces that one subscription gets at once.
    static let piecesAtOnceMax = 64
    /// Bytes of events that one subscription gets at once; a piece more may be, and a single step.
    static let pieceByteCountMax = WireLimits.eventsByteCountMax
    /// Bytes of the log that are looked through for one piece, so that a filter which selects hardly
    /// anything takes no longer than one that selects everything.
    static let scanByteCountMax = 256 << 10
    /// Bytes that a turn hands to sockets; one piece may go beyond it.
    static let turnByteCountMax = 1 << 20
    /// Nanoseconds after which a turn ends; one piece may go beyond it.
    static let turnNanosecondsMax: UInt64 = 2_000_000
    /// Nanoseconds from which on a pass is long: the log's blocks are kept apart then (``BlockPace``).
    static let longPassNanoseconds: UInt64 = 4_000_000
    /// A rest after a pass lasts no longer.
    static let restNanosecondsMax: UInt64 = 1_000_000
    /// Bytes of encoded pieces that are kept for those who come to them later.
    static let piecesByteCountMax = 32 << 20
    /// Bytes of the newest blocks that are kept in memory while somebody subscribes.
    static let feedByteCountMax = 64 << 20
    /// Bytes of blocks read from the log's files that are kept for all who are behind.
    static let logBlocksByteCountMax = 16 << 20
    /// Bytes of blocks that are read from the log's files at once; one block may be more.
    static let logReadByteCount = 1 << 20
    /// Places in the log's files that are read from at the same time.
    static let logReadersMax = 4
    /// Changes of a snapshot that are made at once.
    static let snapshotRowsMax = 512
    /// Bytes of answers that a subscriber's connection holds before no more are made for it.
    static let answerByteCountMax = 1 << 20
    /// Levels in one window of a conflated subscription; what changed beyond is another window.
    static let windowLevelsMax = 65_536
    /// Windows that are being put together at the same time.
    static let windowBuildersMax = 16
    /// Interests whose windows are put together while they go on; of more, once their time is over.
    static let followedWindowsMax = 4
    /// Bytes of windows that are over, of all interests, kept for those who were late.
    static let windowsByteCountMax = 32 << 20
    /// Steps with a product that enters a filter whose rows are kept.
    static let enteringMax = 64
    /// Bytes that the kernel holds of events on their way to one subscriber.
    static let sendBufferByteCount = 256 << 10
    /// Nanoseconds between two looks at who needs a sign of progress.
    static let timerNanoseconds: UInt64 = 50_000_000
}
