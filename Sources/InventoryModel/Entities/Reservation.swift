public import Bytes

/// Whether a reservation still holds stock, or how it ended.
public enum ReservationState: UInt8, CaseIterable, Sendable {
    /// It holds stock.
    case active = 1
    /// The last of it was sold.
    case committed = 2
    /// The last of it was given up.
    case released = 3
    /// Time ran out.
    case expired = 4
}

/// Stock of one product at one location that is promised to somebody until a moment.
///
/// Never deleted: what is closed stays, so that its id answers for ever.
public struct Reservation: Hashable, Sendable {
    public var id = ReservationID(0)
    public var product = ProductID(0)
    public var location = LocationID(0)
    /// Base units that were promised at first.
    public var quantity: Quantity = 0
    /// Base units that it still holds; above 0 exactly while it is active.
    public var remaining: Quantity = 0
    /// It is over at this time of the log, whatever the clock of who asks says.
    public var expiresAt = Instant.zero
    public var state = ReservationState.released
    /// The order or cart; empty for none.
    public var reference = ""
    /// The `reserve` that made it.
    public var origin = MovementID()
    /// The LSN of its last change.
    public var revision: LSN = 0

    /// Of number 0, which names none.
    package init() {}

    public init(
        id: ReservationID,
        product: ProductID,
        location: LocationID,
        quantity: Quantity,
        remaining: Quantity,
        expiresAt: Instant,
        state: ReservationState = .active,
        reference: String = "",
        origin: MovementID,
        revision: LSN = 0
    ) {
        self.id = id
        self.product = product
        self.location = location
        self.quantity = quantity
        self.remaining = remaining
        self.expiresAt = expiresAt
        self.state = state
        self.reference = reference
        self.origin = origin
        self.revision = revision
    }
}
