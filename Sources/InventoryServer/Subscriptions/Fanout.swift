internal import Bytes
internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire
internal import NIOCore

/// Fan-out: publishes durable steps to all subscribers, away from the engine's loop.
///
///     engine's loop ──block, durable──▶ feed ─┐
///                   ──answers──▶ queue        ├─▶ piece, encoded once ─▶ every socket that reaches it
///     log's files ──block, read once──────────┘
///
/// Each subscription is a ``SubscriptionMachine``, a cursor. A pass of ``FanoutRing`` sends the next piece to
/// every subscription whose socket is writable; those at the same position share its encoding and write the
/// same bytes. A turn ends at its budget, so answers and new blocks wait for a piece or two, and a slow
/// consumer costs its cursor and one piece that it shares. `@unchecked Sendable`: it is used on one thread,
/// that of its ``FanoutHost``.
final class Fanout: @unchecked Sendable {
    let upstream: FanoutUpstream
    let host: any FanoutHost
    var connections = FanoutTable()
    var schedule = FanoutSchedule()
    var positions = FanoutPositions()
    var steps = FanoutSteps()
    var pieces = EventPieces()
    var interests = Interests()
    var conflation = Conflation()
    var figures: FanoutFigures
    /// Bytes of steps that one serving has scanned.
    var scannedByteCount = 0

    init(_ upstream: FanoutUpstream, on host: any FanoutHost, _ board: FanoutBoard) {
        self.upstream = upstream
        self.host = host
        self.figures = FanoutFigures(board)
    }

    var now: UInt64 { self.upstream.clock() }

    // MARK: - Turns

    /// Serves connections that have work, for at most the duration of a turn.
    func turn() -> FanoutSchedule.Next {
        let start = self.now
        if self.schedule.timerFires(at: start) { self.keepTime(start) }
        if let rest = self.schedule.throttled(at: start) { return rest }
        self.follow()
        switch self.schedule.turn(at: start) {
        case .rest(let time): return self.schedule.rest(until: time)
        case .beginPass: self.beginPass(start)
        case .beginPart:
            self.positions.beginPart()
            self.schedule.beginPart()
        case .continuePart: break
        }
        self.serveSome(from: start)
        return self.schedule.next(hasUnpublished: self.hasUnpublished)
    }

    /// Serves the next connections of the pass until the turn's budget is used up.
    private func serveSome(from start: UInt64) {
        var budget = TurnBudget(
            byteCountMax: FanoutLimits.turnByteCountMax,
            from: start,
            nanosecondsMax: FanoutLimits.turnNanosecondsMax
        )
        var end = start
        var served = FanoutSchedule.Served()
        while let number = self.schedule.take() {
            if let connection = self.connections[number] {
                let (byteCount, isLate) = self.serve(connection, start)
                budget.use(byteCount)
                served.count += 1
                if isLate { served.lateCount += 1 }
            }
            end = self.now
            if budget.isUsedUp(at: end) { break }
        }
        self.figures.turned(nanoseconds: end - start, byteCount: budget.byteCount)
        let loop = self.upstream.loopNanoseconds()
        let pass = self.schedule.turned(served, from: start, to: end, loop: loop)
        if let pass { self.figures.board.passed(nanoseconds: pass) }
    }

    private var hasUnpublished: Bool {
        self.positions.hasUnpublished && self.connections.subscriptionCount > 0
    }

    private func beginPass(_ now: UInt64) {
        if self.schedule.looksForWork(at: now, hasUnpublished: self.hasUnpublished) {
            self.positions.beginPass()
            for connection in self.connections.all
            where !connection.isBlocked && self.hasWork(connection, now) {
                self.schedule.add(connection.number)
            }
        }
        self.schedule.beginPass()
    }

    private func hasWork(_ connection: FanoutConnection, _ now: UInt64) -> Bool {
        var hasWork = false
        for subscription in connection.subscriptions {
            switch subscription.machine.next(through: self.positions.target, at: now) {
            case .makeRows, .send: hasWork = true
            case .restUntil(let due): self.schedule.windowEnds(at: due)
            case .rest: break
            }
        }
        return hasWork
    }

