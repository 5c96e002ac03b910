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
    /// When the next turn is due.
    enum Next: Equatable {
        case now
        /// Not before that time, unless something happens.
        case at(UInt64)
        /// Not before that time, though there is work.
        case rest(until: UInt64)
    }

    let upstream: FanoutUpstream
    let host: any FanoutHost
    var connections: [UInt32: FanoutConnection] = [:]
    var ring = FanoutRing()
    var pieces = EventPieces()
    var blocks = FeedBlocks()
    var interests = Interests()
    var keys = SelectionKeys.none
    /// Everything up to this LSN is durable.
    var durable: LSN = 0
    /// The LSN up to which steps are sent.
    var target: LSN = 0
    /// The LSN up to which this pass sends at least: its target when it began.
    private var passTarget: LSN = 0
    /// Bytes of steps that one serving has scanned.
    var scannedByteCount = 0
    var subscriptionCount = 0
    var logReaders = LogReaders()
    var entering = EnteringProducts()
    var windows: [WindowKey: WindowBuilder] = [:]
    /// The completed windows, and one of the subscriptions, by interest.
    var tracks: [Int: ConflationTrack] = [:]
    var following: [Int: FanoutSubscription] = [:]
    /// LSNs at which windows end because of a state checksum, by interest.
    var cuts: [Int: LSN] = [:]
    var figures: FanoutFigures
    private var passNanoseconds: UInt64 = 0
    private var restsUntil: UInt64 = 0
    private var pace = FanoutPace()
    /// When the first window with a waiting subscription ends.
    var nextDue = UInt64.max
    private var timerAt: UInt64 = 0
    /// The durable LSN when the timer last ran.
    var seen: LSN = 0

    init(_ upstream: FanoutUpstream, on host: any FanoutHost, _ board: FanoutBoard) {
        self.upstream = upstream
        self.host = host
        self.figures = FanoutFigures(board)
    }

    var now: UInt64 { self.upstream.clock() }

    // MARK: - Turns

    /// Serves connections that have work, for at most the duration of a turn.
    func turn() -> Next {
        let start = self.now
        if start >= self.timerAt {
            self.timerAt = start + FanoutLimits.timerNanoseconds
            self.keepTime(start)
        }
        if start < self.pace.restsUntil { return self.rest(until: self.pace.restsUntil) }
        self.follow()
        if self.ring.isPassOver {
            if start < self.restsUntil { return self.rest(until: self.restsUntil) }
            self.beginPass(start)
        } else if self.ring.isPartOver {
            // Connections later in the pass get the newest steps without waiting for the next pass.
            self.target = self.durable
            self.ring.beginPart()
        }
        let end = self.serveSome(from: start)
        self.passNanoseconds += end - start
        if self.ring.isPassOver { self.passEnded(at: end) }
        return self.next
    }

    /// Serves the next connections of the pass until the turn's budget is used up.
    ///
    /// - Returns: The time when that ended.
    private func serveSome(from start: UInt64) -> UInt64 {
        var budget = TurnBudget(
            byteCountMax: FanoutLimits.turnByteCountMax,
            from: start,
            nanosecondsMax: FanoutLimits.turnNanosecondsMax
        )
        var end = start
        var servedCount = 0
        var lateCount = 0
        while let number = self.ring.take() {
            if let connection = self.connections[number] {
                let served = self.serve(connection, start)
                budget.use(served.byteCount)
                servedCount += 1
                if served.isLate { lateCount += 1 }
            }
            end = self.now
            if budget.isUsedUp(at: end) { break }
        }
        self.figures.turned(nanoseconds: end - start, byteCount: budget.byteCount)
        self.pace.turned(
            from: start,
            to: end,
            servedCount: servedCount,
            lateCount: lateCount,
            loop: self.upstream.loopNanoseconds()
        )
        return end
    }

    private func passEnded(at end: UInt64) {
        // Steps that become durable meanwhile are sent in one write each.
        let rest = min(self.passNanoseconds / 4, FanoutLimits.restNanosecondsMax)
        self.restsUntil = self.ring.hasNext ? 0 : end + rest
        self.figures.board.passed(nanoseconds: self.passNanoseconds)
        self.passNanoseconds = 0
    }

    /// When the next turn is due.
    private var next: Next {
        if !self.ring.isIdle {
            let next = max(self.ring.isPassOver ? self.restsUntil : 0, self.pace.restsUntil)
            return next == 0 ? .now : self.rest(until: next)
        }
        if self.hasUnpublished { return self.rest(until: self.restsUntil) }
        return .at(min(self.timerAt, max(self.nextDue, self.restsUntil)))
    }

    private func rest(until time: UInt64) -> Next { .rest(until: min(time, self.timerAt)) }

    private var hasUnpublished: Bool {
        self.durable > self.passTarget && self.subscriptionCount > 0
    }

    private func beginPass(_ now: UInt64) {
        if self.hasUnpublished || now >= self.nextDue {
            (self.target, self.passTarget) = (self.durable, self.durable)
            self.nextDue = .max
            for connection in self.connections.values
            where !connection.isBlocked && self.hasWork(connection, now) {
                self.ring.add(connection.number)
            }
        }
        self.ring.beginPass()
    }

    private func hasWork(_ connection: FanoutConnection, _ now: UInt64) -> Bool {
        var hasWork = false
        for subscription in connection.subscriptions {
            switch subscription.machine.next(through: self.target, at: now) {
            case .makeRows, .send: hasWork = true
            case .restUntil(let due): self.nextDue = min(self.nextDue, due)
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
        if hasMore { self.ring.add(connection.number) }
        return (byteCount, isWindow || (hasMore && byteCount > 0))
    }

    private func advance(
        _ subscription: FanoutSubscription,
        of connection: FanoutConnection,
        at now: UInt64
    ) -> Int {
        if subscription.isProgressDue { self.sendProgress(subscription, of: connection, at: now) }
        var byteCount = 0
        for _ in 0..<FanoutLimits.piecesAtOnceMax {
            switch subscription.machine.next(through: self.target, at: now) {
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
        if !batch.isEmpty { subscription.publishedAt = now }
        self.figures.eventByteCount += Int64(batch.bodyByteCount)
        let windowEnd =
            subscription.machine.isInWindow
            ? max(subscription.windowEnd, piece.windowEnd) : piece.windowEnd
        let endsWindow = subscription.isConflated ? piece.through >= windowEnd : true
        subscription.machine.sent(
            through: piece.through,
            isNotified: !batch.isEmpty,
            settledAt: piece.settledAt,
            endsWindow: endsWindow,
            at: now
        )
        subscription.windowEnd = windowEnd
        if subscription.isConflated, endsWindow {
            if !batch.isEmpty { self.sendProgress(subscription, of: connection, at: now) }
            if self.cuts[subscription.interest] == piece.through {
                subscription.exactAt = piece.through
            }
        }
        self.sendStateChecksum(subscription, of: connection, at: now)
        return batch.byteCount
    }

    func sendProgress(
        _ subscription: FanoutSubscription,
        of connection: FanoutConnection,
        at now: UInt64
    ) {
        subscription.isProgressDue = false
        let lsn = subscription.machine.cursor
        guard subscription.machine.isFollowing, !subscription.machine.isInWindow,
            lsn <= self.durable
        else { return }
        self.send(
            .progress(lsn: lsn, time: self.upstream.now()),
            requestID: subscription.requestID,
            of: connection
        )
        subscription.machine.progressSent()
        subscription.publishedAt = now
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
        self.durable = max(self.durable, lsn)
        if let keys { self.keys = keys }
        if let block, self.subscriptionCount > 0 { self.blocks.append(IndexedBlock(block)) }
        if !self.entering.isEmpty { self.resume(from: .product) }
    }
}
