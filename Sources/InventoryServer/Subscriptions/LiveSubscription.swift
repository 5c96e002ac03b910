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
    var phase: Phase
    /// Every step up to here was delivered, or did not match.
    var cursor: UInt64
    /// The last step the subscriber knows it has everything up to.
    var told: UInt64
    /// When it was last told, in milliseconds of a clock that only rises.
    var toldAt: Int64
}
