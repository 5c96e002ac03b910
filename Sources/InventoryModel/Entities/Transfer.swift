public import Bytes

/// Where the goods of a transfer are; it leaves ``inTransit`` once.
public enum TransferState: UInt8, CaseIterable, Sendable {
    /// Some are in transit.
    case inTransit = 1
    /// The last of them arrived.
    case received = 2
    /// The last of them returned to the source.
    case cancelled = 3
}

/// Goods of one product in transit between two locations.
///
/// Goods in transit are on hand nowhere: the transfer holds them and their cost until they arrive or
/// return. The total of all locations and all transfers does not change.
public struct Transfer: Hashable, Sendable {
    /// The transfer's id.
    public var id = TransferID(0)
    /// The product sent.
    public var product = ProductID(0)
    /// The location that sent the goods.
    public var source = LocationID(0)
    /// The location that will receive them.
    public var destination = LocationID(0)
    /// The quantity sent, in base units.
    public var quantity: Quantity = 0
    /// The quantity still in transit, in base units; above 0 exactly while it is in transit.
    public var remaining: Quantity = 0
    /// The cost of ``remaining``, in minor units.
    public var value: Money = 0
    /// Where the goods are.
    public var state = TransferState.cancelled
    /// The transfer order; empty for none.
    public var reference = ""
    /// The `transferOut` movement that sent it.
    public var origin = MovementID()
    /// The LSN of its last change.
    public var revision: LSN = 0

    /// Creates a placeholder with id 0, which is not a valid id.
    package init() {}

    /// Creates a transfer; quantities are in base units, `value` in minor units.
    public init(
        id: TransferID,
        product: ProductID,
        source: LocationID,
        destination: LocationID,
        quantity: Quantity,
        remaining: Quantity,
        value: Money,
        state: TransferState = .inTransit,
        reference: String = "",
        origin: MovementID,
        revision: LSN = 0
    ) {
        self.id = id
        self.product = product
        self.source = source
        self.destination = destination
        self.quantity = quantity
        self.remaining = remaining
        self.value = value
        self.state = state
        self.reference = reference
        self.origin = origin
        self.revision = revision
    }
}
