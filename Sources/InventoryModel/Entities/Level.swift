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
    public var onHand: Int64
    /// Of that, damaged or on quality hold.
    ///
    /// Never negative.
    public var unavailable: Int64
    /// Of that, promised to somebody.
    ///
    /// Never negative.
    public var reserved: Int64
    /// Ordered and not yet received.
    ///
    /// Never negative.
    public var incoming: Int64
    /// A sale never takes ``available`` below this: a safety buffer above zero, a bounded backorder
    /// below.
    public var floor: Int64
    /// What the stock on hand cost, in minor units; zero when nothing is on hand.
    public var value: Int64
    /// Which alerts stand raised.
    public var alerts: AlertSet
    /// The LSN of its last change.
    public var revision: LSN

    @inlinable
    public init(
        product: ProductID,
        location: LocationID,
        onHand: Int64 = 0,
        unavailable: Int64 = 0,
        reserved: Int64 = 0,
        incoming: Int64 = 0,
        floor: Int64 = 0,
        value: Int64 = 0,
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

    @inlinable public var available: Int64 { self.onHand - self.unavailable - self.reserved }
    @inlinable public var sellable: Int64 { max(0, self.available - self.floor) }
    /// What can be sent elsewhere: a floor below 0 lets sales go below what is there, nothing else.
    @inlinable public var movable: Int64 { max(0, self.available - max(0, self.floor)) }
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
