public import Bytes

/// A standing interest in changes: which, of what, and from where on.
public struct Subscription: Hashable, Sendable {
    public var topics: SubscriptionTopics
    public var filter: SubscriptionFilter
    public var start: SubscriptionStart
    /// For conflation: the latest level of each product and location, at most n times a second,
    /// from 1 to ``Limits/updatesPerSecondMax``; none for every change.
    public var updatesPerSecond: UInt8?

    public init(
        topics: SubscriptionTopics,
        filter: SubscriptionFilter = SubscriptionFilter(),
        start: SubscriptionStart,
        updatesPerSecond: UInt8? = nil
    ) {
        self.topics = topics
        self.filter = filter
        self.start = start
        self.updatesPerSecond = updatesPerSecond
    }
}

/// What a subscriber wants to hear of.
public struct SubscriptionTopics: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Products, categories and locations.
    ///
    /// A snapshot has a row for each.
    public static let products = SubscriptionTopics(rawValue: 1)
    /// Levels, by every movement and change of floor.
    ///
    /// A snapshot has a row for each.
    public static let stock = SubscriptionTopics(rawValue: 2)
    /// Sales, returns and their reversals as they happen.
    ///
    /// A snapshot has none of the past.
    public static let sales = SubscriptionTopics(rawValue: 4)
    /// Alerts raised and cleared, and refused demand.
    ///
    /// A snapshot has the alerts that stand raised.
    public static let alerts = SubscriptionTopics(rawValue: 8)

    /// A digest of the levels about each second, to compare one's copy with; goes with stock.
    ///
    /// A snapshot then has the levels of archived products too, since they count.
    public static let proof = SubscriptionTopics(rawValue: 16)

    /// Reservations made, extended, committed, released and expired.
    ///
    /// A snapshot has a row for each that is active.
    public static let reservations = SubscriptionTopics(rawValue: 32)

    /// Transfers sent, received and cancelled.
    ///
    /// A snapshot has a row for each that is in transit.
    public static let transfers = SubscriptionTopics(rawValue: 64)

    /// All that bring changes.
    public static let all: SubscriptionTopics = [
        .products, .stock, .sales, .alerts, .reservations, .transfers,
    ]
}

/// Whose changes; every part that is given must hold.
public struct SubscriptionFilter: Hashable, Sendable {
    /// At most ``Limits/filterIDsMax``; empty for all.
    public var products: [ProductID]
    /// Compared as keys are; empty for all.
    public var skuPrefix: String
    public var category: CategoryID?
    public var location: LocationID?

    public init(
        products: [ProductID] = [],
        skuPrefix: String = "",
        category: CategoryID? = nil,
        location: LocationID? = nil
    ) {
        self.products = products
        self.skuPrefix = skuPrefix
        self.category = category
        self.location = location
    }

    public var isEmpty: Bool {
        self.products.isEmpty && self.skuPrefix.isEmpty && self.category == nil
            && self.location == nil
    }
}

/// Where a subscription begins.
public enum SubscriptionStart: Hashable, Sendable {
    /// With what changes from now on.
    case now
    /// With the state as it is, then every change after it.
    case snapshot
    /// With the first change after this LSN: where an earlier subscription left off.
    case after(LSN)
}
