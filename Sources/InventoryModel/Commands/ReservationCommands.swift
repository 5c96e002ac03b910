public import Bytes

/// One line of a reservation request.
public struct ReserveLine: Hashable, Sendable {
    /// The product, which must be for sale.
    public var product: ProductID
    /// The location of the stock; ``LocationID/main`` by default.
    public var location: LocationID
    /// Base units: 1 to ``Limits/quantityMax``.
    public var quantity: Quantity
    /// The revision that the level must have; `nil` for any.
    public var ifRevision: LSN?

    /// Creates a line; it is validated by the command that has it.
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

/// When a reservation expires.
public enum Expiry: Hashable, Sendable {
    /// At a time of the server's clock.
    case at(Instant)
    /// A duration after the step's own time, whatever the client's clock; a retried request has the same
    /// bytes.
    case after(seconds: Int64)
}

/// Reserves stock until a point in time: 1 to ``Limits/linesMax`` lines, all or none.
///
/// Each line becomes a reservation. Their ids are consecutive, and the outcome has the first.
public struct Reserve: Hashable, Sendable {
    /// The lines, in the order of the reservations' ids.
    public var lines: [ReserveLine]
    /// When they expire: after the step's own time, at most ``Limits/reservationSecondsMax`` later.
    public var expiry: Expiry
    /// The order or cart: up to ``Limits/referenceByteCountMax`` bytes; empty for none.
    public var reference: String
    /// A note for people: up to ``Limits/noteByteCountMax`` bytes; empty for none.
    public var note: String

    /// Creates a request; it is validated when it is executed.
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

/// Changes the expiry of reservations, to later or earlier.
public struct ExtendReservation: Hashable, Sendable {
    /// 1 to ``Limits/linesMax`` reservations, without quantities; all or none.
    public var lines: [ReservationLine]
    /// The new expiry: after the step's own time, at most ``Limits/reservationSecondsMax`` later.
    public var expiry: Expiry

    /// Creates a request; it is validated when it is executed.
    public init(lines: [ReservationLine], expiry: Expiry) {
        self.lines = lines
        self.expiry = expiry
    }
}

/// A reservation, or a part of it.
public struct ReservationLine: Hashable, Sendable {
    /// The reservation.
    public var reservation: ReservationID
    /// Base units, at least 1; `nil` for all that remains.
    ///
    /// Not for an extension, which applies to the whole reservation.
    public var quantity: Quantity?
    /// The price of the product's price basis on this line; `nil` for the product's price.
    ///
    /// Only for a commit.
    public var price: Money?
    /// The revision that the reservation must have; `nil` for any.
    public var ifRevision: LSN?

    /// Creates a line; it is validated by the command that has it.
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

/// Sells reserved stock: one sale, all of its lines or none.
///
/// A product that is no longer for sale is sold nevertheless, because it was reserved while it was.
public struct CommitReservation: Hashable, Sendable {
    /// 1 to ``Limits/linesMax`` lines.
    public var lines: [ReservationLine]
    /// The reference of the sale; if empty, each line has that of its reservation.
    public var reference: String
    /// A note for people: up to ``Limits/noteByteCountMax`` bytes; empty for none.
    public var note: String
    /// When the sale happened; `nil` for the time of recording.
    public var occurred: Occurrence?

    /// Creates a commit; it is validated when it is executed.
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

/// Releases reserved stock, which can be sold again: all of the lines or none.
public struct ReleaseReservation: Hashable, Sendable {
    /// 1 to ``Limits/linesMax`` lines.
    public var lines: [ReservationLine]
    /// A note for people: up to ``Limits/noteByteCountMax`` bytes; empty for none.
    public var note: String

    /// Creates a release; it is validated when it is executed.
    public init(lines: [ReservationLine], note: String = "") {
        self.lines = lines
        self.note = note
    }
}
