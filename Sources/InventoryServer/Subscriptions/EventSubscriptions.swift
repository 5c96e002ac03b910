internal import Bytes
internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire

/// The engine's side of event subscriptions: validates requests, and passes durable blocks to ``Fanout``.
///
/// From a connection's first subscription on, the fan-out writes its bytes, including answers, in the order
/// in which they are passed on. Used on the engine's loop.
final class EventSubscriptions {
    private let state: any StateReader
    private let log: any LogStore
    private let fanout: any FanoutHost
    /// Shared with subscriptions to insights.
    var registry = SubscriptionRegistry()

    init(_ state: any StateReader, log: any LogStore, fanout: any FanoutHost) {
        self.state = state
        self.log = log
        self.fanout = fanout
    }

    // MARK: - Beginning

    /// Begins a subscription; `heldByteCount` is its memory while it is open.
    func subscribe(
        _ subscription: Subscription,
        _ requestID: UInt64,
        of writer: ConnectionWriter,
        holding heldByteCount: Int
    ) {
        let start: FanoutStart
        do throws(Refusal) {
            if let refusal = self.refusal(subscription, requestID: requestID, of: writer.id) {
                throw refusal
            }
            let matcher = SubscriptionMatcher(subscription)
            try self.registry.begin(
                requestID,
                of: writer.id,
                .events(needsKeys: matcher.needsKeys),
                holding: heldByteCount
            )
            guard writer.moveToFanout() else {
                self.registry.end(requestID, of: writer.id)
                throw Refusal(
                    .overloaded,
                    .message("no descriptor for a subscription is left")
                )
            }
            start = self.start(of: subscription)
        } catch {
            writer.reply(.refused(error), to: requestID)
            return
        }
        self.begin(subscription, requestID: requestID, of: writer, start: start)
    }

    private func begin(
        _ subscription: Subscription,
        requestID: UInt64,
        of writer: ConnectionWriter,
        start: FanoutStart
    ) {
        let lsn: LSN =
            switch start {
            case .after(let lsn): lsn
            case .snapshot: self.state.lsn
            case .historyGone(_): self.bookmark(of: subscription)
            }
        let hasSnapshot = if case .after = start { false } else { true }
        writer.reply(
            .subscribed(Subscribed(lsn: lsn, hasSnapshot: hasSnapshot)),
            to: requestID,
            at: min(lsn, self.state.lsn)
        )
        let keys = self.state.selectionKeys
        writer.behindReplies { number in
            let durable = self.state.durable
            self.fanout.post {
                $0.began(
                    subscription,
                    requestID: requestID,
                    of: number,
                    start: start,
                    durable: durable,
                    keys: keys
                )
            }
        }
        writer.releaseSoon()
    }

    private func bookmark(of subscription: Subscription) -> LSN {
        if case .after(let lsn) = subscription.start { lsn } else { self.state.lsn }
    }

    private func start(of subscription: Subscription) -> FanoutStart {
        switch subscription.start {
        case .now: .after(self.state.lsn)
        case .snapshot: .snapshot(self.state.readView())
        case .after(let lsn) where lsn.next < self.log.firstRetainedLSN:
            .historyGone(self.state.readView())
        case .after(let lsn): .after(lsn)
        }
    }

    /// Returns the refusal of a subscription; `nil` if it is accepted.
    private func refusal(
        _ subscription: Subscription,
        requestID: UInt64,
        of connection: ConnectionID
    ) -> Refusal? {
        if let problem = subscription.problem { return problem }
        if let refusal = self.registry.refusal(requestID, of: connection)
            ?? self.state.readView().problem(with: subscription.filter)
        {
            return refusal
        }
        guard case .after(let lsn) = subscription.start, lsn > self.state.durable else {
            return nil
        }
        return Refusal(
            .outOfRange,
            .range(
                "lsn",
                value: Int64(clamping: lsn.value),
                lowest: 0,
                highest: Int64(self.state.durable.value)
            )
        )
    }

    // MARK: - Events

    /// Publishes a durable block to the subscribers.
    func deliver(_ block: FeedBlock) {
        guard self.registry.followerCount > 0 else { return }
        let durable = self.state.durable
        // Held for one hand-over only, so that its tables are rarely copied on write.
        let keys = self.registry.needsKeys ? self.state.selectionKeys : nil
        self.fanout.post(canRest: true) { $0.becameDurable(block, through: durable, keys) }
    }

    // MARK: - Ending

    /// Ends a subscription of the connection, if there is one, and sends the reason.
    func unsubscribe(_ requestID: UInt64, of writer: ConnectionWriter, _ reason: Refusal) {
        guard self.registry.end(requestID, of: writer.id) != nil else { return }
        writer.behindReplies { number in
            self.fanout.post { $0.unsubscribed(requestID, of: number, reason) }
        }
    }

    /// Ends all of a connection's subscriptions; `reason` is sent to each, if there is one.
    func unsubscribeAll(of writer: ConnectionWriter, _ reason: Refusal?) {
        guard self.forgetAll(of: writer.id) else { return }
        writer.behindReplies { number in self.fanout.post { $0.endAll(of: number, reason) } }
    }

    /// The fan-out has ended a subscription.
    func ended(_ requestID: UInt64, of connection: ConnectionID) {
        self.registry.end(requestID, of: connection)
    }

    /// Releases the memory of a connection's subscriptions.
    ///
    /// - Returns: Whether there were any.
    @discardableResult
    func forgetAll(of connection: ConnectionID) -> Bool {
        let requests = self.registry.requests(of: connection, toInsights: false)
        for requestID in requests { self.registry.end(requestID, of: connection) }
        return !requests.isEmpty
    }
}

extension Subscription {
    /// The refusal of a subscription that is invalid in any state; `nil` if it is valid.
    fileprivate var problem: Refusal? {
        if self.topics.contains(.proof), !self.topics.contains(.stock) || self.start == .now {
            return Refusal(
                .invalidField,
                .field("topics", problem: "have proof without stock, or without a snapshot")
            )
        }
        guard let rate = self.updatesPerSecond else { return nil }
        guard (1...Limits.updatesPerSecondMax).contains(rate) else {
            return Refusal(
                .outOfRange,
                .range(
                    "updates per second",
                    value: Int64(rate),
                    lowest: 1,
                    highest: Int64(Limits.updatesPerSecondMax)
                )
            )
        }
        // A sale that is left out would be missing from every sum.
        guard self.topics.contains(.sales) else { return nil }
        return Refusal(
            .invalidField,
            .field("topics", problem: "have sales, each of which counts: they cannot be conflated")
        )
    }
}
