internal import Bytes
internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire

/// A window of a conflated interest that is being built, for all subscribers at the same position.
struct WindowBuilder {
    var window = ConflationWindow()
    /// The last LSN that it covers.
    var through: LSN
    /// Its end; `nil` until its time is over.
    var end: LSN?
    var settledAt: LSN = 0

    /// Whether it ends where it is, at its limit.
    var isFull: Bool { self.window.count >= FanoutLimits.windowLevelsMax }

    /// Traps if it covers steps behind its end.
    func checkInvariants() {
        precondition(
            self.end.map { self.through <= $0 } ?? true,
            "a window up to \(self.through) that ends at \(self.end ?? 0)"
        )
    }
}

/// Conflation, the rate limit of a subscription: steps are merged into windows, once per interest.
///
///     blocks ──as they come──▶ current window ──its time is over──▶ ConflationTrack
///                                                                       │ piece, encoded once
///     late subscriber ◀──merged windows, of its steps before them ──────┤
///     subscriber at the newest end ◀────────────────────────────────────┘
///
/// So a slow consumer gets fewer changes, not later ones, and a thousand that fell behind at different
/// steps cost the levels of a few more windows, not the steps again.
extension Fanout {
    /// The next piece of a window; `nil` if it is not built yet or its time is not over.
    func windowPiece(
        after lsn: LSN,
        for subscription: FanoutSubscription,
        _ now: UInt64
    ) -> EventPiece? {
        let interest = subscription.interest.number
        let end = subscription.machine.windowEnd
        switch self.conflation.need(interest, at: lsn, windowEnd: end, now: now) {
        case .rest(let due):
            subscription.machine.rests(until: due)
            return nil
        case .current(let after):
            let target = self.positions.target
            // A subscriber that begins between two windows waits for the end of this one.
            guard self.complete(after: after, through: target, subscription), lsn == after else {
                return nil
            }
        case .merged(let through, let least):
            if let piece = self.pieces.piece(interest, at: lsn), piece.after == lsn,
                piece.windowEnd >= least || piece.isCutShort
            {
                return piece
            }
            guard self.complete(after: lsn, through: through, subscription) else { return nil }
        }
        return self.pieces.piece(interest, at: lsn)
    }

    /// Merges a part of the new steps into the current window that is furthest behind, so that little is left
    /// to do when its time is over.
    func follow() {
        let durable = self.positions.durable
        guard !self.conflation.isEmpty,
            var next = self.conflation.takeFollowed(durable: durable)
        else { return }
        _ = self.build(&next.builder, through: next.limit, next.interest)
        self.conflation.put(next.builder, next.key)
    }

    /// Builds the window that begins after `lsn` and caches its pieces, within the limits of one serving.
    ///
    /// - Returns: Whether it is complete.
    private func complete(
        after lsn: LSN,
        through end: LSN,
        _ subscription: FanoutSubscription
    ) -> Bool {
        let interest = subscription.interest
        let key = WindowKey(interest: interest.number, after: lsn)
        if self.conflation.isFull(for: key) {
            self.conflation.dropWindows(except: self.usedWindows())
            // Windows that were begun come first; this one's turn comes later.
            guard !self.conflation.isFull(for: key) else { return false }
        }
        var builder = self.conflation.takeWindow(key, through: end)
        let limit = builder.end ?? end
        switch self.build(&builder, through: limit, interest) {
        case .complete:
            self.keep(
                builder,
                key: key,
                isCutShort: builder.through < limit,
                requestID: subscription.requestID
            )
            return true
        case .incomplete:
            self.conflation.put(builder, key)
        case .needsLog:
            self.conflation.put(builder, key)
            subscription.machine.waits(for: .log)
            self.readLog(after: builder.through)
        case .needsProduct:
            self.conflation.put(builder, key)
            subscription.machine.waits(for: .product)
        }
        return false
    }

    private enum Building { case complete, incomplete, needsLog, needsProduct }

    /// Adds completed windows, and steps, up to `end`, within the limits of one serving.
    private func build(
        _ builder: inout WindowBuilder,
        through end: LSN,
        _ interest: SharedInterest
    ) -> Building {
        let track = self.conflation.track(interest.number)
        var scanned = 0
        while builder.through < end {
            if builder.isFull { break }
            guard scanned < FanoutLimits.scanByteCountMax else { return .incomplete }
            if let over = track.window(after: builder.through), over.end <= end {
                for batch in over.batches {
                    batch.withBody { builder.window.takes(selected: $0) }
                }
                builder.settledAt = max(builder.settledAt, over.settledAt)
                builder.through = over.end
                scanned += over.byteCount
                continue
            }
            guard let block = self.steps.blocks.block(after: builder.through) else {
                return .needsLog
            }
            let limit = min(end, track.end(behind: builder.through) ?? end)
            let entered = self.add(
                block,
                through: limit,
                to: &builder,
                interest: interest,
                scanned: &scanned
            )
            guard let entered else { continue }
            guard let (batch, lsn) = self.entered(entered, interest) else {
                return .needsProduct
            }
            batch.withBody { builder.window.takes(selected: $0) }
            builder.settledAt = max(builder.settledAt, lsn)
            builder.through = entered.lsn
        }
        return .complete
    }

