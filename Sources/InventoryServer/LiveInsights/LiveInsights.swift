internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire
internal import NIOCore

/// Live queries: the subscriptions to insights, and the rounds that keep their results up to date.
///
///     durable ─▶ round: a view, and each insight that is behind and has rested
///                   │ query thread: recompute, difference, encode
///                   ▼
///                publish ──durable──▶ notify: one encoding, one write per socket, some in each turn
///
/// A round covers all insights that are due, so they share one view; there is one round at a time. A slow
/// consumer receives the difference to the newest result once it is writable: nothing queues up.
/// ``LiveInsightPace`` decides when a round is due.
///
/// Used on the engine's loop, except for the insights of a round, hence `@unchecked Sendable`.
final class LiveInsights: @unchecked Sendable {
    let context: LoopContext
    let state: any StateReader
    let runner: QueryRunner
    let events: EventSubscriptions
    unowned let turns: RequestTurns

    var table = LiveInsightTable()
    /// Subscriptions of each connection, by the request IDs that began them.
    private var subscribers: [ConnectionID: [UInt64: InsightSubscriber]] = [:]
    /// What this turn may still do for subscribers, and the turn that it belongs to.
    var budget: (left: TurnBudget, turn: UInt64)?
    /// Whether serving subscribers continues with a later turn.
    var isContinuing = false

    /// `events` owns the limits that subscriptions to insights share.
    init(
        _ context: LoopContext,
        of state: any StateReader,
        runner: QueryRunner,
        besides events: EventSubscriptions,
        turns: RequestTurns
    ) {
        self.context = context
        self.state = state
        self.runner = runner
        self.events = events
        self.turns = turns
    }

    var nanoseconds: UInt64 { self.context.loop.now.uptimeNanoseconds }

    // MARK: - Subscribing

    /// Subscribes to an insight; `heldByteCount` is the memory of the request while subscribed.
    func subscribe(
        _ insight: Insight,
        _ requestID: UInt64,
        of writer: ConnectionWriter,
        holding heldByteCount: Int
    ) {
        do throws(Refusal) {
            if let refusal = self.events.registry.refusal(requestID, of: writer.id) {
                throw refusal
            }
            let place = self.table.place(for: insight, of: writer.id)
            if case .none = place { throw LiveInsightTable.refusal }
            try self.events.registry.begin(
                requestID,
                of: writer.id,
                .insight,
                holding: heldByteCount
            )
            if case .insteadOf(let other) = place { self.end(other, LiveInsightTable.refusal) }
        } catch {
            writer.reply(.refused(error), to: requestID)
            return
        }
        let live = self.table.live(insight)
        let subscriber = InsightSubscriber(
            live,
            requestID,
            numbered: self.table.nextSubscriber(),
            of: writer,
            lsn: self.state.lsn,
            at: self.context.milliseconds
        )
        self.table.add(subscriber)
        self.subscribers[writer.id, default: [:]][requestID] = subscriber
        if live.newest != nil {
            self.serve(subscriber)
        } else {
            // The first recomputation shows whether the query is valid, so it starts without delay.
            self.table.restsUntil = 0
            self.advance()
        }
    }

    /// Notifies the client that a subscription has begun, with the result at the LSN that it names.
    func begin(_ subscriber: InsightSubscriber) {
        guard let newest = subscriber.live.newest else {
            preconditionFailure("a subscription begins without a result")
        }
        subscriber.hasBegun = true
        subscriber.lsn = newest.answer.lsn
        subscriber.writer?.reply(
            .subscribed(Subscribed(lsn: subscriber.lsn, hasSnapshot: true)),
            to: subscriber.requestID,
            at: subscriber.lsn
        )
        subscriber.writer?.releaseSoon()
    }

    /// The connection is writable again: publishes what it could not accept before.
    func becameWritable(_ connection: ConnectionID) {
        guard let mine = self.subscribers[connection] else { return }
        for subscriber in mine.values { self.serve(subscriber) }
    }

    // MARK: - Ending

    /// Ends a connection's subscription to an insight, if there is one; `reason` is sent if there is one.
    func unsubscribe(
        _ requestID: UInt64,
        of connection: ConnectionID,
        _ reason: Refusal?
    ) {
        guard let subscriber = self.subscribers[connection]?.removeValue(forKey: requestID) else {
            return
        }
        if self.subscribers[connection]?.isEmpty == true { self.subscribers[connection] = nil }
        if !subscriber.hasBegun {
            // Its request still awaits an answer.
            subscriber.writer?.reply(.refused(reason ?? Refusal(.clientClosed)), to: requestID)
        } else if let reason {
            let lsn = subscriber.lsn
            subscriber.writer?.send(.closed(reason, lsn: lsn), to: requestID, at: lsn)
        }
        if self.table.remove(subscriber) { self.runner.free(subscriber.live) }
        self.events.registry.end(requestID, of: connection)
    }

    /// Ends all of a connection's subscriptions to insights; `reason` is sent to each, if there is one.
    func unsubscribeAll(of connection: ConnectionID, _ reason: Refusal?) {
        guard let mine = self.subscribers[connection] else { return }
        for requestID in mine.keys { self.unsubscribe(requestID, of: connection, reason) }
    }

    /// Ends a live insight that fails or loses its place; all subscribers receive the refusal, in turn.
    func end(_ live: LiveInsight, _ refusal: Refusal) {
        self.table.end(live, refusal)
        self.publishSome()
    }

    func checkInvariants() {
        let mine = self.subscribers.values.flatMap { $0.values }
        let theirs = self.table.subscribers
        precondition(mine.count == theirs.count, "\(mine.count) of \(theirs.count) subscribers")
        for (connection, subscribers) in self.subscribers {
            let open = Set(self.events.registry.requests(of: connection, toInsights: true))
            precondition(open == Set(subscribers.keys), "\(open) of \(subscribers.keys) are open")
        }
        self.table.checkInvariants()
    }
}
