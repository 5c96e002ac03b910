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
        if let piece = self.pieces.piece(subscription.interest.number, at: lsn) { return piece }
        // It ends where an existing piece begins, so that all continue together from there.
        let end =
            self.pieces.next(subscription.interest.number, after: lsn) ?? self.positions.target
        let limit = min(self.positions.target, end)
        switch self.encode(subscription, after: lsn, through: limit) {
        case .piece(let piece):
            self.pieces.insert(piece, subscription.interest.number)
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
        let (matcher, keys) = (subscription.interest.matcher, self.steps.keys)
        var writer = ByteWriter(capacity: 4_096)
        var through = lsn
        var scanned = 0
        var isFull = false
        var entered: Entered?
        while through < limit, !isFull, entered == nil {
            guard let block = self.steps.blocks.block(after: through) else { break }
            block.forEachEntry(after: through, through: limit) { entry, bytes in
                if matcher.selects(entry, keys: keys, into: &writer) == .enters {
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
            return self.entering(entered, subscription.interest, after: lsn)
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
        matcher.filtersByProduct && self.steps.keys.movedLSN > lsn ? self.steps.keys.movedLSN : 0
    }

    // MARK: - Products that enter a filter

    /// A step that brings a product under a filter.
    struct Entered {
        var lsn: LSN
        var block: IndexedBlock
    }

    private func entering(
        _ entered: Entered,
        _ interest: SharedInterest,
        after lsn: LSN
    ) -> Encoded {
        guard let (batch, settledAt) = self.entered(entered, interest) else {
            return .needsProduct
        }
        return .piece(
            EventPiece(
                after: lsn,
                through: entered.lsn,
                batch: batch,
                settledAt: max(settledAt, self.settledAt(interest.matcher, after: lsn))
            )
        )
    }

    /// The step with the rows of the product and their LSN; `nil` if they are not there yet or are not
    /// durable.
    func entered(
        _ entered: Entered,
        _ interest: SharedInterest
    ) -> (batch: EventBatch, lsn: LSN)? {
        let key = EnteringProducts.Key(interest: interest.number, lsn: entered.lsn)
        switch self.steps.entering.find(key, durable: self.positions.durable) {
        case .made(let batch, let lsn): return (batch, lsn)
        case .wait: return nil
        case .make: break
        }
        let (matcher, requestID) = (interest.matcher, interest.requestID)
        let (host, work) = (self.host, self.upstream.work)
        self.upstream.takeView { view in
            work.submit {
                let batch = entered.batch(matcher, of: view, requestID: requestID)
                host.post { fanout in
                    if fanout.steps.entering.made(batch, of: key, lsn: view.lsn) {
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
        guard let start = self.steps.readers.begin(after: lsn, in: self.upstream.log) else {
            return
        }
        let (host, durable) = (self.host, self.positions.durable)
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
        self.steps.readers.ended(after: lsn)
        switch result {
        case .success(let blocks):
            // The last subscription may have ended meanwhile, and with it the need for the blocks.
            guard self.connections.subscriptionCount > 0 else { return }
            for block in blocks { self.steps.blocks.insert(read: block) }
            self.steps.readers.keep(next)
            if blocks.isEmpty { self.logLacks(lsn) }
        case .failure(.retired):
            self.forEachWaiting(at: lsn) { self.restart($0, of: $1, because: .historyGone) }
            self.conflation.restart(at: lsn, durable: self.positions.durable)
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
        let waiting = self.connections.subscriptions {
            $0.machine.wait == .log && self.position($0) == lsn
        }
        for (subscription, connection) in waiting { body(subscription, connection) }
    }

    /// Where it continues reading: after the existing part of its window.
    private func position(_ subscription: FanoutSubscription) -> LSN {
        self.conflation.builtLSN(self.windowKey(of: subscription))
            ?? subscription.machine.cursor
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
        _ = self.connections.end(requestID, of: connection)
        self.forgetIfUnused()
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
