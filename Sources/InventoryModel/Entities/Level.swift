public import Bytes

/// The stock of one product at one location, in base units.
///
///     available = onHand − unavailable − reserved
///     sellable  = max(0, available − floor)
public struct Level: Hashable, Sendable {
    public var product: ProductID
    public var location: LocationID
    /// What is physically there; below zero only within a backorder that ``floor`` allows, or when
    /// an adjustment says so.
    public var onHand: Quantity
    /// Of that, damaged or on quality hold.
    ///
    /// Never negative.
    public var unavailable: Quantity
    /// Of that, promised to somebody.
    ///
    /// Never negative.
    public var reserved: Quantity
    /// Ordered and not yet received.
    ///
    /// Never negative.
    public var incoming: Quantity
    /// A sale never takes ``available`` below this: a safety buffer above zero, a bounded backorder
    /// below.
    public var floor: Quantity
    /// What the stock on hand cost, in minor units; zero when nothing is on hand.
    public var value: Money
    /// Which alerts stand raised.
    public var alerts: AlertSet
    /// The LSN of its last change.
    public var revision: LSN

    @inlinable
    public init(
        product: ProductID,
        location: LocationID,
        onHand: Quantity = 0,
        unavailable: Quantity = 0,
        reserved: Quantity = 0,
        incoming: Quantity = 0,
        floor: Quantity = 0,
        value: Money = 0,
        alerts: AlertSet = [],
        revision: LSN = 0
    ) {
        self.product = product
        self.location = location
        self.onHand = onHand
        self.unavailable = unavailable
        self.reserved = reserved
        self.incoming = incoming
        self.floor = floor
        self.value = value
        self.alerts = alerts
        self.revision = revision
    }

    /// Whether nothing of the product is there, reserved, on hold or on its way.
    @inlinable
    package var isEmpty: Bool {
        self.onHand == 0 && self.unavailable == 0 && self.reserved == 0 && self.incoming == 0
    }

    @inlinable public var available: Quantity { self.onHand - self.unavailable - self.reserved }
    @inlinable public var sellable: Quantity { max(0, self.available - self.floor) }
    /// What can be sent elsewhere: a floor below 0 lets sales go below what is there, nothing else.
    @inlinable public var movable: Quantity { max(0, self.available - max(0, self.floor)) }
}

/// Something about a level that somebody should know, raised once and cleared once.
public enum AlertKind: UInt8, CaseIterable, Sendable {
    /// Raised when available falls to the product's reorder point or below; cleared when it rises
    /// above the point plus the hysteresis.
    case lowStock = 1
    /// Raised when nothing is available; cleared when something is.
    case stockout = 2
    /// Raised when a count, an adjustment or a hold left less available than the floor; cleared
    /// when available is at the floor again.
    case oversold = 3
}

/// The alerts that stand raised for a level.
public struct AlertSet: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    public init(_ kind: AlertKind) { self.rawValue = 1 << (kind.rawValue - 1) }

    public static let lowStock = AlertSet(.lowStock)
    public static let stockout = AlertSet(.stockout)
    public static let oversold = AlertSet(.oversold)
    public static let all: AlertSet = [.lowStock, .stockout, .oversold]
}
