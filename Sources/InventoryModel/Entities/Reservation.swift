public import Bytes

/// Whether a reservation still holds stock, or how it ended; it leaves ``active`` once.
public enum ReservationState: UInt8, CaseIterable, Sendable {
    /// It holds stock.
    case active = 1
    /// The last of it was sold.
    case committed = 2
    /// The last of it was released.
    case released = 3
    /// It expired.
    case expired = 4
}

/// Stock of one product at one location that is reserved until a point in time.
///
/// Never deleted: closed reservations are retained, so that a look-up by id always succeeds.
public struct Reservation: Hashable, Sendable {
    /// The reservation's id.
    public var id = ReservationID(0)
    /// The reserved product.
    public var product = ProductID(0)
    /// The location of the stock.
    public var location = LocationID(0)
    /// The quantity reserved at first, in base units.
    public var quantity: Quantity = 0
    /// The quantity still reserved, in base units; above 0 exactly while it is active.
    public var remaining: Quantity = 0
    /// When it expires, by the time of the log; client clocks do not matter.
    public var expiresAt = Instant.zero
    /// Whether it is active, or how it ended.
    public var state = ReservationState.released
    /// The order or cart; empty for none.
    public var reference = ""
    /// The `reserve` movement that created it.
    public var origin = MovementID()
    /// The LSN of its last change.
    public var revision: LSN = 0

    /// Creates a placeholder with id 0, which is not a valid id.
    package init() {}

    /// Creates a reservation; quantities are in base units.
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
