public import Bytes

/// What one step did to one row: as the log keeps it, as a subscriber hears it, as recovery folds it.
///
/// A change says what is so afterwards, not what was asked, so a later version may decide
/// differently and old logs still mean what they meant.
public enum Change: Hashable, Sendable {
    /// The first step of every database.
    case databaseCreated(currency: Currency)
    /// A category that is new or changed: the row as it is now.
    case category(Category)
    /// A location that is new or changed: the row as it is now.
    case location(Location)
    /// A new product: the row as it is now.
    case productCreated(Product)
    /// Fields of a product that changed, each as it was and as it is.
    indirect case productUpdated(ProductID, ProductDifference)
    /// Gone from the lists, its SKU and barcode free; its history stays.
    case productArchived(ProductID)
    /// Gone altogether: it had no history.
    case productDeleted(ProductID)
    /// A product is no longer under a subscription's filter: its rows are taken out of the copy.
    ///
    /// Of events alone, behind the update that made it so; the log has none.
    case productLeft(ProductID)
    /// Stock moved: a row of the ledger, and the level it left behind.
    case moved(Movement, Level)
    /// A level as it is now, without a movement: its floor changed, or it is a row of a snapshot.
    case level(Level)
    /// A sale was refused for want of stock.
    case demandRefused(RefusedDemand)
    /// An alert was raised or cleared, and what was available then.
    case alert(
        AlertKind,
        isRaised: Bool,
        ProductID,
        LocationID,
        available: Quantity,
        threshold: Quantity
    )
    /// A reservation that is new or changed: the row as it is now.
    case reservation(Reservation)
    /// A transfer that is new or changed: the row as it is now.
    case transfer(Transfer)
    /// A client began a session; the number stands for it from now on.
    case sessionOpened(SessionID, number: UInt32)
    /// A request of a session was decided. `outcome` is the encoded ``Outcome``, given again should
    /// the request be repeated; `digest` is that of the request's body.
    case sessionAdvanced(number: UInt32, sequence: UInt64, digest: UInt64, outcome: [UInt8])
    /// Sessions that were forgotten, idle for too long or pushed out.
    case sessionsExpired([UInt32])
    /// A request with an idempotency key was decided, as with ``sessionAdvanced(number:sequence:digest:outcome:)``.
    case keyRemembered(KeyFingerprint, digest: UInt64, outcome: [UInt8])
    /// The `count` oldest keys were forgotten.
    case keysForgotten(count: Int)
}

/// One atomic step of the log: what happened at one LSN.
public struct Entry: Hashable, Sendable {
    public var lsn: LSN
    /// When it was recorded; later than every entry before it.
    public var time: Instant
    /// Who asked for it; empty for the engine itself.
    public var actor: String
    public var changes: [Change]

    public init(lsn: LSN, time: Instant, actor: String, changes: [Change]) {
        self.lsn = lsn
        self.time = time
        self.actor = actor
        self.changes = changes
    }
}
