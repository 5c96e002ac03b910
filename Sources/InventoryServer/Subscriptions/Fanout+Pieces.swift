internal import Bytes
internal import Durability
internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire
internal import Logging

/// Encodes pieces, from memory or from the log's files.
extension Fanout {
    /// The next piece of a subscription; `nil` if it has to wait for something.
    func piece(
        after lsn: LSN,
        for subscription: FanoutSubscription,
        _ now: UInt64
    ) -> EventPiece? {
        if subscription.isConflated {
            return self.windowPiece(after: lsn, for: subscription, now)
        }
        if let piece = self.pieces.piece(subscription.interest, at: lsn) { return piece }
        // It ends where an existing piece begins, so that all continue together from there.
        let end = self.pieces.next(subscription.interest, after: lsn) ?? self.target
        let limit = min(self.target, end)
        switch self.encode(subscription, after: lsn, through: limit) {
        case .piece(let piece):
            self.pieces.insert(piece, subscription.interest)
            return piece
        case .needsLog:
            subscription.machine.waits(for: .log)
            self.readLog(after: lsn)
            return nil
        case .needsProduct:
            subscription.machine.waits(for: .product)
            return nil
        }
    }

    enum Encoded {
        case piece(EventPiece)
        case needsLog
        case needsProduct
    }

    private func encode(
        _ subscription: FanoutSubscription,
        after lsn: LSN,
        through limit: LSN
    ) -> Encoded {
        let matcher = subscription.matcher
        var writer = ByteWriter(capacity: 4_096)
        var through = lsn
        var scanned = 0
        var isFull = false
        var entered: Entered?
        while through < limit, !isFull, entered == nil {
            guard let block = self.blocks.block(after: through) else { break }
            block.forEachEntry(after: through, through: limit) { entry, bytes in
                if matcher.selects(entry, keys: self.keys, into: &writer) == .enters {
                    entered = Entered(lsn: entry.lsn, block: block)
                    return false
                }
                through = entry.lsn
                scanned += bytes.count
                isFull =
                    writer.count >= FanoutLimits.pieceByteCountMax
                    || scanned >= FanoutLimits.scanByteCountMax
                return !isFull
            }
        }
        self.scannedByteCount += scanned
        if through == lsn {
            guard let entered else { return .needsLog }
            return self.entering(entered, subscription, after: lsn)
        }
        return .piece(
            EventPiece(
                after: lsn,
                through: through,
                batch: EventBatch(writer, requestID: subscription.requestID, through: through),
                settledAt: self.settledAt(matcher, after: lsn)
            )
        )
    }

    /// The LSN from which on a replica built from steps after `lsn` is exact, with the keys that select now.
    func settledAt(_ matcher: SubscriptionMatcher, after lsn: LSN) -> LSN {
        matcher.filtersByProduct && self.keys.movedLSN > lsn ? self.keys.movedLSN : 0
    }

    // MARK: - Products that enter a filter

    /// A step that brings a product under a filter.
    struct Entered {
        var lsn: LSN
        var block: IndexedBlock
    }

    private func entering(
        _ entered: Entered,
        _ subscription: FanoutSubscription,
        after lsn: LSN
    ) -> Encoded {
        guard let (batch, settledAt) = self.entered(entered, subscription) else {
            return .needsProduct
        }
        return .piece(
            EventPiece(
                after: lsn,
                through: entered.lsn,
                batch: batch,
                settledAt: max(settledAt, self.settledAt(subscription.matcher, after: lsn))
            )
        )
    }

    /// The step with the rows of the product and their LSN; `nil` if they are not there yet or are not
    /// durable.
    func entered(
        _ entered: Entered,
        _ subscription: FanoutSubscription
    ) -> (batch: EventBatch, lsn: LSN)? {
        let key = EnteringProducts.Key(interest: subscription.interest, lsn: entered.lsn)
        switch self.entering.find(key, durable: self.durable) {
        case .made(let batch, let lsn): return (batch, lsn)
        case .wait: return nil
        case .make: break
        }
        let matcher = subscription.matcher
        let (host, work, requestID) = (self.host, self.upstream.work, subscription.requestID)
        self.upstream.takeView { view in
            work.submit {
                let batch = entered.batch(matcher, of: view, requestID: requestID)
                host.post { fanout in
                    if fanout.entering.made(batch, of: key, lsn: view.lsn) {
                        fanout.resume(from: .product)
                    }
                }
            }
        }
        return nil
    }

    // MARK: - The past

