public import Bytes

/// A subscription to changes: the topics, a filter, and where it starts.
public struct Subscription: Hashable, Sendable {
    /// The kinds of changes to publish.
    public var topics: SubscriptionTopics
    /// The products and locations to publish changes of.
    public var filter: SubscriptionFilter
    /// Where the subscription starts.
    public var start: SubscriptionStart
    /// The rate limit of a conflated subscription: 1 to ``Limits/updatesPerSecondMax``; `nil` for every
    /// change.
    ///
    /// Conflation publishes the latest level of each product and location, at most n times a second.
    public var updatesPerSecond: UInt8?

    /// Creates a subscription; by default to changes of everything, without conflation.
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

/// The kinds of changes that a subscription publishes.
public struct SubscriptionTopics: OptionSet, Hashable, Sendable {
    /// The set's bits, as they are encoded.
    public let rawValue: UInt8
    /// Creates a set from its bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Changes of products, categories and locations.
    ///
    /// A snapshot has a row for each.
    public static let products = SubscriptionTopics(rawValue: 1)
    /// Changes of levels, by movements and changes of the floor.
    ///
    /// A snapshot has a row for each.
    public static let stock = SubscriptionTopics(rawValue: 2)
    /// Sales, returns and their reversals.
    ///
    /// A snapshot has none.
    public static let sales = SubscriptionTopics(rawValue: 4)
    /// Alerts raised and cleared, and unmet demand.
    ///
    /// A snapshot has the active alerts.
    public static let alerts = SubscriptionTopics(rawValue: 8)

    /// A state checksum of the levels about once a second, to verify a replica; requires ``stock``.
    ///
    /// A snapshot then has the levels of archived products too, because they are part of the checksum.
    public static let proof = SubscriptionTopics(rawValue: 16)

    /// Reservations created, extended, committed, released and expired.
    ///
    /// A snapshot has the active ones.
    public static let reservations = SubscriptionTopics(rawValue: 32)

    /// Transfers sent, received and cancelled.
    ///
    /// A snapshot has those in transit.
    public static let transfers = SubscriptionTopics(rawValue: 64)

    /// Every topic that publishes changes: all but ``proof``.
    public static let all: SubscriptionTopics = [
        .products, .stock, .sales, .alerts, .reservations, .transfers,
    ]
}

/// The products and locations of a subscription; all given parts must match.
public struct SubscriptionFilter: Hashable, Sendable {
    /// Only these products: up to ``Limits/filterIDsMax``; empty for all.
    public var products: [ProductID]
    /// Only products whose SKU begins with this, compared after normalization; empty for all.
    public var skuPrefix: String
    /// Only products of this category; `nil` for all.
    public var category: CategoryID?
    /// Only this location; `nil` for all.
    public var location: LocationID?

    /// Creates a filter; by default one that matches everything.
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

    /// Whether it matches everything.
    public var isEmpty: Bool {
        self.products.isEmpty && self.skuPrefix.isEmpty && self.category == nil
            && self.location == nil
    }
}

/// Where a subscription starts.
public enum SubscriptionStart: Hashable, Sendable {
    /// With the next change.
    case now
    /// With the current state, then every change after it.
    case snapshot
    /// With the first change after this LSN, to resume an earlier subscription.
    case after(LSN)
}
