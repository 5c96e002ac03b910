public import Bytes

/// Where the goods of a transfer are.
public enum TransferState: UInt8, CaseIterable, Sendable {
    /// On their way.
    case inTransit = 1
    /// The last of them arrived.
    case received = 2
    /// The last of them went back to where they came from.
    case cancelled = 3
}

/// Goods of one product on their way from one location to another.
///
/// What is on its way is on hand nowhere: the transfer holds it, with its cost, until it arrives or
/// goes back. So what all locations and all transfers hold together does not change.
public struct Transfer: Hashable, Sendable {
    public var id = TransferID(0)
    public var product = ProductID(0)
    public var source = LocationID(0)
    public var destination = LocationID(0)
    /// Base units that were sent.
    public var quantity: Quantity = 0
    /// Base units on their way; above 0 exactly while it is in transit.
    public var remaining: Quantity = 0
    /// What those cost, in minor units.
    public var value: Money = 0
    public var state = TransferState.cancelled
    /// The transfer order; empty for none.
    public var reference = ""
    /// The `transferOut` that sent it.
    public var origin = MovementID()
    /// The LSN of its last change.
    public var revision: LSN = 0

    /// Of number 0, which names none.
    package init() {}

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
