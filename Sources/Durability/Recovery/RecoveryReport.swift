public import ColumnStore

/// What a start found on disk, for the log lines and for `invctl stats`.
public struct RecoveryReport: Equatable, Sendable {
    /// An unfinished last block that was dropped: nobody was told of what it held.
    public struct Torn: Equatable, Sendable {
        public var path: String
        public var offset: UInt64
        public var firstLSN: LSN
        /// Nothing where not even the block's head was whole.
        public var lastLSN: LSN?
    }

    /// The snapshot that was loaded, if any.
    public var snapshotLSN: LSN?
    /// Blocks of the log that were read after it.
    public var blocksRead = 0
    /// The last step, and so the version of the data.
    public var lastLSN = LSN.zero
    public var torn: Torn?
    /// Pages that were damaged, and are again what was written.
    public var healed: [Protection.HealedPage] = []

    public init() {}
}
