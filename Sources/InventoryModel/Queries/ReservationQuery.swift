/// Reservations, by id.
public struct ReservationQuery: Hashable, Sendable {
    /// Only this one; `reservation_not_found` if there is none.
    public var id: ReservationID?
    public var product: ProductID?
    public var location: LocationID?
    /// Empty for all.
    public var states: ReservationStateSet
    /// Exactly this reference.
    public var reference: String
    public var isNewestFirst: Bool
    /// Only those beyond this one, in the order asked for.
    public var after: ReservationID?
    public var limit: UInt32

    public init(
        id: ReservationID? = nil,
        product: ProductID? = nil,
        location: LocationID? = nil,
        states: ReservationStateSet = [],
        reference: String = "",
        isNewestFirst: Bool = false,
        after: ReservationID? = nil,
        limit: UInt32 = 0
    ) {
        self.id = id
        self.product = product
        self.location = location
        self.states = states
        self.reference = reference
        self.isNewestFirst = isNewestFirst
        self.after = after
        self.limit = limit
    }
}

/// Transfers, by id.
public struct TransferQuery: Hashable, Sendable {
    /// Only this one; `transfer_not_found` if there is none.
    public var id: TransferID?
    public var product: ProductID?
    /// From or to it.
    public var location: LocationID?
    /// Empty for all.
    public var states: TransferStateSet
    /// Exactly this reference.
    public var reference: String
    public var isNewestFirst: Bool
    /// Only those beyond this one, in the order asked for.
    public var after: TransferID?
    public var limit: UInt32

    public init(
        id: TransferID? = nil,
        product: ProductID? = nil,
        location: LocationID? = nil,
        states: TransferStateSet = [],
        reference: String = "",
        isNewestFirst: Bool = false,
        after: TransferID? = nil,
        limit: UInt32 = 0
    ) {
        self.id = id
        self.product = product
        self.location = location
        self.states = states
        self.reference = reference
        self.isNewestFirst = isNewestFirst
        self.after = after
        self.limit = limit
    }
}