    /// Sends a connection a piece of the next of its subscriptions, if its socket is writable.
    ///
    /// - Returns: The bytes sent, and whether the rest may be delayed: for subscriptions that are behind by
    ///   more than a piece, and for whole windows.
    private func serve(
        _ connection: FanoutConnection,
        _ now: UInt64
    ) -> (byteCount: Int, isLate: Bool) {
        if !connection.queue.isEmpty { self.flush(connection) }
        guard !connection.isBlocked, !connection.isGone else { return (0, false) }
        var byteCount = 0
        var isWindow = false
        self.scannedByteCount = 0
        for _ in connection.subscriptions.indices where byteCount == 0 && !self.hasScannedEnough {
            let subscription = connection.nextSubscription()
            byteCount = self.advance(subscription, of: connection, at: now)
            isWindow = subscription.isConflated && byteCount >= FanoutPace.bulkByteCount
        }
        self.flush(connection)
        let hasMore = !connection.isBlocked && self.hasWork(connection, now)
        if hasMore { self.schedule.add(connection.number) }
        return (byteCount, isWindow || (hasMore && byteCount > 0))
    }

    private func advance(
        _ subscription: FanoutSubscription,
        of connection: FanoutConnection,
        at now: UInt64
    ) -> Int {
        if subscription.machine.isProgressDue {
            self.sendProgress(subscription, of: connection, at: now)
        }
        var byteCount = 0
        for _ in 0..<FanoutLimits.piecesAtOnceMax {
            switch subscription.machine.next(through: self.positions.target, at: now) {
            case .makeRows:
                self.makeRows(subscription, connection)
                return byteCount
            case .send(let lsn):
                byteCount += self.sendPiece(
                    after: lsn,
                    subscription: subscription,
                    of: connection,
                    at: now
                )
                let isFull = byteCount >= FanoutLimits.pieceByteCountMax
                if isFull || self.hasScannedEnough || subscription.isConflated { return byteCount }
            case .rest, .restUntil:
                return byteCount
            }
        }
        return byteCount
    }

    private var hasScannedEnough: Bool {
        self.scannedByteCount >= FanoutLimits.scanByteCountMax
    }

    // MARK: - Sending

    private func sendPiece(
        after lsn: LSN,
        subscription: FanoutSubscription,
        of connection: FanoutConnection,
        at now: UInt64
    ) -> Int {
        guard let piece = self.piece(after: lsn, for: subscription, now) else { return 0 }
        let batch = piece.after == lsn ? piece.batch : piece.batch.suffix(after: lsn)
        batch.forEachBuffer(of: subscription.requestID) {
            connection.append($0, isAnswer: false)
        }
        self.figures.eventByteCount += Int64(batch.bodyByteCount)
        let endsWindow = subscription.machine.sent(
            SubscriptionMachine.Sent(
                through: piece.through,
                isNotified: !batch.isEmpty,
                settledAt: piece.settledAt,
                windowEnd: piece.windowEnd,
                isCut: subscription.isConflated
                    && self.conflation.isCut(subscription.interest.number, at: piece.through)
            ),
            at: now
        )
        if endsWindow, !batch.isEmpty { self.sendProgress(subscription, of: connection, at: now) }
        self.sendStateChecksum(subscription, of: connection, at: now)
        return batch.byteCount
    }

    func sendProgress(
        _ subscription: FanoutSubscription,
        of connection: FanoutConnection,
        at now: UInt64
    ) {
        let durable = self.positions.durable
        guard let lsn = subscription.machine.takeProgress(durable: durable, at: now) else { return }
        self.send(
            .progress(lsn: lsn, time: self.upstream.now()),
            requestID: subscription.requestID,
            of: connection
        )
    }

    func send(_ message: ServerMessage, requestID: UInt64, of connection: FanoutConnection) {
        var writer = ByteWriter()
        message.encodeFrame(requestID: requestID, into: &writer)
        connection.append(
            writer.withBytes { ByteBuffer(bytes: $0) },
            isAnswer: false
        )
    }

    /// Writes to the socket what it accepts.
    func flush(_ connection: FanoutConnection) {
        guard !connection.isBlocked, !connection.isGone, !connection.queue.isEmpty else { return }
        let answers = connection.queue.answerByteCount
        let result = connection.socket.write(&connection.queue)
        let written = answers - connection.queue.answerByteCount
        if written > 0, connection.peer.outbox.remove(written) { connection.peer.becameWritable() }
        switch result {
        case .done:
            if connection.isFinishing { connection.peer.finished() }
        case .blocked:
            connection.isBlocked = true
        case .gone:
            connection.lost()
            connection.peer.gone()
        }
    }

    // MARK: - New steps

    /// Steps up to `lsn` are durable.
    func becameDurable(_ block: FeedBlock?, through lsn: LSN, _ keys: SelectionKeys?) {
        self.positions.becameDurable(through: lsn)
        if let keys { self.steps.keys = keys }
        if let block, self.connections.subscriptionCount > 0 {
            self.steps.blocks.append(IndexedBlock(block))
        }
        if !self.steps.entering.isEmpty { self.resume(from: .product) }
    }
}