    /// - Returns: The LSN of a step that brings a product under the filter, where it stopped.
    private func add(
        _ block: IndexedBlock,
        through end: LSN,
        to builder: inout WindowBuilder,
        interest: SharedInterest,
        scanned: inout Int
    ) -> Entered? {
        let (matcher, keys, after) = (interest.matcher, self.steps.keys, builder.through)
        var entered: Entered?
        block.forEachEntry(after: after, through: end) { entry, bytes in
            if builder.window.takes(entry, matcher, in: keys) == .enters {
                entered = Entered(lsn: entry.lsn, block: block)
                return false
            }
            builder.through = entry.lsn
            scanned += bytes.count
            return scanned < FanoutLimits.scanByteCountMax
                && builder.window.count < FanoutLimits.windowLevelsMax
        }
        builder.settledAt = max(builder.settledAt, self.settledAt(matcher, after: after))
        return entered
    }

    /// Cuts a window into pieces and caches them for all subscribers; if it is the current one, it is closed.
    private func keep(
        _ builder: WindowBuilder,
        key: WindowKey,
        isCutShort: Bool,
        requestID: UInt64
    ) {
        var after = key.after
        var batches: [EventBatch] = []
        func insert(_ batch: EventBatch, through: LSN) {
            let piece = EventPiece(
                after: after,
                through: through,
                batch: batch,
                settledAt: builder.settledAt,
                windowEnd: builder.through,
                isCutShort: isCutShort
            )
            self.pieces.insert(piece, key.interest)
            after = through
            if !batch.isEmpty { batches.append(batch) }
        }
        var last: (batch: EventBatch, through: LSN)?
        builder.window.forEachOwnPiece(byteCountMax: FanoutLimits.pieceByteCountMax) {
            if let last { insert(last.batch, through: last.through) }
            last = (EventBatch($0, requestID: requestID, through: $1), $1)
        }
        // The last piece covers the steps without a change in the window.
        let none = EventBatch(ByteWriter(), requestID: requestID, through: builder.through)
        insert(last?.batch ?? none, through: builder.through)
        self.conflation.completed(builder, key, as: batches, now: self.now)
    }

    // MARK: - Who is served

    /// Drops the windows of interests without subscriptions.
    func dropUnusedTracks() {
        guard !self.conflation.isEmpty else { return }
        var followed: [Int: SharedInterest] = [:]
        for connection in self.connections.all {
            for subscription in connection.subscriptions where subscription.isConflated {
                followed[subscription.interest.number] = subscription.interest
            }
        }
        self.conflation.retain(followed)
    }

    /// The windows that subscribers wait for.
    private func usedWindows() -> Set<WindowKey> {
        var used: Set<WindowKey> = []
        for connection in self.connections.all {
            for subscription in connection.subscriptions where subscription.isConflated {
                used.insert(self.windowKey(of: subscription))
            }
        }
        return used
    }

    /// The window that a subscription waits for.
    func windowKey(of subscription: FanoutSubscription) -> WindowKey {
        self.conflation.key(subscription.interest.number, at: subscription.machine.cursor)
    }
}

extension ConflationWindow {
    /// ``take(_:_:in:)`` for an entry of our own, which is always decodable.
    fileprivate mutating func takes(
        _ entry: EntryView,
        _ matcher: SubscriptionMatcher,
        in keys: SelectionKeys
    ) -> SubscriptionMatcher.Selection {
        do throws(ByteReaderError) {
            return try self.take(entry, matcher, in: keys)
        } catch {
            preconditionFailure("LSN \(entry.lsn) cannot be decoded: \(error)")
        }
    }

    fileprivate mutating func takes(selected bytes: UnsafeRawBufferPointer) {
        do throws(ByteReaderError) {
            try self.take(selected: bytes)
        } catch {
            preconditionFailure("entries of our own cannot be decoded: \(error)")
        }
    }

    fileprivate func forEachOwnPiece(
        byteCountMax: Int,
        _ visit: (borrowing ByteWriter, LSN) -> Void
    ) {
        do throws(ByteReaderError) {
            try self.forEachPiece(byteCountMax: byteCountMax, visit)
        } catch {
            preconditionFailure("a window of our own cannot be decoded: \(error)")
        }
    }
}
