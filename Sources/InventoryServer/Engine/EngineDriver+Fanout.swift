internal import ColumnStore
internal import Durability
internal import Inventory
internal import InventoryWire
internal import Logging
internal import NIOCore
internal import NIOPosix

/// Tells subscribers of what has become durable.
///
/// Each subscription is a cursor. A round hands every one that can take bytes its next steps, at
/// most ``WireLimits/eventsByteCountMax`` at once, so one slow reader slows nobody. Subscriptions
/// that want the same from the same place share one encoding; ``FanoutPace`` says when a round is due.
extension EngineDriver {
    private static var snapshotRowsMax: Int { 512 }

    // MARK: - Beginning and ending

    func subscribe(
        _ subscription: Subscription,
        _ requestID: UInt64,
        of connection: ConnectionHandler
    ) {
        if let refusal = self.refusal(subscription, requestID, connection) {
            connection.reply(.refused(refusal), to: requestID)
            return
        }
        let durable = self.engine.durable
        let matcher = SubscriptionMatcher(subscription)
        var live = LiveSubscription(
            requestID: requestID,
            subscription: subscription,
            matcher: matcher,
            interest: self.interests.number(of: matcher, among: self.metrics.subscriptions),
            phase: .following,
            cursor: self.engine.lsn,
            told: 0,
            toldAt: self.milliseconds
        )
        var resetReason: ResetReason?
        switch subscription.start {
        case .now:
            break
        case .snapshot:
            live.phase = .snapshotting
        case .after(let lsn):
            if lsn > durable {
                let refusal = Refusal(
                    .outOfRange,
                    .range(
                        "lsn",
                        value: Int64(clamping: lsn),
                        lowest: 0,
                        highest: Int64(durable)
                    )
                )
                connection.reply(.refused(refusal), to: requestID)
                return
            }
            live.cursor = lsn
            if lsn + 1 < self.log.firstRetainedLSN.value { resetReason = .historyGone }
        }
        live.told = live.cursor
        connection.subscriptions[requestID] = live
        self.changedSubscriptions(by: 1)
        let hasSnapshot = live.phase == .snapshotting || resetReason != nil
        connection.reply(
            .subscribed(Subscribed(lsn: live.cursor, hasSnapshot: hasSnapshot)),
            to: requestID,
            at: min(live.cursor, self.engine.lsn)
        )
        if let resetReason {
            self.reset(requestID, of: connection, resetReason)
        } else if live.phase == .snapshotting {
            self.sendSnapshot(requestID, of: connection)
        } else {
            self.deliverEvents(to: connection)
        }
        connection.releaseSoon()
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
        return self.refusal(requestID, connection)
            ?? self.engine.state.readView().problem(with: subscription.filter)
    }

    /// Why a connection may have no other subscription under that request id.
    func refusal(_ requestID: UInt64, _ connection: ConnectionHandler) -> Refusal? {
        if connection.subscriptions[requestID] != nil || connection.insights[requestID] != nil {
            return Refusal(.invalidField, .field("request id", problem: "is in use"))
        }
        let count = connection.subscriptions.count + connection.insights.count
        guard count >= WireLimits.subscriptionsMax else { return nil }
        return Refusal(
            .overloaded,
            .range(
                "subscriptions",
                value: Int64(count + 1),
                lowest: 0,
                highest: Int64(WireLimits.subscriptionsMax)
            )
        )
    }

    /// Begins a subscription anew, with a snapshot of the present.
    private func reset(
        _ requestID: UInt64,
        of connection: ConnectionHandler,
        _ reason: ResetReason
    ) {
        connection.subscriptions[requestID]?.phase = .snapshotting
        connection.subscriptions[requestID]?.cursor = self.engine.lsn
        connection.subscriptions[requestID]?.proof = nil
        connection.send(.reset(reason), to: requestID, at: self.engine.durable)
        self.sendSnapshot(requestID, of: connection)
    }

    // MARK: - The snapshot

