internal import Inventory
internal import InventoryWire

/// One subscription of one connection: a cursor into the shared log, not a queue of its own.
///
///     snapshotting ──last row──▶ following ◀──caught up── replaying
///           ▲                        │  └──too far behind──▶ ┘
///           └────────reset───────────┘
///
/// However far behind its subscriber is, it costs this much and one batch of events on its way.
struct LiveSubscription {
    enum Phase: Equatable {
        /// Rows of the snapshot are on their way.
        case snapshotting
        /// Told from memory as steps become durable.
        case following
        /// Told from the log's files, by another thread.
        case replaying
    }

    let requestID: UInt64
    let subscription: Subscription
    let matcher: SubscriptionMatcher
    /// Equal for subscriptions with equal matchers; see ``Interests``.
    let interest: Int
    var phase: Phase
    /// Every step up to here was delivered, or did not match.
    var cursor: UInt64
    /// The last step the subscriber knows it has everything up to.
    var told: UInt64
    /// When a digest was last asked for on its behalf, in the same.
    var provedAt: Int64 = 0
    /// A digest that waits until the steps before it are delivered.
    var proof: (lsn: UInt64, value: UInt64)?
    /// When it was last told, in milliseconds of a clock that only rises.
    var toldAt: Int64
}

/// Numbers for what subscriptions are for, so that a round compares numbers and not filters.
struct Interests {
    private var numbers: [SubscriptionMatcher: Int] = [:]
    private var last = 0

    /// Numbers that are kept however few subscriptions there are.
    private static let countMin = 64

    /// Equal matchers have equal numbers, unless far more were asked for than are in use: then the
    /// table begins anew, and the next of a kind shares with those after it.
    mutating func number(of matcher: SubscriptionMatcher, among subscriptions: Int64) -> Int {
        if let number = self.numbers[matcher] { return number }
        if self.numbers.count >= max(Self.countMin, 2 * Int(subscriptions)) { self.numbers = [:] }
        self.last += 1
        self.numbers[matcher] = self.last
        return self.last
    }
}
