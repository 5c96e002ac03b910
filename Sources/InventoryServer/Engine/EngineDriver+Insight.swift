internal import InventoryEngine
internal import InventoryInsights
internal import InventoryModel
internal import InventoryWire

/// Insights: answered from a read view by the query threads, once or for as long as somebody
/// subscribes.
extension EngineDriver {
    /// Rows of one block of an answer.
    private static var blockRowsMax: Int { 1_024 }

    /// `heldByteCount`: What the question takes as long as it is held.
    func answer(
        _ insight: Insight,
        to requestID: UInt64,
        of connection: ConnectionHandler,
        holding heldByteCount: Int
    ) {
        connection.ask(
            OpenQuestion(requestID: requestID, heldByteCount: heldByteCount) {
                [unowned connection] in
                self.stream(insight, requestID, connection)
            }
        )
    }

    /// The answer to a question about the state as it is now.
    private func stream(
        _ insight: Insight,
        _ requestID: UInt64,
        _ connection: ConnectionHandler
    ) -> AnswerStream {
        let now = self.now()
        let threads = self.configuration.queryThreads
        let view = self.engine.state.readView()
        let job = QueryJob(
            connection.queryOwner,
            self.queries,
            cost: QueryJob.Cost(of: insight, view)
        )
        return AnswerStream(of: view, requestID: requestID, job) { (view) throws(Refusal) in
            var answer = try view.answer(insight, at: now, threads: threads)
            // A subscription counts in versions of the data; an answer names the one that it is of.
            (answer.lsn, answer.time) = try view.version(insight.asOf)
            var rest = 0..<answer.table.rowCount
            return (
                .insightHeader(InsightHeader(of: answer)),
                { () throws(Refusal) in
                    let rows = rest.prefix(Self.blockRowsMax)
                    rest = rest.dropFirst(rows.count)
                    return rows.isEmpty ? nil : answer.table.rows(rows)
                }
            )
        }
    }

    // MARK: - Subscriptions

    func subscribe(
        _ insight: Insight,
        _ requestID: UInt64,
        of connection: ConnectionHandler,
        holding heldByteCount: Int
    ) {
        do throws(Refusal) {
            if let refusal = self.refusal(requestID, connection) { throw refusal }
            let place = self.standing.place(for: insight, of: connection)
            if case .none = place { throw StandingInsights.refusal }
            try self.subscriptionBytes.take(heldByteCount, for: &connection.subscriptionShare)
            if case .insteadOf(let other) = place { self.end(other, StandingInsights.refusal) }
        } catch {
            connection.reply(.refused(error), to: requestID)
            return
        }
        let live = self.standing.live(insight)
        let subscriber = InsightSubscriber(
            live,
            requestID,
            of: connection,
            holding: heldByteCount,
            lsn: self.engine.lsn,
            at: self.milliseconds
        )
        live.add(subscriber)
        connection.insights[requestID] = subscriber
        self.metrics.subscriptions += 1
        if live.newest != nil {
            self.begin(subscriber)
            self.tell(subscriber)
        } else {
            // Whether the question makes sense shows with its first answer, so nothing waits for it.
            self.standing.restsUntil = 0
            self.advanceInsights()
        }
    }

    /// Says that a subscription has begun: with the result at the LSN that it names.
    func begin(_ subscriber: InsightSubscriber) {
        guard let newest = subscriber.live.newest else {
            preconditionFailure("a subscription began without a result")
        }
        subscriber.hasBegun = true
        subscriber.lsn = newest.answer.lsn
        subscriber.connection?.reply(
            .subscribed(Subscribed(lsn: subscriber.lsn, hasSnapshot: true)),
            to: subscriber.requestID,
            at: subscriber.lsn
        )
        subscriber.connection?.releaseSoon()
    }

    // MARK: - Ending

    /// Ends a connection's subscription to an insight, if it has it; `reason` is said, if there is one.
    func unsubscribeInsight(
        _ requestID: UInt64,
        of connection: ConnectionHandler,
        _ reason: Refusal?
    ) {
        guard let subscriber = connection.insights.removeValue(forKey: requestID) else { return }
        if !subscriber.hasBegun {
            // It is owed an answer.
            connection.reply(.refused(reason ?? Refusal(.clientClosed)), to: requestID)
        } else if let reason {
            let lsn = subscriber.lsn
            connection.send(.closed(reason, lsn: lsn), to: requestID, at: lsn)
        }
        subscriber.live.remove(subscriber)
        if self.standing.dropIfUnused(subscriber.live) { self.letGo(subscriber.live) }
        self.subscriptionBytes.give(subscriber.heldByteCount, of: &connection.subscriptionShare)
        self.metrics.subscriptions -= 1
    }

    /// Ends all of a connection's subscriptions to insights; `reason` is said to each, if there is one.
    func unsubscribeInsights(of connection: ConnectionHandler, _ reason: Refusal?) {
        for requestID in connection.insights.keys {
            self.unsubscribeInsight(requestID, of: connection, reason)
        }
    }
}