    private func sendSnapshot(_ requestID: UInt64, of connection: ConnectionHandler) {
        guard let live = connection.subscriptions[requestID] else { return }
        let view = self.engine.state.readView()
        connection.subscriptions[requestID]?.cursor = view.lsn
        let rows = SnapshotRows(live.subscription, of: view)
        self.sendRows(rows, requestID, of: connection)
    }

    /// The rows of a snapshot, with one user at a time: that is why it is `@unchecked Sendable`.
    private final class SnapshotRows: @unchecked Sendable {
        let lsn: UInt64
        private let snapshot: SubscriptionSnapshot

        init(_ subscription: Subscription, of view: ReadView) {
            self.lsn = view.lsn
            self.snapshot = SubscriptionSnapshot(subscription, of: view)
        }

        func next(_ count: Int) -> [Change]? { self.snapshot.next(count) }
    }

    private func sendRows(
        _ rows: SnapshotRows,
        _ requestID: UInt64,
        of connection: ConnectionHandler
    ) {
        let bound = NIOLoopBound(connection, eventLoop: self.loop)
        self.queryPool.submit {
            let changes = rows.next(Self.snapshotRowsMax)
            self.loop.execute {
                let connection = bound.value
                // The subscription may have ended, or begun anew at a later LSN, meanwhile.
                guard let live = connection.subscriptions[requestID],
                    live.phase == .snapshotting, live.cursor == rows.lsn
                else { return }
                if let changes {
                    connection.send(.snapshotRows(changes), to: requestID, at: rows.lsn)
                    connection.releaseSoon()
                    self.sendRowsWhenWritable(rows, requestID, connection)
                } else {
                    connection.send(.caughtUp(lsn: rows.lsn), to: requestID, at: rows.lsn)
                    connection.subscriptions[requestID]?.phase = .following
                    connection.subscriptions[requestID]?.told = rows.lsn
                    connection.subscriptions[requestID]?.toldAt = self.milliseconds
                    connection.releaseSoon()
                    self.deliverEvents(to: connection)
                }
            }
        }
    }

    private func sendRowsWhenWritable(
        _ rows: SnapshotRows,
        _ requestID: UInt64,
        _ connection: ConnectionHandler
    ) {
        guard connection.context != nil else { return }
        if connection.isWritable, connection.pending.byteCount < WireLimits.outboxByteCountMax {
            self.sendRows(rows, requestID, of: connection)
            return
        }
        // A reader that is behind is looked at again shortly; nothing more is held for it.
        let bound = NIOLoopBound(connection, eventLoop: self.loop)
        self.loop.scheduleTask(in: .milliseconds(5)) {
            self.sendRowsWhenWritable(rows, requestID, bound.value)
        }
    }

    // MARK: - Events

    /// Which encoding a subscription shares: those of one interest that are equally far.
    private struct BatchKey: Hashable {
        var interest: Int
        var after: UInt64
    }

    /// What was encoded in a round, the latest at hand: nearly all subscriptions want it.
    private struct Batches {
        var latest: (key: BatchKey, batch: EventBatch)?
        var all: [BatchKey: EventBatch] = [:]
    }

    /// Something became durable: a round for everybody, now or once the loop has rested.
    func deliverEvents() {
        guard !self.following().isEmpty else { return }
        switch self.pace.becameDurable(at: self.loop.now.uptimeNanoseconds) {
        case .deliverNow:
            self.deliverRound()
        case .wait(let nanoseconds):
            self.loop.scheduleTask(in: .nanoseconds(Int64(nanoseconds))) {
                self.pace.waited()
                self.deliverEvents()
            }
        case .nothing:
            break
        }
    }

    private func deliverRound() {
        let start = self.loop.now.uptimeNanoseconds
        let view = self.engine.state.readView()
        var batches = Batches()
        for connection in self.following() {
            self.deliver(to: connection, view, &batches)
        }
        self.pace.delivered(from: start, to: self.loop.now.uptimeNanoseconds)
    }

    func deliverEvents(to connection: ConnectionHandler) {
        guard !connection.subscriptions.isEmpty else { return }
        var batches = Batches()
        self.deliver(to: connection, self.engine.state.readView(), &batches)
    }

