/// A query for reservations or transfers, ordered by id.
public struct OpenItemQuery<ID: EntityID, State: FieldChoice>: Hashable, Sendable {
    /// Only this one; refused with `reservation_not_found` or `transfer_not_found` if it does not exist.
    public var id: ID?
    /// Only those of this product; `nil` for all.
    public var product: ProductID?
    /// Only those at this location, for transfers from or to it; `nil` for all.
    public var location: LocationID?
    /// Only those in these states; empty for all.
    public var states: ChoiceSet<State>
    /// Only those with exactly this reference; empty for all.
    public var reference: String
    /// Whether the order is by descending id.
    public var isNewestFirst: Bool
    /// The last id of the previous page: only ids after it, in the requested order.
    public var after: ID?
    /// The largest number of rows, up to ``Limits/queryRowsMax``; 0 for all.
    public var limit: UInt32

    /// Creates a query; by default for all items in ascending order.
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

/// A query for reservations.
public typealias ReservationQuery = OpenItemQuery<ReservationID, ReservationState>
/// A query for transfers.
public typealias TransferQuery = OpenItemQuery<TransferID, TransferState>
