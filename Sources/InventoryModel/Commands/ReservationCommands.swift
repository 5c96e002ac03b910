public import Bytes

/// One line of what is to be reserved.
public struct ReserveLine: Hashable, Sendable {
    public var product: ProductID
    public var location: LocationID
    /// Base units, at least 1.
    public var quantity: Quantity
    /// The revision the level must still be at.
    public var ifRevision: LSN?

    public init(
        product: ProductID,
        location: LocationID = .main,
        quantity: Quantity,
        ifRevision: LSN? = nil
    ) {
        self.product = product
        self.location = location
        self.quantity = quantity
        self.ifRevision = ifRevision
    }
}

/// When a reservation is over.
public enum Expiry: Hashable, Sendable {
    /// At a time of the server's clock.
    case at(Instant)
    /// So long after the step itself, whatever clock the client has: the same request given again is
    /// the same.
    case after(seconds: Int64)
}

/// Promises stock until a moment: 1 to ``Limits/linesMax`` lines, all of them or none.
///
/// Each line becomes a reservation; their ids follow one another, and the outcome names the first.
public struct Reserve: Hashable, Sendable {
    public var lines: [ReserveLine]
    /// After the step's own time, at most ``Limits/reservationSecondsMax`` ahead.
    public var expiry: Expiry
    public var reference: String
    public var note: String

    public init(
        lines: [ReserveLine],
        expiry: Expiry,
        reference: String = "",
        note: String = ""
    ) {
        self.lines = lines
        self.expiry = expiry
        self.reference = reference
        self.note = note
    }
}

/// Gives reservations another moment to expire at, later or earlier.
public struct ExtendReservation: Hashable, Sendable {
    public var lines: [ReservationLine]
    /// After the step's own time, at most ``Limits/reservationSecondsMax`` ahead.
    public var expiry: Expiry

    public init(lines: [ReservationLine], expiry: Expiry) {
        self.lines = lines
        self.expiry = expiry
    }
}

/// A reservation, or a part of it.
public struct ReservationLine: Hashable, Sendable {
    public var reservation: ReservationID
    /// Base units, at least 1; all that is left if not given.
    ///
    /// Not for an extension, which is of the whole.
    public var quantity: Quantity?
    /// What the product's price basis costs on this line; the product's price if not given.
    ///
    /// For a commit only.
    public var price: Money?
    /// The revision the reservation must still be at.
    public var ifRevision: LSN?

    public init(
        reservation: ReservationID,
        quantity: Quantity? = nil,
        price: Money? = nil,
        ifRevision: LSN? = nil
    ) {
        self.reservation = reservation
        self.quantity = quantity
        self.price = price
        self.ifRevision = ifRevision
    }
}

/// Sells what was reserved: one sale, all of its lines or none.
///
/// A product that is no longer for sale is sold all the same: it was promised while it was.
public struct CommitReservation: Hashable, Sendable {
    public var lines: [ReservationLine]
    /// Of the sale; each line's own reservation's if empty.
    public var reference: String
    public var note: String
    public var occurred: Occurrence?

    public init(
        lines: [ReservationLine],
        reference: String = "",
        note: String = "",
        occurred: Occurrence? = nil
    ) {
        self.lines = lines
        self.reference = reference
        self.note = note
        self.occurred = occurred
    }
}

/// Gives promised stock back to whoever wants it: all of the lines or none.
public struct ReleaseReservation: Hashable, Sendable {
    public var lines: [ReservationLine]
    public var note: String

    public init(lines: [ReservationLine], note: String = "") {
        self.lines = lines
        self.note = note
    }
}
