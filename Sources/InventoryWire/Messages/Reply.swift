public import Bytes
public import InventoryModel

/// Everything a server sends once it has accepted the hello: answers, and events of subscriptions.
///
/// Each carries the id of the request it belongs to in its frame's header.
public enum ServerMessage: Hashable, Sendable {
    case sessionOpened(SessionStatus)
    case outcome(Outcome)
    /// The outcome that a command with the same idempotency key had: this request did nothing.
    case replayedOutcome(Outcome)
    /// The columns of an answer, and the state it reflects.
    case resultHeader(ResultHeader)
    /// Some of its rows: a block as `ResultTable` encodes it, to be read with the schema.
    case resultRows([UInt8])
    /// The answer is complete; how many rows it had.
    case resultEnd(rowCount: UInt64)
    case refused(Refusal)
    /// Every step up to `durable` is on disk.
    case pong(durable: LSN, time: Instant)
    case subscribed(Subscribed)
    /// Rows of the state at the subscription's beginning, as changes.
    case snapshotRows([Change])
    /// The snapshot is complete: it was the state at `lsn`.
    case caughtUp(lsn: LSN)
    /// Steps, each with the changes that the subscription is for.
    case entries([Entry])
    /// Everything up to `lsn` has been delivered, also if nothing matched.
    case progress(lsn: LSN, time: Instant)
    /// What a copy of the levels subscribed to comes to, as of `lsn`: see `LevelDigest`.
    case digest(lsn: LSN, value: UInt64)
    /// What was delivered so far is void; a new snapshot at a later LSN follows.
    case reset(ResetReason)
    /// The subscription is over; it can be resumed after `lsn`.
    case closed(Refusal, lsn: LSN)
    /// The connection is being closed, and why. Not the answer to any request.
    case goodbye(Refusal)
    case snapshotTaken(SnapshotTaken)
    case product(StockedProduct)
    /// What goes before the rows of an insight's answer.
    case insightHeader(InsightHeader)
    /// What became of an insight's result.
    case insightChanged(InsightChanged)
}

/// What goes before the rows of an answer.
public struct ResultHeader: Hashable, Sendable {
    /// The state that the answer reflects.
    public var lsn: LSN
    /// When that state's last step was recorded.
    public var time: Instant
    public var schema: [ResultField]

    public init(lsn: LSN, time: Instant, schema: [ResultField]) {
        self.lsn = lsn
        self.time = time
        self.schema = schema
    }
}

public struct Subscribed: Hashable, Sendable {
    /// Events begin after this LSN.
    public var lsn: LSN
    /// Whether a snapshot at that LSN comes first.
    public var hasSnapshot: Bool

    public init(lsn: LSN, hasSnapshot: Bool) {
        self.lsn = lsn
        self.hasSnapshot = hasSnapshot
    }
}

/// Why a subscription begins anew.
public enum ResetReason: UInt8, CaseIterable, Sendable {
    /// The steps asked for are no longer kept.
    case historyGone = 1
    /// A product came under the filter, or left it, by a change of its SKU or category.
    case filterChanged = 2
    /// More rows of an insight's result changed than one message tells, or the client was away too
    /// long from it.
    case resultReplaced = 3
}

public struct SnapshotTaken: Hashable, Sendable {
    public var lsn: LSN
    public var byteCount: UInt64
    public var segmentsWritten: UInt64
    public var segmentsReused: UInt64
    public var milliseconds: UInt64

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