    /// Reads the next blocks from the log's files, once for all subscribers that need them.
    func readLog(after lsn: LSN) {
        guard let start = self.logReaders.begin(after: lsn, in: self.upstream.log) else { return }
        let (host, durable) = (self.host, self.durable)
        self.upstream.work.submit {
            var cursor = start
            let result = LogRead.next(&cursor, through: durable)
            let next = cursor
            host.post { $0.logRead(result, after: lsn, next) }
        }
    }

    private func logRead(
        _ result: Result<[IndexedBlock], DurabilityError>,
        after lsn: LSN,
        _ next: any LogStoreCursor
    ) {
        self.logReaders.ended(after: lsn)
        switch result {
        case .success(let blocks):
            guard self.subscriptionCount > 0 else { return }
            for block in blocks { self.blocks.insert(read: block) }
            self.logReaders.keep(next)
            if blocks.isEmpty { self.logLacks(lsn) }
        case .failure(.retired):
            self.forEachWaiting(at: lsn) { self.restart($0, of: $1, because: .historyGone) }
            self.restartTracks(at: lsn)
        case .failure(let error):
            self.upstream.logger.error("cannot send retained steps to subscribers: \(error)")
            self.forEachWaiting(at: lsn) { self.close($0, of: $1, because: "\(error)") }
        }
        self.resume(from: .log)
    }

    private func logLacks(_ lsn: LSN) {
        self.upstream.logger.error("LSN \(lsn + 1) is durable and not in the log's files")
        self.forEachWaiting(at: lsn) {
            self.close($0, of: $1, because: "LSN \(lsn + 1) is not in the log")
        }
    }

    private func forEachWaiting(
        at lsn: LSN,
        _ body: (FanoutSubscription, FanoutConnection) -> Void
    ) {
        for connection in self.connections.values {
            for subscription in connection.subscriptions
            where subscription.machine.wait == .log && self.position(subscription) == lsn {
                body(subscription, connection)
            }
        }
    }

    /// Where it continues reading: after the existing part of its window.
    private func position(_ subscription: FanoutSubscription) -> LSN {
        self.windows[self.windowKey(of: subscription)]?.through ?? subscription.machine.cursor
    }

    private func close(
        _ subscription: FanoutSubscription,
        of connection: FanoutConnection,
        because problem: String
    ) {
        let reason = Refusal(.internal, .message(problem))
        let requestID = subscription.requestID
        self.send(
            .closed(reason, lsn: subscription.machine.notified),
            requestID: requestID,
            of: connection
        )
        subscription.machine.close()
        if connection.remove(requestID) != nil { self.removed(1) }
        connection.peer.ended(requestID)
        self.flush(connection)
    }
}

extension Fanout.Entered {
    /// The entry with the rows of the entering product, as a frame; made on a query thread.
    fileprivate func batch(
        _ matcher: SubscriptionMatcher,
        of view: ReadView,
        requestID: UInt64
    ) -> EventBatch {
        var writer = ByteWriter()
        self.block.forEachEntry(after: self.lsn.previous, through: self.lsn) { entry, _ in
            do throws(ByteReaderError) {
                try matcher.selectEntering(entry, in: view, into: &writer)
            } catch {
                preconditionFailure("LSN \(self.lsn) of our own block cannot be decoded: \(error)")
            }
            return false
        }
        return EventBatch(writer, requestID: requestID, through: self.lsn)
    }
}

/// Blocks read from the log.
private enum LogRead {
    static func next(
        _ cursor: inout any LogStoreCursor,
        through durable: LSN
    ) -> Result<[IndexedBlock], DurabilityError> {
        var blocks: [IndexedBlock] = []
        var byteCount = 0
        do throws(DurabilityError) {
            while byteCount < FanoutLimits.logReadByteCount,
                let block = try cursor.nextBlock(through: durable)
            {
                blocks.append(IndexedBlock(block))
                byteCount += block.bytes.count
            }
        } catch {
            return .failure(error)
        }
        return .success(blocks)
    }
}

extension SubscriptionMatcher {
    /// ``select(_:in:into:)`` for an entry of our own, which is always decodable.
    fileprivate func selects(
        _ entry: EntryView,
        keys: SelectionKeys,
        into writer: inout ByteWriter
    ) -> Selection {
        do throws(ByteReaderError) {
            return try self.select(entry, in: keys, into: &writer)
        } catch {
            preconditionFailure("LSN \(entry.lsn) cannot be decoded: \(error)")
        }
    }
}
