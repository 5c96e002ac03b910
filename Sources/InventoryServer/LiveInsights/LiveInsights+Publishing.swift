internal import Bytes
internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire
internal import NIOCore

/// What subscribers are told: what makes the newest result of the one that they have.
extension LiveInsights {
    /// Tells of the results whose LSN has become durable.
    func publishDurable() {
        guard !self.standing.unpublished.isEmpty else { return }
        let durable = self.state.durable
        let ready = self.standing.unpublished.filter { ($0.newest?.answer.lsn ?? 0) <= durable }
        guard !ready.isEmpty else { return }
        self.standing.unpublished.removeAll { ($0.newest?.answer.lsn ?? 0) <= durable }
        let start = self.nanoseconds
        for live in ready {
            for subscriber in live.subscribers.values { self.tell(subscriber) }
        }
        self.standing.telling += self.nanoseconds - start
    }

    /// Tells a subscriber what makes the newest result of the one that it has, if it can take it.
    func tell(_ subscriber: InsightSubscriber) {
        let live = subscriber.live
        guard let newest = live.newest, subscriber.hasBegun, subscriber.told < newest.number,
            newest.answer.lsn <= self.state.durable,
            let writer = subscriber.writer, writer.takesAnswers
        else { return }
        let old = live.earlier.first { $0.number == subscriber.told }
        // Who has none of the results that are kept is told the whole.
        let before = old?.number ?? 0
        guard let telling = newest.tellings[before] else {
            self.make(live, of: newest, since: before, old: old?.answer)
            return
        }
        switch telling {
        case .changed(let batch):
            writer.sendEvents(batch, subscriber.requestID)
            writer.flushEvents()
            self.context.metrics.eventBytes += Int64(batch.bodyByteCount)
        case .whole(let frames):
            let lsn = newest.answer.lsn
            if subscriber.told > 0 {
                writer.send(.reset(.resultReplaced), to: subscriber.requestID, at: lsn)
            }
            for frame in frames { writer.send(frame, to: subscriber.requestID, at: lsn) }
            writer.releaseSoon()
        }
        subscriber.told = newest.number
        subscriber.lsn = newest.answer.lsn
        subscriber.publishedAt = self.context.milliseconds
    }

    /// Has made, on a query thread, what makes the newest result of an earlier one, or of none.
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
            let telling = LiveInsight.Telling.changed(from: old, to: answer) ?? .whole(answer)
            self.context.loop.execute {
                let live = bound.value
                live.made(telling, of: number, after: before)
                for subscriber in live.subscribers.values { self.tell(subscriber) }
            }
        }
    }

    // MARK: - Progress

    /// Tells those who have the newest result, at least each second, up to where it is that.
    func publishProgress(_ now: Int64) {
        self.advance()
        guard !self.standing.all.isEmpty else { return }
        let time = self.context.now()
        for live in self.standing.all.values {
            for subscriber in live.subscribers.values {
                // What could not be taken before may be taken now.
                self.tell(subscriber)
                guard subscriber.told == live.newest?.number,
                    now - subscriber.publishedAt >= Int64(WireLimits.progressMilliseconds) - 50,
                    let writer = subscriber.writer, writer.isWritable
                else { continue }
                writer.send(
                    .progress(lsn: live.lsn, time: time),
                    to: subscriber.requestID,
                    at: live.lsn
                )
                subscriber.lsn = live.lsn
                subscriber.publishedAt = now
                writer.releaseSoon()
            }
        }
    }
}