    private func deliver(
        to connection: ConnectionHandler,
        _ view: ReadView,
        _ batches: inout Batches
    ) {
        for requestID in connection.subscriptions.keys {
            while let live = connection.subscriptions[requestID], live.phase == .following,
                live.cursor < self.engine.durable, connection.isWritable,
                connection.pending.byteCount < WireLimits.outboxByteCountMax
            {
                guard let first = self.feed.firstLSN, live.cursor + 1 >= first else {
                    self.replay(live, of: connection)
                    break
                }
                self.send(self.batch(for: live, view, &batches), requestID, connection)
            }
        }
        connection.flushEvents()
    }

    private func batch(
        for live: LiveSubscription,
        _ view: ReadView,
        _ batches: inout Batches
    ) -> EventBatch {
        let key = BatchKey(interest: live.interest, after: live.cursor)
        if let latest = batches.latest, latest.key == key { return latest.batch }
        let batch =
            batches.all[key] ?? self.encode(live.matcher, after: live.cursor, live.requestID, view)
        batches.all[key] = batch
        batches.latest = (key, batch)
        return batch
    }

    private func send(_ batch: EventBatch, _ requestID: UInt64, _ connection: ConnectionHandler) {
        if !batch.isEmpty {
            connection.sendEvents(batch, requestID)
            connection.subscriptions[requestID]?.told = batch.through
            connection.subscriptions[requestID]?.toldAt = self.milliseconds
            self.metrics.eventBytes += Int64(batch.bodyByteCount)
        }
        connection.subscriptions[requestID]?.cursor = batch.through
        self.sendProof(requestID, connection)
        if batch.needsReset { self.reset(requestID, of: connection, .filterChanged) }
    }

    /// The next steps from memory that a subscription is for.
    private func encode(
        _ matcher: SubscriptionMatcher,
        after lsn: UInt64,
        _ requestID: UInt64,
        _ view: ReadView
    ) -> EventBatch {
        var writer = ByteWriter(capacity: 4_096)
        var through = lsn
        var needsReset = false
        let durable = self.engine.durable
        for block in self.feed.blocks(after: lsn) {
            if block.first > durable || needsReset { break }
            if writer.count >= WireLimits.eventsByteCountMax { break }
            block.forEachEntry(after: lsn, through: durable) { entry in
                through = entry.lsn
                needsReset = matcher.selects(entry, view, &writer) == .reset
                return !needsReset && writer.count < WireLimits.eventsByteCountMax
            }
        }
        return EventBatch(writer, requestID: requestID, through: through, needsReset: needsReset)
    }

    // MARK: - The past

    /// Reads the next steps from the log's files, on another thread.
    private func replay(_ live: LiveSubscription, of connection: ConnectionHandler) {
        connection.subscriptions[live.requestID]?.phase = .replaying
        let cursor = LogCursor(self.log, after: LSN(live.cursor))
        self.replay(live.requestID, live.matcher, cursor, of: connection)
    }

    private func replay(
        _ requestID: UInt64,
        _ matcher: SubscriptionMatcher,
        _ cursor: LogCursor,
        of connection: ConnectionHandler
    ) {
        let bound = NIOLoopBound(connection, eventLoop: self.loop)
        let view = self.engine.state.readView()
        let durable = LSN(self.engine.durable)
        self.queryPool.submit {
            var cursor = cursor
            let result = Self.read(&cursor, matcher, requestID, view, through: durable)
            let next = cursor
            self.loop.execute {
                self.replayed(result, requestID, matcher, next, bound.value)
            }
        }
    }

