internal import Bytes
internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire

/// An interest, as its pieces are made: once for all subscriptions that share it.
struct SharedInterest {
    /// Equal for subscriptions that share every piece; see ``Interests``.
    let number: Int
    let matcher: SubscriptionMatcher
    /// The request ID of complete frames: that of the subscription for which they are made.
    let requestID: UInt64
}

/// One subscription of a connection.
///
/// Its state is ``SubscriptionMachine``, a value; this holds what it is about, and the rows that a query thread makes
/// for it. Used on the fan-out's thread.
final class FanoutSubscription {
    /// Unique among all subscriptions, also later ones under the same request ID.
    let number: UInt64
    let subscription: Subscription
    let interest: SharedInterest
    var machine: SubscriptionMachine
    /// The remaining rows of the snapshot being sent; `nil` while it follows.
    private(set) var rows: SnapshotRows?

    init(
        _ number: UInt64,
        _ subscription: Subscription,
        interest: SharedInterest,
        machine: SubscriptionMachine
    ) {
        self.number = number
        self.subscription = subscription
        self.interest = interest
        self.machine = machine
    }

    var requestID: UInt64 { self.interest.requestID }
    var isConflated: Bool { self.machine.isConflated }

    /// Begins the rows of the state in a view, at which its machine is.
    func beginRows(of view: ReadView) {
        precondition(self.machine.snapshotLSN == view.lsn, "rows at \(view.lsn) of no snapshot")
        self.rows = SnapshotRows(self.subscription, of: view)
    }

    /// The last row was sent.
    func rowsEnded(at now: UInt64) {
        self.rows = nil
        self.machine.snapshotEnded(at: now)
    }
}

/// The rows of a snapshot; used by one thread at a time, hence `@unchecked Sendable`.
final class SnapshotRows: @unchecked Sendable {
    let lsn: LSN
    private let snapshot: SubscriptionSnapshot

    init(_ subscription: Subscription, of view: ReadView) {
        self.lsn = view.lsn
        self.snapshot = SubscriptionSnapshot(subscription, of: view)
    }

    func next(_ count: Int) -> [Change]? { self.snapshot.next(count) }
}
