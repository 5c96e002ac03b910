/// Reservations or transfers, by id.
public struct OpenItemQuery<ID: EntityID, State: FieldChoice>: Hashable, Sendable {
    /// Only this one; `reservation_not_found` or `transfer_not_found` if there is none.
    public var id: ID?
    public var product: ProductID?
    /// Of a transfer: from or to it.
    public var location: LocationID?
    /// Empty for all.
    public var states: ChoiceSet<State>
    /// Exactly this reference.
    public var reference: String
    public var isNewestFirst: Bool
    /// Only those beyond this one, in the order asked for.
    public var after: ID?
    public var limit: UInt32

    public init(
        id: ID? = nil,
        product: ProductID? = nil,
        location: LocationID? = nil,
        states: ChoiceSet<State> = [],
        reference: String = "",
        isNewestFirst: Bool = false,
        after: ID? = nil,
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

public typealias ReservationQuery = OpenItemQuery<ReservationID, ReservationState>
public typealias TransferQuery = OpenItemQuery<TransferID, TransferState>
