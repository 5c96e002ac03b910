/// What kind of step changed a level.
public enum MovementKind: UInt8, CaseIterable, Sendable {
    /// Goods were sold; on hand falls.
    case sale = 1
    /// Sold goods came back, available or unavailable.
    case `return` = 2
    /// Goods were delivered, or a product's opening stock was recorded.
    case restock = 3
    /// Stock was corrected by a known difference.
    case adjust = 4
    /// Stock was counted; the movement has the difference from the recorded quantity.
    case count = 5
    /// Stock was reserved.
    case reserve = 6
    /// A reservation was committed: the sale is the next line of the same step.
    case commit = 7
    /// A reservation was released.
    case release = 8
    /// A reservation expired.
    case expire = 9
    /// Stock left for another location.
    case transferOut = 10
    /// Stock arrived from another location, or returned to its source.
    case transferIn = 11
    /// Stock was put on hold or freed again.
    case setUnavailable = 12
    /// Expected goods were added or cancelled.
    case expectIncoming = 13
    /// A movement was undone.
    case reversal = 14
    /// Cost that arrived after its stock had left: no quantity, only an amount.
    case costVariance = 15
    /// Stock that a sale of the past sold: it makes the sale change no balance of today.
    case openingBalance = 16
}

/// The reason that a user gives for a change of stock; it does not change what is recorded otherwise.
public enum Reason: UInt8, CaseIterable, Sendable {
    /// The goods are damaged.
    case damaged = 1
    /// The goods cannot be found.
    case lost = 2
    /// Goods were found that were not recorded.
    case found = 3
    /// The goods were stolen.
    case theft = 4
    /// The goods are past their date.
    case expired = 5
    /// The goods were given away as a sample.
    case sample = 6
    /// An earlier entry was wrong.
    case correction = 7
    /// A customer returned the goods.
    case customerReturn = 8
    /// The goods were returned to the supplier.
    case supplierReturn = 9
    /// A second count gave another result.
    case recount = 10
    /// The stock was brought over from another system.
    case migration = 11
    /// None of the above; see the note.
    case other = 12
}

/// One row of the ledger: one change of one level; it never changes once written.
public struct Movement: Hashable, Sendable {
    /// What kind of step made it.
    public var kind: MovementKind
    /// The product of the level.
    public var product: ProductID
    /// The location of the level.
    public var location: LocationID
    /// The change of on-hand stock, in base units.
    public var onHandDelta: Quantity
    /// The change of unavailable stock, in base units.
    public var unavailableDelta: Quantity
    /// The change of reserved stock, in base units.
    public var reservedDelta: Quantity
    /// The change of expected stock, in base units.
    public var incomingDelta: Quantity
    /// The amount in minor units.
    ///
    /// The price charged for a sale (positive), the refund of a return (negative), or the late cost of a cost
    /// variance; zero otherwise.
    public var amount: Money
    /// The unit price of a sale or return, or the unit cost of a restock.
    ///
    /// A copy, so that a later price change does not rewrite the past.
    public var price: Price
    /// The change of the level's value, in minor units: negative for a sale.
    public var cost: Money
    /// The reason that the user gave; `nil` for kinds without one.
    public var reason: Reason?
    /// The order, invoice or receipt; empty for none.
    public var reference: String
    /// The user's note; empty for none.
    public var note: String
    /// The earlier movement that this one refers to; `nil` for none.
    ///
    /// The sale that a return refunds, the movement that a reversal undoes, the `reserve` that a commit,
    /// release or expiry ends, the `transferOut` that a `transferIn` receives, or the `openingBalance` that a
    /// line of the past consumes.
    public var origin: MovementID?
    /// When it happened; reports are by this time, balances are not.
    public var occurredAt: Instant
    /// Whether ``occurredAt`` was given by an importer of past sales.
    public var isImported: Bool

    /// Creates a movement; a price of 0 and empty strings mean none.
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

/// Unmet demand: a line of a sale or a reservation that was refused for lack of stock.
public struct RefusedDemand: Hashable, Sendable {
    /// The requested product.
    public var product: ProductID
    /// The location it was requested from.
    public var location: LocationID
    /// The requested quantity, in base units.
    public var asked: Quantity
    /// What could be sold at that moment, in base units.
    public var available: Quantity
    /// The reference of the refused command; empty for none.
    public var reference: String

    /// Creates a record of one refused line.
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
