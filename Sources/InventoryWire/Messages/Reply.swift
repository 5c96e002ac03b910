public import Bytes
public import InventoryModel

/// A message from the server after the hello: a reply, or an event of a subscription.
///
/// The frame's header has the id of the request that it belongs to.
public enum ServerMessage: Hashable, Sendable {
    /// The session is open; its state.
    case sessionOpened(SessionStatus)
    /// The outcome of a command.
    case outcome(Outcome)
    /// The remembered outcome of a retried command with an idempotency key; this request executed nothing.
    case replayedOutcome(Outcome)
    /// The columns of a result, and the state it reflects.
    case resultHeader(ResultHeader)
    /// Some rows of a result: a block as encoded by `ResultTable`, to be decoded with the schema.
    case resultRows([UInt8])
    /// The result is complete; the number of its rows.
    case resultEnd(rowCount: UInt64)
    /// The request was refused.
    case refused(Refusal)
    /// Every step up to `durable` is on disk; `time` is the server's clock.
    case pong(durable: LSN, time: Instant)
    /// The subscription started.
    case subscribed(Subscribed)
    /// Rows of the state at the subscription's start, as changes.
    case snapshotRows([Change])
    /// The snapshot is complete; it was the state at `lsn`.
    case caughtUp(lsn: LSN)
    /// Steps, each with the changes that match the subscription.
    case entries([Entry])
    /// Everything up to `lsn` was delivered, even if no change matched.
    case progress(lsn: LSN, time: Instant)
    /// The state checksum of the subscribed levels as of `lsn`, to verify a replica: see `LevelDigest`.
    case digest(lsn: LSN, value: UInt64)
    /// All that was delivered is void; a new snapshot at a later LSN follows.
    case reset(ResetReason)
    /// The subscription ended; it can be resumed after `lsn`.
    case closed(Refusal, lsn: LSN)
    /// The connection is being closed, and why; it is not the reply to a request.
    case goodbye(Refusal)
    /// A snapshot was written.
    case snapshotTaken(SnapshotTaken)
    /// The next bytes of a backup; none while the server works on it.
    case backupPiece([UInt8])
    /// The backup is complete.
    case backupEnd(BackupTaken)
    /// A product with its stock.
    case product(StockedProduct)
    /// The columns of an insight's result, and what they refer to.
    case insightHeader(InsightHeader)
    /// The change of a live insight's result.
    case insightChanged(InsightChanged)
}

/// The head of a query's result.
public struct ResultHeader: Hashable, Sendable {
    /// The LSN of the state that the result reflects.
    public var lsn: LSN
    /// When that state's last step was recorded.
    public var time: Instant
    /// The columns of the rows.
    public var schema: [ResultField]

    /// Creates a head.
    public init(lsn: LSN, time: Instant, schema: [ResultField]) {
        self.lsn = lsn
        self.time = time
        self.schema = schema
    }
}

/// The reply to a subscription.
public struct Subscribed: Hashable, Sendable {
    /// The LSN after which events start.
    public var lsn: LSN
    /// Whether a snapshot at that LSN precedes them.
    public var hasSnapshot: Bool

    /// Creates a reply.
    public init(lsn: LSN, hasSnapshot: Bool) {
        self.lsn = lsn
        self.hasSnapshot = hasSnapshot
    }
}

/// Why a subscription restarts with a new snapshot or result.
public enum ResetReason: UInt8, CaseIterable, Sendable {
    /// The requested steps are no longer retained.
    case historyGone = 1
    /// A product started or ceased to match the filter because its SKU or category changed.
    case filterChanged = 2
    /// More rows of a live insight changed than fit in a message, or the client was away for too long.
    case resultReplaced = 3
}

/// The reply to a request for a snapshot.
public struct SnapshotTaken: Hashable, Sendable {
    /// The LSN of the state in the snapshot.
    public var lsn: LSN
    /// The size of the file, in bytes.
    public var byteCount: UInt64
    /// Column segments written.
    public var segmentsWritten: UInt64
    /// Column segments reused from the previous snapshot.
    public var segmentsReused: UInt64
    /// How long it took.
    public var milliseconds: UInt64

    /// Creates a reply.
    public init(
        lsn: LSN,
        byteCount: UInt64,
        segmentsWritten: UInt64,
        segmentsReused: UInt64,
        milliseconds: UInt64
    ) {
        self.lsn = lsn
        self.byteCount = byteCount
        self.segmentsWritten = segmentsWritten
        self.segmentsReused = segmentsReused
        self.milliseconds = milliseconds
    }
}

/// The end of a backup.
public struct BackupTaken: Hashable, Sendable {
    /// The LSN of the image in the backup; 0 if it has every step.
    public var image: LSN
    /// The LSN of its last step.
    public var last: LSN
    /// Its size, in bytes.
    public var byteCount: UInt64
    /// The state checksum after its last step.
    public var checksum: StateChecksum

    /// Creates a message.
    public init(image: LSN, last: LSN, byteCount: UInt64, checksum: StateChecksum) {
        self.image = image
        self.last = last
        self.byteCount = byteCount
        self.checksum = checksum
    }
}
