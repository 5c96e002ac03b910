internal import Bytes
internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire

struct WindowKey: Hashable {
    var interest: Int
    /// The LSN before its first step.
    var after: LSN
}

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
        let interest = subscription.interest
        guard let track = self.tracks[interest] else {
            preconditionFailure("a conflated subscription without a track")
        }
        if lsn >= track.newest {
            guard now >= track.dueAt else {
                subscription.machine.rests(until: track.dueAt)
                return nil
            }
            // A subscriber that begins between two windows waits for the end of this one.
            guard self.complete(after: track.newest, through: self.target, subscription),
                lsn == track.newest
            else { return nil }
            return self.pieces.piece(interest, at: lsn)
        }
        let end = self.windowEnd(track, interest, after: lsn)
        let least = subscription.machine.isInWindow ? subscription.windowEnd : end
        if let piece = self.pieces.piece(interest, at: lsn), piece.after == lsn,
            piece.windowEnd >= least || piece.isCutShort
        {
            return piece
        }
        guard self.complete(after: lsn, through: max(end, least), subscription) else { return nil }
        return self.pieces.piece(interest, at: lsn)
    }

    /// The newest end, or the LSN of a state checksum that will be compared.
    private func windowEnd(_ track: ConflationTrack, _ interest: Int, after lsn: LSN) -> LSN {
        guard let cut = self.cuts[interest], cut > lsn else { return track.newest }
        return min(cut, track.newest)
    }

    /// Merges a part of the new steps into the current window that is furthest behind, so that little is left
    /// to do when its time is over.
    func follow() {
        guard !self.tracks.isEmpty, self.tracks.count <= FanoutLimits.followedWindowsMax else {
            return
        }
        var next: (key: WindowKey, through: LSN, limit: LSN)?
        for (interest, track) in self.tracks {
            let key = WindowKey(interest: interest, after: track.newest)
            let builder = self.windows[key]
            guard builder != nil || self.windows.count < FanoutLimits.windowBuildersMax else {
                continue
            }
            let through = builder?.through ?? track.newest
            let limit = min(self.cut(interest, behind: track.newest) ?? .max, self.durable)
            let isFull = builder.map { $0.end != nil || $0.isFull } ?? false
            guard !isFull, through < limit, through < next?.through ?? .max else { continue }
            next = (key, through, limit)
        }
        guard let next, let subscription = self.following[next.key.interest] else { return }
        var builder =
            self.windows.removeValue(forKey: next.key) ?? WindowBuilder(through: next.through)
        _ = self.build(&builder, through: next.limit, subscription)
        self.windows[next.key] = builder
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
        let key = WindowKey(interest: interest, after: lsn)
        if self.windows[key] == nil, self.windows.count >= FanoutLimits.windowBuildersMax {
            self.dropUnusedWindows()
            // Windows that were begun come first; this one's turn comes later.
            guard self.windows.count < FanoutLimits.windowBuildersMax else { return false }
        }
        var builder = self.windows[key] ?? WindowBuilder(through: lsn)
        let limit = builder.end ?? min(end, self.cut(interest, behind: lsn) ?? end)
        builder.end = limit
        self.windows[key] = nil
        switch self.build(&builder, through: limit, subscription) {
        case .complete:
            self.keep(
                builder,
                key: key,
                isCutShort: builder.through < limit,
                requestID: subscription.requestID
            )
            return true
        case .incomplete:
            self.windows[key] = builder
        case .needsLog:
            self.windows[key] = builder
            subscription.machine.waits(for: .log)
            self.readLog(after: builder.through)
        case .needsProduct:
            self.windows[key] = builder
            subscription.machine.waits(for: .product)
        }
        return false
    }

    private func cut(_ interest: Int, behind lsn: LSN) -> LSN? {
        guard let cut = self.cuts[interest], cut > lsn else { return nil }
        return cut
    }

    private enum Building { case complete, incomplete, needsLog, needsProduct }

    /// Adds completed windows, and steps, up to `end`, within the limits of one serving.
    private func build(
        _ builder: inout WindowBuilder,
        through end: LSN,
        _ subscription: FanoutSubscription
    ) -> Building {
        let track = self.tracks[subscription.interest]
        var scanned = 0
        while builder.through < end {
            if builder.isFull { break }
            guard scanned < FanoutLimits.scanByteCountMax else { return .incomplete }
            if let over = track?.window(after: builder.through), over.end <= end {
                for batch in over.batches {
                    batch.withBody { builder.window.takes(selected: $0) }
                }
                builder.settledAt = max(builder.settledAt, over.settledAt)
                builder.through = over.end
                scanned += over.byteCount
                continue
            }
            guard let block = self.blocks.block(after: builder.through) else { return .needsLog }
            let limit = min(end, track?.end(behind: builder.through) ?? end)
            let entered = self.add(
                block,
                through: limit,
                to: &builder,
                subscription: subscription,
                scanned: &scanned
            )
            guard let entered else { continue }
            guard let (batch, lsn) = self.entered(entered, subscription) else {
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
        subscription: FanoutSubscription,
        scanned: inout Int
    ) -> Entered? {
        let (matcher, keys, after) = (subscription.matcher, self.keys, builder.through)
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
        guard self.tracks[key.interest]?.newest == key.after else { return }
        let byteCountMax = FanoutLimits.windowsByteCountMax / self.tracks.count
        self.tracks[key.interest]?.close(
            at: builder.through,
            batches,
            settledAt: builder.settledAt,
            now: self.now,
            byteCountMax: byteCountMax
        )
    }

    // MARK: - Who is served

    /// Begins the track of a conflated subscription.
    func beginTrack(of subscription: FanoutSubscription) {
        guard let period = subscription.machine.period else { return }
        let interest = subscription.interest
        if self.following[interest] == nil { self.following[interest] = subscription }
        guard self.tracks[interest] == nil else { return }
        self.tracks[interest] = ConflationTrack(period: period, at: self.durable)
    }

    /// The log's files up to `lsn` are gone: windows that need them restart there.
    func restartTracks(at lsn: LSN) {
        for (interest, track) in self.tracks {
            let key = WindowKey(interest: interest, after: track.newest)
            guard let builder = self.windows[key], builder.through == lsn else { continue }
            self.windows[key] = nil
            self.tracks[interest] = ConflationTrack(period: track.period, at: self.durable)
        }
    }

    /// Drops the windows of interests without subscriptions.
    func dropUnusedTracks() {
        guard !self.tracks.isEmpty else { return }
        self.following = [:]
        for connection in self.connections.values {
            for subscription in connection.subscriptions where subscription.isConflated {
                self.following[subscription.interest] = subscription
            }
        }
        guard self.following.count < self.tracks.count else { return }
        self.tracks = self.tracks.filter { self.following[$0.key] != nil }
        self.windows = self.windows.filter { self.following[$0.key.interest] != nil }
    }

    /// Drops windows at whose beginning no subscriber is any more.
    private func dropUnusedWindows() {
        var used: Set<WindowKey> = []
        for connection in self.connections.values {
            for subscription in connection.subscriptions where subscription.isConflated {
                used.insert(self.windowKey(of: subscription))
            }
        }
        self.windows = self.windows.filter { used.contains($0.key) }
    }

    /// The window that a subscription waits for.
    func windowKey(of subscription: FanoutSubscription) -> WindowKey {
        let newest = self.tracks[subscription.interest]?.newest ?? .max
        let after = min(subscription.machine.cursor, newest)
        return WindowKey(interest: subscription.interest, after: after)
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
