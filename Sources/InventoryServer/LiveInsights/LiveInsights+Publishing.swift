internal import Bytes
internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire
internal import NIOCore

/// Publishing: subscribers receive the difference between the result that they have and the newest one, so
/// many of them in each turn of the loop as ``LiveInsightLimits`` allow (``PublishingQueue``).
extension LiveInsights {
    /// Publishes the results whose LSN has become durable.
    func publishDurable() {
        guard !self.table.unpublished.isEmpty else { return }
        let durable = self.state.durable
        let ready = self.table.unpublished.filter { ($0.newest?.answer.lsn ?? 0) <= durable }
        guard !ready.isEmpty else { return }
        self.table.unpublished.removeAll { ($0.newest?.answer.lsn ?? 0) <= durable }
        for live in ready { self.table.queue.changed(live.number) }
        self.publishSome()
    }

    // MARK: - Turns

    /// Serves the next subscribers until this turn's budget is used up; the rest continues with the next turn.
    func publishSome() {
        guard !self.isContinuing, !self.table.queue.isIdle else { return }
        var now = self.context.clocks.nanoseconds()
        var budget = self.budget(at: now)
        var cost: UInt64 = 0
        while !budget.isUsedUp(at: now), let subscriber = self.table.takeNext() {
            let start = now
            let served = self.serve(subscriber)
            budget.use(served.costByteCount)
            now = self.context.clocks.nanoseconds()
            if case .result = served { cost += now - start }
        }
        self.budget = self.turns.number.map { (budget, $0) }
        self.paceRounds(cost)
        guard !self.table.queue.isIdle else { return }
        self.isContinuing = true
        self.turns.continueLater(self)
    }

    /// Lets the next round rest for what publishing takes, which may go on after the one before has ended.
    private func paceRounds(_ nanoseconds: UInt64) {
        guard nanoseconds > 0 else { return }
        self.table.publishingNanoseconds += nanoseconds
        self.table.pace.published(
            until: self.nanoseconds,
            cost: self.table.publishingNanoseconds
        )
    }

    /// What is left of this turn's budget.
    private func budget(at now: UInt64) -> TurnBudget {
        if let budget, budget.turn == self.turns.number { return budget.left }
        return TurnBudget(
            byteCountMax: LiveInsightLimits.turnByteCountMax,
            from: now,
            nanosecondsMax: LiveInsightLimits.turnNanosecondsMax
        )
    }

    /// Sends a subscriber what is new for it, if it can receive it now: that its insight has ended, the newest
    /// result, or that its result is still valid.
    @discardableResult
    func serve(_ subscriber: InsightSubscriber) -> Served {
        let live = subscriber.live
        if let refusal = live.ending {
            let writer = subscriber.writer
            self.unsubscribe(subscriber.requestID, of: subscriber.connection, refusal)
            writer?.releaseSoon()
            return .sent
        }
        if live.newest != nil, !subscriber.hasBegun { self.begin(subscriber) }
        if let byteCount = self.publish(to: subscriber) { return .result(byteCount: byteCount) }
        return self.sendProgress(to: subscriber) ? .sent : .none
    }

    /// Publishes the newest result to a subscriber, unless it has it or is a slow consumer that is not writable
    /// now.
    ///
    /// - Returns: The bytes of the result; `nil` if it was not published.
    private func publish(to subscriber: InsightSubscriber) -> Int? {
        let live = subscriber.live
        guard let newest = live.newest, subscriber.hasBegun,
            subscriber.publishedVersion < newest.number,
            newest.answer.lsn <= self.state.durable,
            let writer = subscriber.writer, writer.takesAnswers
        else { return nil }
        let old = live.earlier.first { $0.number == subscriber.publishedVersion }
        // A subscriber with none of the retained results receives the complete one.
        let before = old?.number ?? 0
        guard let publication = newest.publications[before] else {
            self.make(live, of: newest, since: before, old: old?.answer)
            return nil
        }
        switch publication {
        case .changed(let batch):
            writer.sendShared([batch], to: subscriber.requestID)
            self.context.metrics.eventBytes += Int64(batch.bodyByteCount)
        case .whole(let batches):
            if subscriber.publishedVersion > 0 {
                let lsn = newest.answer.lsn
                writer.send(.reset(.resultReplaced), to: subscriber.requestID, at: lsn)
            }
            writer.sendShared(batches, to: subscriber.requestID)
        }
        writer.flushShared()
        live.published(to: subscriber, at: self.context.milliseconds)
        return publication.byteCount
    }

    /// Makes, on a query thread, the difference from an earlier result to the newest, or the complete result.
    private func make(
        _ live: LiveInsight,
        of newest: LiveInsight.Version,
        since before: UInt64,
        old: InsightAnswer?
    ) {
        guard !newest.making.contains(before) else { return }
        live.beginMaking(before)
        let bound = NIOLoopBound(live, eventLoop: self.context.loop)
        let (number, answer) = (newest.number, newest.answer)
        self.runner.scheduler.submit {
            let publication =
                LiveInsight.Publication.changed(from: old, to: answer) ?? .whole(answer)
            self.context.loop.execute {
                let live = bound.value
                live.made(publication, of: number, after: before)
                self.table.queue.changed(live.number)
                self.publishSome()
            }
        }
    }

    // MARK: - Progress

    /// Recomputes what is due, and serves all subscribers: at least each second they are notified of the LSN up
    /// to which their result is valid.
    ///
    /// - Complexity: O(`WireLimits/liveInsightsMax`); the subscribers are served in turns
    func keepTime() {
        self.advance()
        self.table.queue.beginAll()
        self.publishSome()
    }

    /// - Returns: Whether progress was due, and the subscriber could receive it.
    private func sendProgress(to subscriber: InsightSubscriber) -> Bool {
        let (live, now) = (subscriber.live, self.context.milliseconds)
        guard subscriber.publishedVersion == live.newest?.number,
            now - subscriber.publishedAt >= Int64(WireLimits.progressMilliseconds) - 50,
            let writer = subscriber.writer, writer.isWritable
        else { return false }
        writer.send(
            .progress(lsn: live.lsn, time: self.context.now()),
            to: subscriber.requestID,
            at: live.lsn
        )
        subscriber.lsn = live.lsn
        subscriber.publishedAt = now
        writer.releaseSoon()
        return true
    }
}

extension LiveInsights: DeferredWork {
    func runDeferred() {
        self.isContinuing = false
        self.publishSome()
    }
}
