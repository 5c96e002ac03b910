public import Bytes

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

    /// Something that is not in order and that a start copes with.
    public enum Notice: Equatable, Sendable {
        /// A file that was not finished; it was removed.
        case leftover(path: String)
        /// No snapshot refers to this file of blocks; the next snapshot removes it.
        case unused(path: String)
        /// The snapshot that is kept beside the newest cannot take its place.
        case noFallback(path: String, reason: String)
        /// A file of the log is missing or unreadable that no start needs: the log reaches back to `first`
        /// only.
        case noHistory(path: String, reason: String, first: LSN)
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
    public var notices: [Notice] = []

    public init() {}
}

extension RecoveryReport.Notice: CustomStringConvertible {
    public var description: String {
        switch self {
        case .leftover(let path):
            "\(path) was not finished when the last process ended; it is removed"
        case .unused(let path):
            "no snapshot refers to \(path); the next snapshot removes it"
        case .noHistory(let path, let reason, let first):
            "\(path) is of no use: \(reason); the log reaches back to LSN \(first) only, and whoever was away "
                + "for longer takes a new snapshot"
        case .noFallback(let path, let reason):
            "\(path) could not take the place of the newest snapshot: \(reason); the next "
                + "snapshot makes up for it"
        }
    }
}
