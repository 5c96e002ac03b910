/// Why stock moved.
public enum MovementKind: UInt8, CaseIterable, Sendable {
    case sale = 1
    case `return` = 2
    case restock = 3
    case adjust = 4
    case count = 5
    /// Stock was promised to somebody.
    case reserve = 6
    /// A promise was kept: the sale is the next line of the same step.
    case commit = 7
    /// A promise was given up.
    case release = 8
    /// A promise ran out.
    case expire = 9
    /// Stock left for another location.
    case transferOut = 10
    /// Stock arrived from another location, or came back to the one it had left.
    case transferIn = 11
    case setUnavailable = 12
    case expectIncoming = 13
    case reversal = 14
    /// Cost that arrived after its stock had left: no quantity, only an amount.
    case costVariance = 15
}

/// What a person says the reason was.
public enum Reason: UInt8, CaseIterable, Sendable {
    case damaged = 1
    case lost = 2
    case found = 3
    case theft = 4
    case expired = 5
    case sample = 6
    case correction = 7
    case customerReturn = 8
    case supplierReturn = 9
    case recount = 10
    case migration = 11
    case other = 12
}

/// One row of the ledger: one change of one level.
///
/// Never changed once written.
public struct Movement: Hashable, Sendable {
    public var kind: MovementKind
    public var product: ProductID
    public var location: LocationID
    public var onHandDelta: Quantity
    public var unavailableDelta: Quantity
    public var reservedDelta: Quantity
    public var incomingDelta: Quantity
    /// Minor units: what was charged for a sale (positive), given back for a return (negative), or
    /// cost that came late for a cost variance; zero otherwise.
    public var amount: Money
    /// The price of the day for a sale or return, the unit cost for a restock; copied here so that
    /// a later price never rewrites the past.
    public var price: Price
    /// The change of the level's value, in minor units: negative for a sale.
    public var cost: Money
    public var reason: Reason?
    /// The order, invoice or receipt; empty for none.
    public var reference: String
    /// Empty for none.
    public var note: String
    /// The sale a return gives back, the movement a reversal undoes, the `reserve` that a commit,
    /// release or expiry ends, or the `transferOut` that a `transferIn` receives.
    public var origin: MovementID?
    /// When it happened, which reports go by; balances never do.
    public var occurredAt: Instant
    /// Whether the time was given by an importer of past sales.
    public var isImported: Bool

    @inlinable
    public init(
        kind: MovementKind,
        product: ProductID,
        location: LocationID,
        onHandDelta: Quantity = 0,
        unavailableDelta: Quantity = 0,
        reservedDelta: Quantity = 0,
        incomingDelta: Quantity = 0,
        amount: Money = 0,
        price: Price = Price(0),
        cost: Money = 0,
        reason: Reason? = nil,
        reference: String = "",
        note: String = "",
        origin: MovementID? = nil,
        occurredAt: Instant,
        isImported: Bool = false
    ) {
        self.kind = kind
        self.product = product
        self.location = location
        self.onHandDelta = onHandDelta
        self.unavailableDelta = unavailableDelta
        self.reservedDelta = reservedDelta
        self.incomingDelta = incomingDelta
        self.amount = amount
        self.price = price
        self.cost = cost
        self.reason = reason
        self.reference = reference
        self.note = note
        self.origin = origin
        self.occurredAt = occurredAt
        self.isImported = isImported
    }
}

/// Demand that stock could not meet: one refused line of a sale or a reservation.
public struct RefusedDemand: Hashable, Sendable {
    public var product: ProductID
    public var location: LocationID
    public var asked: Quantity
    /// What could have been sold at that moment.
    public var available: Quantity
    public var reference: String

    public init(
        product: ProductID,
        location: LocationID,
        asked: Quantity,
        available: Quantity,
        reference: String = ""
    ) {
        self.product = product
        self.location = location
        self.asked = asked
        self.available = available
        self.reference = reference
    }
}
