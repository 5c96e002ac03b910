/// Where the goods of a transfer are.
public enum TransferState: UInt8, CaseIterable, Sendable {
    /// On their way.
    case inTransit = 1
    /// The last of them arrived.
    case received = 2
    /// The last of them went back to where they came from.
    case cancelled = 3
}

/// The states a query takes; empty for all.
public struct TransferStateSet: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    public init(_ state: TransferState) { self.rawValue = 1 << (state.rawValue - 1) }

    public static let inTransit = TransferStateSet(.inTransit)
    public static let all = TransferStateSet(TransferState.allCases.map { .init($0) })
}

/// Goods of one product on their way from one location to another.
///
/// What is on its way is on hand nowhere: the transfer holds it, with its cost, until it arrives or
/// goes back. So what all locations and all transfers hold together does not change.
public struct Transfer: Hashable, Sendable {
    public var id: TransferID
    public var product: ProductID
    public var source: LocationID
    public var destination: LocationID
    /// Base units that were sent.
    public var quantity: Int64
    /// Base units on their way; above 0 exactly while it is in transit.
    public var remaining: Int64
    /// What those cost, in minor units.
    public var value: Int64
    public var state: TransferState
    /// The transfer order; empty for none.
    public var reference: String
    /// The `transferOut` that sent it.
    public var origin: MovementID
    /// The LSN of its last change.
    public var revision: UInt64

    public init(
        id: TransferID,
        product: ProductID,
        source: LocationID,
        destination: LocationID,
        quantity: Int64,
        remaining: Int64,
        value: Int64,
        state: TransferState = .inTransit,
        reference: String = "",
        origin: MovementID,
        revision: UInt64 = 0
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
