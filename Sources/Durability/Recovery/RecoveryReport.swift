public import Bytes

/// The findings of a start, for the log and for `invctl stats`.
public struct RecoveryReport: Equatable, Sendable {
    /// An unfinished last block that was dropped; it was never acknowledged.
    public struct Torn: Equatable, Sendable {
        /// The path of its file.
        public var path: String
        /// Its offset in the file.
        public var offset: UInt64
        /// The LSN of its first step.
        public var firstLSN: LSN
        /// The LSN of its last step; `nil` if the head was not valid.
        public var lastLSN: LSN?
    }

    /// A defect that does not prevent a start.
    public enum Notice: Equatable, Sendable {
        /// An unfinished file, which was removed.
        case leftover(path: String)
        /// A block file without references, which the next snapshot removes.
        case unused(path: String)
        /// The older snapshot cannot replace the newest.
        case noFallback(path: String, reason: String)
        /// A log file that no start needs is missing or unreadable, so the log starts with `first`.
        case noHistory(path: String, reason: String, first: LSN)
    }

    /// The LSN of the loaded snapshot, if any.
    public var snapshotLSN: LSN?
    /// The number of log blocks read after the snapshot.
    public var blocksRead = 0
    /// The LSN of the last step, and so the version of the data.
    public var lastLSN = LSN.zero
    /// The torn tail, if there was one.
    public var torn: Torn?
    /// Damaged pages that were restored from parity.
    public var healed: [Protection.HealedPage] = []
    /// Defects that did not prevent the start.
    public var notices: [Notice] = []

    /// Creates the report of a start without findings.
    public init() {}
}

extension RecoveryReport.Notice: CustomStringConvertible {
    /// The message for the log.
    public var description: String {
        switch self {
        case .leftover(let path):
            "\(path) was not finished when the last process ended; it was removed"
        case .unused(let path):
            "no snapshot refers to \(path); the next snapshot removes it"
        case .noHistory(let path, let reason, let first):
            "\(path) is unusable: \(reason); the log now starts with LSN \(first), and clients that need "
                + "older steps take a new snapshot"
        case .noFallback(let path, let reason):
            "\(path) cannot replace the newest snapshot: \(reason); the next "
                + "snapshot replaces it"
        }
    }
}
