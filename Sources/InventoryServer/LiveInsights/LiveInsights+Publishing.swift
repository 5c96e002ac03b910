internal import Bytes
internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire
internal import NIOCore

/// Publishing: subscribers receive the difference between the result that they have and the newest one.
extension LiveInsights {
    /// Publishes the results whose LSN has become durable.
    func publishDurable() {
        guard !self.table.unpublished.isEmpty else { return }
        let durable = self.state.durable
        let ready = self.table.unpublished.filter { ($0.newest?.answer.lsn ?? 0) <= durable }
        guard !ready.isEmpty else { return }
        self.table.unpublished.removeAll { ($0.newest?.answer.lsn ?? 0) <= durable }
        let start = self.nanoseconds
        for live in ready {
            for subscriber in live.subscribers.values { self.publish(to: subscriber) }
        }
        self.table.publishingNanoseconds += self.nanoseconds - start
    }

    /// Publishes the newest result to a subscriber, unless it is a slow consumer that is not writable now.
    func publish(to subscriber: InsightSubscriber) {
        let live = subscriber.live
        guard let newest = live.newest, subscriber.hasBegun,
            subscriber.publishedVersion < newest.number,
            newest.answer.lsn <= self.state.durable,
            let writer = subscriber.writer, writer.takesAnswers
        else { return }
        let old = live.earlier.first { $0.number == subscriber.publishedVersion }
        // A subscriber with none of the retained results receives the complete one.
        let before = old?.number ?? 0
        guard let publication = newest.publications[before] else {
            self.make(live, of: newest, since: before, old: old?.answer)
            return
        }
        switch publication {
        case .changed(let batch):
            writer.sendEvents(batch, subscriber.requestID)
            writer.flushEvents()
            self.context.metrics.eventBytes += Int64(batch.bodyByteCount)
        case .whole(let frames):
            let lsn = newest.answer.lsn
            if subscriber.publishedVersion > 0 {
                writer.send(.reset(.resultReplaced), to: subscriber.requestID, at: lsn)
            }
            for frame in frames { writer.send(frame, to: subscriber.requestID, at: lsn) }
            writer.releaseSoon()
        }
        subscriber.publishedVersion = newest.number
        subscriber.lsn = newest.answer.lsn
        subscriber.publishedAt = self.context.milliseconds
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
                for subscriber in live.subscribers.values { self.publish(to: subscriber) }
            }
        }
    }

    // MARK: - Progress

    /// Notifies subscribers of the newest result, at least each second, of the LSN it is valid up to.
    func publishProgress(_ now: Int64) {
        self.advance()
        guard !self.table.all.isEmpty else { return }
        let time = self.context.now()
        for live in self.table.all.values {
            for subscriber in live.subscribers.values {
                // A subscriber that was not writable before may be now.
                self.publish(to: subscriber)
                guard subscriber.publishedVersion == live.newest?.number,
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