    private static func read(
        _ cursor: inout LogCursor,
        _ matcher: SubscriptionMatcher,
        _ requestID: UInt64,
        _ view: ReadView,
        through durable: LSN
    ) -> Result<EventBatch, DurabilityError> {
        var writer = ByteWriter(capacity: 1 << 16)
        let after = cursor.next.value - 1
        var through = after
        var needsReset = false
        do throws(DurabilityError) {
            while writer.count < WireLimits.eventsByteCountMax, !needsReset,
                let read = try cursor.read(through: durable)
            {
                let block = FeedBlock(
                    first: read.first.value,
                    count: read.count,
                    bytes: read.body
                )
                block.forEachEntry(after: after, through: durable.value) { entry in
                    through = entry.lsn
                    needsReset = matcher.selects(entry, view, &writer) == .reset
                    return !needsReset
                }
            }
        } catch {
            return .failure(error)
        }
        return .success(
            EventBatch(writer, requestID: requestID, through: through, needsReset: needsReset)
        )
    }

    private func replayed(
        _ result: Result<EventBatch, DurabilityError>,
        _ requestID: UInt64,
        _ matcher: SubscriptionMatcher,
        _ cursor: LogCursor,
        _ connection: ConnectionHandler
    ) {
        guard connection.context != nil,
            connection.subscriptions[requestID]?.phase == .replaying
        else { return }
        switch result {
        case .success(let batch):
            self.send(batch, requestID, connection)
            connection.flushEvents()
            guard let live = connection.subscriptions[requestID], live.phase == .replaying else {
                return
            }
            let isInFeed = self.feed.firstLSN.map { live.cursor + 1 >= $0 } ?? false
            if isInFeed || live.cursor >= self.engine.durable {
                connection.subscriptions[requestID]?.phase = .following
                self.deliverEvents(to: connection)
            } else {
                self.replayWhenWritable(requestID, matcher, cursor, connection)
            }
        case .failure(.retired):
            self.reset(requestID, of: connection, .historyGone)
            connection.releaseSoon()
        case .failure(let error):
            self.logger.error("a subscriber cannot be told of the past: \(error)")
            let told = connection.subscriptions[requestID]?.told ?? 0
            connection.subscriptions[requestID] = nil
            self.changedSubscriptions(by: -1)
            let refusal = Refusal(.internal, .message("\(error)"))
            connection.send(.closed(refusal, lsn: told), to: requestID, at: told)
            connection.releaseSoon()
        }
    }

    private func replayWhenWritable(
        _ requestID: UInt64,
        _ matcher: SubscriptionMatcher,
        _ cursor: LogCursor,
        _ connection: ConnectionHandler
    ) {
        guard connection.context != nil else { return }
        if connection.isWritable, connection.pending.byteCount < WireLimits.outboxByteCountMax {
            self.replay(requestID, matcher, cursor, of: connection)
            return
        }
        let bound = NIOLoopBound(connection, eventLoop: self.loop)
        self.loop.scheduleTask(in: .milliseconds(5)) {
            self.replayWhenWritable(requestID, matcher, cursor, bound.value)
        }
    }

    // MARK: - Progress

    /// Tells idle subscribers, at least each second, that they have everything.
    func deliverProgress(_ now: Int64) {
        guard !self.following().isEmpty else { return }
        // A round of events first: what could not be taken before may be taken now.
        self.deliverEvents()
        self.prove(now)
        let time = self.now()
        for connection in self.following() {
            for (requestID, live) in connection.subscriptions
            where live.phase == .following && connection.isWritable
                && now - live.toldAt >= Int64(WireLimits.progressMilliseconds) - 50
            {
                connection.send(
                    .progress(lsn: live.cursor, time: time),
                    to: requestID,
                    at: live.cursor
                )
                connection.subscriptions[requestID]?.told = live.cursor
                connection.subscriptions[requestID]?.toldAt = now
                connection.releaseSoon()
            }
        }
    }
}

extension SubscriptionMatcher {
    /// ``select(_:in:into:)`` of an entry of our own, which can be read for certain.
    fileprivate func selects(
        _ entry: EntryView,
        _ view: ReadView,
        _ writer: inout ByteWriter
    ) -> Selection {
        do throws(ByteReaderError) {
            return try self.select(entry, in: view, into: &writer)
        } catch {
            preconditionFailure("LSN \(entry.lsn) cannot be read: \(error)")
        }
    }
}
