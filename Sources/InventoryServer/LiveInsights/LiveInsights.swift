internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire
internal import NIOCore

/// Who listens to which insights, and has them kept up to date.
///
///     durable ─▶ round: a view, and each insight that is behind and has rested
///                   │ query thread: bring it up to date, difference, encode
///                   ▼
///                publish ──durable──▶ tell: one encoding, one write a socket
///
/// A round is for all that are due, so they share one view; while it runs there is no other. Who
/// cannot take bytes is told later what makes the newest result of the one that he has: nothing
/// queues up. ``LiveInsightPace`` says when a round is due.
///
/// Of the engine's loop, but for what a round has: that is why it is `@unchecked Sendable`.
final class LiveInsights: @unchecked Sendable {
    let context: LoopContext
    let state: any StateReader
    let runner: QueryRunner
    let events: EventSubscriptions

    var standing = LiveInsightTable()
    /// Subscriptions of each connection, by the requests that began them.
    private var subscribers: [ConnectionID: [UInt64: InsightSubscriber]] = [:]

    /// `events`: Whose bounds subscriptions to insights share.
    init(
        _ context: LoopContext,
        of state: any StateReader,
        runner: QueryRunner,
        besides events: EventSubscriptions
    ) {
        self.context = context
        self.state = state
        self.runner = runner
        self.events = events
    }

    var nanoseconds: UInt64 { self.context.loop.now.uptimeNanoseconds }

    // MARK: - Subscribing

    /// `heldByteCount`: What the question takes as long as it is subscribed to.
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
            let place = self.standing.place(for: insight, of: writer.id)
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
        let live = self.standing.live(insight)
        let subscriber = InsightSubscriber(
            live,
            requestID,
            of: writer,
            lsn: self.state.lsn,
            at: self.context.milliseconds
        )
        live.add(subscriber)
        self.subscribers[writer.id, default: [:]][requestID] = subscriber
        if live.newest != nil {
            self.begin(subscriber)
            self.tell(subscriber)
        } else {
            // Whether the question makes sense shows with its first answer, so nothing waits for it.
            self.standing.restsUntil = 0
            self.advance()
        }
    }

    /// Says that a subscription has begun: with the result at the LSN that it names.
    func begin(_ subscriber: InsightSubscriber) {
        guard let newest = subscriber.live.newest else {
            preconditionFailure("a subscription began without a result")
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

    /// The client takes more: it is told what it could not be told before.
    func becameWritable(_ connection: ConnectionID) {
        guard let mine = self.subscribers[connection] else { return }
        for subscriber in mine.values { self.tell(subscriber) }
    }

    // MARK: - Ending

    /// Ends a connection's subscription to an insight, if it has it; `reason` is said, if there is one.
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
            // It is owed an answer.
            subscriber.writer?.reply(.refused(reason ?? Refusal(.clientClosed)), to: requestID)
        } else if let reason {
            let lsn = subscriber.lsn
            subscriber.writer?.send(.closed(reason, lsn: lsn), to: requestID, at: lsn)
        }
        subscriber.live.remove(subscriber)
        if self.standing.dropIfUnused(subscriber.live) { self.runner.letGo(subscriber.live) }
        self.events.registry.end(requestID, of: connection)
    }

    /// Ends all of a connection's subscriptions to insights; `reason` is said to each, if there is one.
    func unsubscribeAll(of connection: ConnectionID, _ reason: Refusal?) {
        guard let mine = self.subscribers[connection] else { return }
        for requestID in mine.keys { self.unsubscribe(requestID, of: connection, reason) }
    }

    /// The question can't be answered, or no longer is: everyone is told why.
    func end(_ live: LiveInsight, _ refusal: Refusal) {
        for subscriber in live.subscribers.values {
            self.unsubscribe(subscriber.requestID, of: subscriber.connection, refusal)
            subscriber.writer?.releaseSoon()
        }
    }

    func checkInvariants() {
        let mine = self.subscribers.values.flatMap { $0.values }
        let theirs = self.standing.all.values.flatMap { $0.subscribers.values }
        precondition(mine.count == theirs.count, "\(mine.count) of \(theirs.count) subscribers")
        for (connection, subscribers) in self.subscribers {
            let open = Set(self.events.registry.requests(of: connection, toInsights: true))
            precondition(open == Set(subscribers.keys), "\(open) of \(subscribers.keys) are open")
        }
        self.standing.checkInvariants()
    }
}
