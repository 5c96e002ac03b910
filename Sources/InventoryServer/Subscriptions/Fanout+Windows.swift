internal import ColumnStore
internal import Inventory
internal import InventoryWire

struct WindowKey: Hashable {
    var interest: Int
    /// The step before its first.
    var after: UInt64
}

/// A window of a conflated interest that is being put together, for all who are equally far.
struct WindowBuilder {
    var window = ConflationWindow()
    /// The last step that it has.
    var through: UInt64
    /// Where it ends.
    var end: UInt64
    var settledAt: UInt64 = 0
}

/// Conflation: a window is put together from where a subscription is up to the newest step, so one that
/// falls behind gets fewer changes, not later ones.
///
///     due      |         |         |            windows of one length end at the same time
///     steps    ·····················
///     window        └────────┘                  one for all who are at its beginning
extension Fanout {
    /// The next piece of a window; none if it is not put together yet.
    func windowPiece(
        after lsn: UInt64,
        for subscription: FanoutSubscription
    ) -> EventPiece? {
        let interest = subscription.interest
        let end = self.windowEnd(interest, after: lsn)
        let least = subscription.machine.isInWindow ? subscription.windowEnd : end
        if let piece = self.pieces.piece(interest, at: lsn), piece.after == lsn,
            piece.windowEnd >= least
        {
            return piece
        }
        let key = WindowKey(interest: interest, after: lsn)
        if self.windows[key] == nil, self.windows.count >= FanoutLimits.windowBuildersMax {
            self.dropUnusedWindows()
            // Those that are begun come first; its turn comes again.
            guard self.windows.count < FanoutLimits.windowBuildersMax else { return nil }
        }
        var builder = self.windows[key] ?? WindowBuilder(through: lsn, end: end)
        self.windows[key] = nil
        switch self.build(&builder, subscription) {
        case .complete:
            self.keep(builder, key, subscription.requestID)
            return self.pieces.piece(interest, at: lsn)
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
        return nil
    }

    /// The newest step, or that of a digest that will be compared.
    private func windowEnd(_ interest: Int, after lsn: UInt64) -> UInt64 {
        guard let cut = self.cuts[interest], cut > lsn else { return self.target }
        return min(cut, self.target)
    }

    private enum Building { case complete, incomplete, needsLog, needsProduct }

    /// Adds steps up to the window's end, as many as one serving may look at.
    private func build(
        _ builder: inout WindowBuilder,
        _ subscription: FanoutSubscription
    ) -> Building {
        var scanned = 0
        while builder.through < builder.end {
            guard builder.window.count < FanoutLimits.windowLevelsMax else { break }
            guard scanned < FanoutLimits.scanByteCountMax else { return .incomplete }
            guard let block = self.blocks.block(after: builder.through) else { return .needsLog }
            let entered = self.add(block, to: &builder, subscription, &scanned)
            guard let entered else { continue }
            guard let (batch, lsn) = self.entered(entered, subscription) else {
                return .needsProduct
            }
            batch.withBody { builder.window.takes(selected: $0) }
            builder.settledAt = max(builder.settledAt, lsn)
            builder.through = entered.lsn
        }
        builder.end = builder.through
        return .complete
    }

    /// - Returns: A step that brings a product under the filter, where it stopped.
    private func add(
        _ block: IndexedBlock,
        to builder: inout WindowBuilder,
        _ subscription: FanoutSubscription,
        _ scanned: inout Int
    ) -> Entered? {
        let (matcher, keys, after) = (subscription.matcher, self.keys, builder.through)
        var entered: Entered?
        block.forEachEntry(after: after, through: builder.end) { entry, bytes in
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

    /// Cuts a window into pieces, and keeps them for all who come to them.
    private func keep(_ builder: WindowBuilder, _ key: WindowKey, _ requestID: UInt64) {
        var after = key.after
        func insert(_ batch: EventBatch, through: UInt64) {
            let piece = EventPiece(
                after: after,
                through: through,
                batch: batch,
                settledAt: builder.settledAt,
                windowEnd: builder.end
            )
            self.pieces.insert(piece, key.interest)
            after = through
        }
        var last: (batch: EventBatch, through: UInt64)?
        builder.window.forEachOwnPiece(byteCountMax: FanoutLimits.pieceByteCountMax) {
            if let last { insert(last.batch, through: last.through) }
            last = (EventBatch($0, requestID: requestID, through: $1), $1)
        }
        // The last one covers what the window has no change of.
        let none = EventBatch(ByteWriter(), requestID: requestID, through: builder.end)
        insert(last?.batch ?? none, through: builder.end)
    }

    /// Lets go of windows at whose beginning nobody is any more.
    private func dropUnusedWindows() {
        var used: Set<WindowKey> = []
        for connection in self.connections.values {
            for subscription in connection.subscriptions where subscription.isConflated {
                let cursor = subscription.machine.cursor
                used.insert(WindowKey(interest: subscription.interest, after: cursor))
            }
        }
        self.windows = self.windows.filter { used.contains($0.key) }
    }
}

extension ConflationWindow {
    /// ``take(_:_:in:)`` of an entry of our own, which can be read for certain.
    fileprivate mutating func takes(
        _ entry: EntryView,
        _ matcher: SubscriptionMatcher,
        in keys: SelectionKeys
    ) -> SubscriptionMatcher.Selection {
        do throws(ByteReaderError) {
            return try self.take(entry, matcher, in: keys)
        } catch {
            preconditionFailure("LSN \(entry.lsn) cannot be read: \(error)")
        }
    }

    fileprivate mutating func takes(selected bytes: UnsafeRawBufferPointer) {
        do throws(ByteReaderError) {
            try self.take(selected: bytes)
        } catch {
            preconditionFailure("entries of our own cannot be read: \(error)")
        }
    }

    fileprivate func forEachOwnPiece(
        byteCountMax: Int,
        _ visit: (borrowing ByteWriter, UInt64) -> Void
    ) {
        do throws(ByteReaderError) {
            try self.forEachPiece(byteCountMax: byteCountMax, visit)
        } catch {
            preconditionFailure("a window of our own cannot be read: \(error)")
        }
    }
}
