public import Bytes

/// What one step did to one row: the unit of the log, of subscriptions and of recovery.
///
/// A change has the resulting state, not the request. Therefore a later version may decide
/// differently, and old logs keep their meaning.
public enum Change: Hashable, Sendable {
    /// The database was initialized with this currency; the first step of every log.
    case databaseCreated(currency: Currency)
    /// A category was created or changed: its new row.
    case category(Category)
    /// A location was created or changed: its new row.
    case location(Location)
    /// A product was created: its row.
    case productCreated(Product)
    /// Fields of a product changed: their old and new values.
    indirect case productUpdated(ProductID, ProductDifference)
    /// A product was archived: it is no longer listed, its SKU and barcode are free, its history is retained.
    case productArchived(ProductID)
    /// A product without history was deleted.
    case productDeleted(ProductID)
    /// A product no longer matches a subscription's filter: the subscriber removes its rows.
    ///
    /// Only in events, after the update that caused it; never in the log.
    case productLeft(ProductID)
    /// Stock moved: the row of the ledger, and the resulting level.
    case moved(Movement, Level)
    /// A level changed without a movement, because its floor changed; or a level of a snapshot.
    case level(Level)
    /// A level was given a reorder point of its own, or that of its product again; its row is in the change
    /// before it, or in the snapshot.
    case reorderPoint(LevelReorderPoint)
    /// A line of a sale or reservation was refused for lack of stock.
    case demandRefused(RefusedDemand)
    /// An alert was raised or cleared, with the available stock at that moment and the threshold, in base
    /// units.
    case alert(
        AlertKind,
        isRaised: Bool,
        ProductID,
        LocationID,
        available: Quantity,
        threshold: Quantity
    )
    /// A reservation was created or changed: its new row.
    case reservation(Reservation)
    /// A transfer was created or changed: its new row.
    case transfer(Transfer)
    /// A run of an import was begun or finished: its new row.
    indirect case importRun(ImportRun)
    /// A request of an import's run was decided, or the run was described.
    indirect case importPart(ImportPart)
    /// A product is known from imported sales only, as of these times; any other change of its fields ends that.
    indirect case productInferred(InferredTimes)
    /// A client opened a new session; the number represents it from now on.
    case sessionOpened(SessionID, number: UInt32)
    /// A request of a session was decided.
    ///
    /// `outcome` is the encoded ``Outcome``, which a retry of the request gets; `digest` is the hash of the
    /// request's body.
    case sessionAdvanced(number: UInt32, sequence: UInt64, digest: UInt64, outcome: [UInt8])
    /// Sessions were forgotten: idle for too long, or evicted.
    case sessionsExpired([UInt32])
    /// A request with an idempotency key was decided; see
    /// ``sessionAdvanced(number:sequence:digest:outcome:)``.
    case keyRemembered(KeyFingerprint, digest: UInt64, outcome: [UInt8])
    /// The `count` oldest keys were forgotten.
    case keysForgotten(count: Int)
    /// Lines of a receipt of the past were recorded by the latest movements of the step.
    case receiptRecorded(ReceiptPart)
}

/// One atomic step of the log: what happened at one LSN.
public struct Entry: Hashable, Sendable {
    /// The step's LSN: one more than that of the entry before it.
    public var lsn: LSN
    /// When it was recorded; later than every entry before it.
    public var time: Instant
    /// The principal that requested it; empty for a system step.
    public var actor: String
    /// What the step changed, in order.
    public var changes: [Change]

    /// Creates an entry.
    public init(lsn: LSN, time: Instant, actor: String, changes: [Change]) {
        self.lsn = lsn
        self.time = time
        self.actor = actor
        self.changes = changes
    }
}
