public import Bytes

/// The stock of one product at one location, in base units.
///
///     available = onHand − unavailable − reserved
///     sellable  = max(0, available − floor)
public struct Level: Hashable, Sendable {
    /// The product; with ``location`` the level's key.
    public var product: ProductID
    /// The location.
    public var location: LocationID
    /// What is physically there.
    ///
    /// Below zero only within a backorder that ``floor`` allows, or after an adjustment.
    public var onHand: Quantity
    /// The part of it that is damaged or on quality hold; never negative.
    public var unavailable: Quantity
    /// The part of it that is reserved; never negative.
    public var reserved: Quantity
    /// Ordered and not yet received; never negative.
    public var incoming: Quantity
    /// The limit below which a sale or reservation may not take ``available``.
    ///
    /// Above zero it is a safety buffer, below zero a bounded backorder.
    public var floor: Quantity
    /// The cost of the stock on hand, in minor units; zero if none is on hand.
    public var value: Money
    /// The active alerts.
    public var alerts: AlertSet
    /// The LSN of its last change.
    public var revision: LSN

    /// Creates a level; quantities are in base units and not checked.
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

    /// Whether no stock of the product is on hand, reserved, on hold or incoming.
    @inlinable
    package var isEmpty: Bool {
        self.onHand == 0 && self.unavailable == 0 && self.reserved == 0 && self.incoming == 0
    }

    /// On hand, neither unavailable nor reserved; negative if oversold.
    @inlinable public var available: Quantity { self.onHand - self.unavailable - self.reserved }
    /// What a sale or reservation may take: available stock above ``floor``, at least 0.
    @inlinable public var sellable: Quantity { max(0, self.available - self.floor) }
    /// What a transfer may send, at least 0: a negative ``floor`` allows sales below zero, but no transfers.
    @inlinable public var movable: Quantity { max(0, self.available - max(0, self.floor)) }
}

/// The reorder point of one level, if it has one of its own.
public struct LevelReorderPoint: Hashable, Sendable {
    /// The product of the level.
    public var product: ProductID
    /// The location of the level.
    public var location: LocationID
    /// The level's own reorder point in base units; `nil` if that of the product applies.
    public var point: Quantity?

    /// Creates the reorder point of a level.
    public init(product: ProductID, location: LocationID, point: Quantity?) {
        self.product = product
        self.location = location
        self.point = point
    }
}

/// A condition of a level that users are notified of once when it becomes active and once when it is cleared.
public enum AlertKind: UInt8, CaseIterable, Sendable {
    /// Available stock is at or below the reorder point: the level's own, else the product's.
    ///
    /// It is cleared when available stock exceeds the point plus a tenth of it, at least 1 base unit.
    case lowStock = 1
    /// No stock is available; cleared when some is.
    case stockout = 2
    /// A count, an adjustment or a hold left less available than the floor.
    ///
    /// It is cleared when available stock is at the floor again.
    case oversold = 3
}

/// The active alerts of a level.
public struct AlertSet: OptionSet, Hashable, Sendable {
    /// The set's bits: bit (raw value − 1) for each ``AlertKind``.
    public let rawValue: UInt8
    /// Creates a set from its bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// Creates the set of one alert.
    public init(_ kind: AlertKind) { self.rawValue = 1 << (kind.rawValue - 1) }

    /// ``AlertKind/lowStock``.
    public static let lowStock = AlertSet(.lowStock)
    /// ``AlertKind/stockout``.
    public static let stockout = AlertSet(.stockout)
    /// ``AlertKind/oversold``.
    public static let oversold = AlertSet(.oversold)
    /// Every alert.
    public static let all: AlertSet = [.lowStock, .stockout, .oversold]
}
