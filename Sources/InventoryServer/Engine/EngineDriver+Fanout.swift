internal import Bytes
internal import Durability
internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire
internal import NIOCore

/// The engine's side of subscriptions: checks what is asked for, and hands over to ``Fanout`` what became
/// durable.
///
/// The bytes of a connection that subscribes are written by the fan-out from then on, answers too, in the
/// order in which they were handed over.
extension EngineDriver {
    /// What the fan-out asks of this loop.
    func upstream() -> FanoutUpstream {
        FanoutUpstream(
            takeView: { body in
                self.loop.execute { body(self.engine.state.readView()) }
            },
            work: self.queryPool,
            log: self.log,
            now: self.now,
            clock: self.clock,
            loopNanoseconds: self.turns.usedNanoseconds,
            logger: self.logger
        )
    }

    // MARK: - Beginning

    func subscribe(
        _ subscription: Subscription,
        _ requestID: UInt64,
        of connection: ConnectionHandler,
        holding heldByteCount: Int
    ) {
        if let refusal = self.refusal(subscription, requestID, connection) {
            connection.reply(.refused(refusal), to: requestID)
            return
        }
        do throws(Refusal) {
            try self.subscriptionBytes.take(heldByteCount, for: &connection.subscriptionShare)
        } catch {
            connection.reply(.refused(error), to: requestID)
            return
        }
        guard connection.moveToFanout() else {
            self.subscriptionBytes.give(heldByteCount, of: &connection.subscriptionShare)
            let refusal = Refusal(.overloaded, .message("no descriptor for a subscription is left"))
            connection.reply(.refused(refusal), to: requestID)
            return
        }
        let start = self.start(of: subscription)
        let lsn: UInt64 =
            switch start {
            case .after(let lsn): lsn
            case .snapshot: self.engine.lsn
            case .historyGone(_): self.bookmark(of: subscription)
            }
        connection.subscriptions[requestID] = heldByteCount
        self.changedSubscriptions(by: 1, needingKeys: SubscriptionMatcher(subscription))
        let hasSnapshot = if case .after = start { false } else { true }
        connection.reply(
            .subscribed(Subscribed(lsn: lsn, hasSnapshot: hasSnapshot)),
            to: requestID,
            at: min(lsn, self.engine.lsn)
        )
        let keys = self.engine.state.selectionKeys
        connection.behindReplies { number in
            let durable = self.engine.durable
            self.fanout.post {
                $0.began(subscription, requestID, of: number, start, durable: durable, keys)
            }
        }
        connection.releaseSoon()
    }

    private func bookmark(of subscription: Subscription) -> UInt64 {
        if case .after(let lsn) = subscription.start { lsn } else { self.engine.lsn }
    }

    private func start(of subscription: Subscription) -> FanoutStart {
        switch subscription.start {
        case .now: .after(self.engine.lsn)
        case .snapshot: .snapshot(self.engine.state.readView())
        case .after(let lsn) where lsn + 1 < self.log.firstRetainedLSN.value:
            .historyGone(self.engine.state.readView())
        case .after(let lsn): .after(lsn)
        }
    }

    private func refusal(
        _ subscription: Subscription,
        _ requestID: UInt64,
        _ connection: ConnectionHandler
    ) -> Refusal? {
        if subscription.topics.contains(.proof),
            !subscription.topics.contains(.stock) || subscription.start == .now
        {
            return Refusal(
                .invalidField,
                .field("topics", problem: "have proof without stock, or without a snapshot")
            )
        }
        if let problem = self.conflationRefusal(subscription) { return problem }
        if let refusal = self.refusal(requestID, connection)
            ?? self.engine.state.readView().problem(with: subscription.filter)
        {
            return refusal
        }
        guard case .after(let lsn) = subscription.start, lsn > self.engine.durable else {
            return nil
        }
        return Refusal(
            .outOfRange,
            .range(
                "lsn",
                value: Int64(clamping: lsn),
                lowest: 0,
                highest: Int64(self.engine.durable)
            )
        )
    }

    private func conflationRefusal(_ subscription: Subscription) -> Refusal? {
        guard let rate = subscription.updatesPerSecond else { return nil }
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
        // A sale that is left out would be missing from every sum of them.
        guard subscription.topics.contains(.sales) else { return nil }
        return Refusal(
            .invalidField,
            .field("topics", problem: "have sales, each of which counts: they cannot be conflated")
        )
    }

    /// Why a connection may have no other subscription under that request id.
    func refusal(_ requestID: UInt64, _ connection: ConnectionHandler) -> Refusal? {
        if connection.subscriptions[requestID] != nil || connection.insights[requestID] != nil {
            return Refusal(.invalidField, .field("request id", problem: "is in use"))
        }
        let count = connection.subscriptions.count + connection.insights.count
        return Self.refusal("subscriptions", count + 1, WireLimits.subscriptionsMax)
            ?? Self.refusal(
                "subscriptions of all connections",
                Int(self.metrics.subscriptions) + 1,
                WireLimits.subscriptionsOfAllMax
            )
    }

    private static func refusal(_ what: String, _ count: Int, _ limit: Int) -> Refusal? {
        guard count > limit else { return nil }
        return Refusal(
            .overloaded,
            .range(what, value: Int64(count), lowest: 0, highest: Int64(limit))
        )
    }

    // MARK: - Events

    /// A block is on disk: whoever subscribes is to hear of it.
    func deliver(_ block: FeedBlock) {
        guard self.followerCount > 0 else { return }
        let durable = self.engine.durable
        // Held for one hand-over, so that what it shares with the tables is copied seldom.
        let keys = self.needsKeysCount > 0 ? self.engine.state.selectionKeys : nil
        self.fanout.post(canRest: true) { $0.becameDurable(block, through: durable, keys) }
    }

    // MARK: - Ending

    func unsubscribe(_ requestID: UInt64, of connection: ConnectionHandler, _ reason: Refusal) {
        guard let byteCount = connection.subscriptions.removeValue(forKey: requestID) else {
            return
        }
        self.subscriptionBytes.give(byteCount, of: &connection.subscriptionShare)
        self.changedSubscriptions(by: -1)
        connection.behindReplies { number in
            self.fanout.post { $0.unsubscribed(requestID, of: number, reason) }
        }
    }

    /// Ends all of a connection's subscriptions; `reason` is said to each, if there is one.
    func unsubscribeAll(of connection: ConnectionHandler, _ reason: Refusal?) {
        guard !connection.subscriptions.isEmpty else { return }
        self.changedSubscriptions(by: -connection.subscriptions.count)
        let byteCount = connection.subscriptions.values.reduce(0, +)
        self.subscriptionBytes.give(byteCount, of: &connection.subscriptionShare)
        connection.subscriptions = [:]
        connection.behindReplies { number in
            self.fanout.post { $0.endAll(of: number, reason) }
        }
    }
}
