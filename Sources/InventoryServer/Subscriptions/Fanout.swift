internal import Bytes
internal import Durability
internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire
internal import Logging
internal import NIOCore

/// What the fan-out asks of the rest of the server; every closure may be called from its thread.
struct FanoutUpstream: Sendable {
    /// Hands over a view of the newest step, from the engine's loop.
    let takeView: @Sendable (@escaping @Sendable (ReadView) -> Void) -> Void
    /// Makes rows and digests, and reads the log's files.
    let work: any Worker
    let log: any LogStore
    /// The time of day.
    let now: @Sendable () -> Instant
    /// Nanoseconds of a clock that only rises.
    let clock: @Sendable () -> UInt64
    /// Nanoseconds of a processor that the engine's loop has used.
    let loopNanoseconds: @Sendable () -> UInt64
    let logger: Logger
}

/// Where the fan-out runs.
protocol FanoutHost: Sendable {
    /// Gives it its place; nothing is done before that.
    func begin(_ fanout: Fanout)
    /// Does `work` there, in order; what `canRest` is done at the end of a rest, if there is one.
    func post(canRest: Bool, _ work: @escaping @Sendable (Fanout) -> Void)
    /// A socket of its own for what the channel is connected to; none if there can be none now.
    func socket(of channel: any Channel, _ number: UInt32) -> (any FanoutSocket)?
}

extension FanoutHost {
    func post(_ work: @escaping @Sendable (Fanout) -> Void) { self.post(canRest: false, work) }
}

/// Sends subscribers what has become durable, away from the engine's loop.
///
///     engine's loop ──block, durable──▶ feed ─┐
///                   ──answers──▶ queue        ├─▶ piece, encoded once ─▶ every socket that comes to it
///     log's files ──block, read once──────────┘
///
/// Each subscription is a ``SubscriptionMachine``, a cursor. A pass of ``FanoutRing`` gives every one
/// that can take bytes its next piece; those that are equally far share its encoding, and write the
/// same bytes. A turn ends at its budget, so answers and new blocks wait for a piece or two, and one that
/// reads slowly costs its cursor and one piece that it shares. `@unchecked Sendable`: it is of one
/// thread, that of its ``FanoutHost``.
final class Fanout: @unchecked Sendable {
    /// When the next turn is due.
    enum Next: Equatable {
        case now
        /// Not before that, unless something happens.
        case at(UInt64)
        /// Not before that, though there is something to do.
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
    /// Everything up to here is on disk.
    var durable: LSN = 0
    /// What is sent up to.
    var target: LSN = 0
    /// What everyone of this pass is sent at least: the target that it began with.
    private var passTarget: LSN = 0
    /// Bytes of steps that one serving has looked at.
    var scannedByteCount = 0
    var subscriptionCount = 0
    /// Places that the log's files are being read from, and readers that go on from where they are.
    var logReads: Set<LSN> = []
    var logCursors: [LSN: LogCursor] = [:]
    var entering: [EnteringKey: Entering] = [:]
    var windows: [WindowKey: WindowBuilder] = [:]
    /// The windows that are over, by interest, and one of those who have the interest.
    var tracks: [Int: ConflationTrack] = [:]
    var following: [Int: FanoutSubscription] = [:]
    /// Steps that windows end with for the sake of a digest, by interest.
    var cuts: [Int: LSN] = [:]
    var figures: FanoutFigures
    private var passNanoseconds: UInt64 = 0
    private var restsUntil: UInt64 = 0
    private var pace = FanoutPace()
    /// When the first window ends that somebody waits for.
    var nextDue = UInt64.max
    private var timerAt: UInt64 = 0
    /// What was durable at the last look of the timer.
    private var seen: LSN = 0

    init(_ upstream: FanoutUpstream, on host: any FanoutHost, _ board: FanoutBoard) {
        self.upstream = upstream
        self.host = host
        self.figures = FanoutFigures(board)
    }

    var now: UInt64 { self.upstream.clock() }

    // MARK: - Turns

    /// Serves those that have something to do, for as long as a turn may last.
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
            // Those who come later in the pass need not wait for the next one to hear of the newest.
            self.target = self.durable
            self.ring.beginPart()
        }
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
        self.passNanoseconds += end - start
        if self.ring.isPassOver {
            // What becomes durable meanwhile goes in one write each.
            let rest = min(self.passNanoseconds / 4, FanoutLimits.restNanosecondsMax)
            self.restsUntil = self.ring.hasNext ? 0 : end + rest
            self.figures.board.passed(nanoseconds: self.passNanoseconds)
            self.passNanoseconds = 0
        }
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

    /// Gives a connection what one of its subscriptions is for, a piece of it, if its socket takes it.
    ///
    /// - Returns: The bytes of it, and whether more hurts nobody if it comes a little later: to those who
    ///   are behind by more than a piece, and of whole windows.
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
            connection.queue.append($0, isAnswer: false)
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
        connection.queue.append(
            writer.withBytes { ByteBuffer(bytes: $0) },
            isAnswer: false
        )
    }

    /// Hands the socket what it takes.
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
            connection.isGone = true
            connection.queue = FanoutQueue()
            connection.peer.gone()
        }
    }

    // MARK: - What happens

    /// Steps up to `lsn` are on disk.
    func becameDurable(_ block: FeedBlock?, through lsn: LSN, _ keys: SelectionKeys?) {
        self.durable = max(self.durable, lsn)
        if let keys { self.keys = keys }
        if let block, self.subscriptionCount > 0 { self.blocks.append(IndexedBlock(block)) }
        if !self.entering.isEmpty { self.resume(from: .product) }
    }

    func opened(_ number: UInt32, socket: any FanoutSocket, to peer: FanoutPeer) {
        self.connections[number] = FanoutConnection(number, socket: socket, to: peer)
    }

    /// An answer, or a part of one whose others come in the same call, goes behind everything that was
    /// handed over before.
    func answer(_ number: UInt32, _ buffer: ByteBuffer) {
        guard let connection = self.connections[number], !connection.isGone else { return }
        connection.queue.append(buffer, isAnswer: true)
        self.flush(connection)
    }

    /// The socket takes bytes again.
    func becameWritable(_ number: UInt32) {
        guard let connection = self.connections[number] else { return }
        connection.isBlocked = false
        self.flush(connection)
        if !connection.isBlocked, !connection.subscriptions.isEmpty { self.ring.add(number) }
    }

    /// No more comes for the connection: once all is written, that is said.
    func finish(_ number: UInt32) {
        guard let connection = self.connections[number] else { return }
        self.flush(connection)
        connection.isFinishing = true
        if connection.queue.isEmpty { connection.peer.finished() }
    }

    func dropped(_ number: UInt32) {
        guard let connection = self.connections.removeValue(forKey: number) else { return }
        self.removed(connection.subscriptions.count)
        connection.socket.close()
    }

    func began(
        _ subscription: Subscription,
        requestID: UInt64,
        of number: UInt32,
        start: FanoutStart,
        durable: LSN,
        keys: SelectionKeys
    ) {
        guard let connection = self.connections[number] else { return }
        self.durable = max(self.durable, durable)
        self.keys = keys
        self.subscriptionCount += 1
        let matcher = SubscriptionMatcher(subscription)
        let period = subscription.updatesPerSecond.map { 1_000_000_000 / UInt64($0) }
        let interest = Interest(matcher: matcher, period: period)
        let machine: SubscriptionMachine =
            switch start {
            case .after(let lsn): SubscriptionMachine(after: lsn, period: period)
            case .snapshot(let view), .historyGone(let view):
                SubscriptionMachine(snapshotAt: view.lsn, period: period)
            }
        let begun = FanoutSubscription(
            requestID,
            subscription: subscription,
            matcher: matcher,
            interest: self.interests.number(of: interest, among: self.subscriptionCount),
            machine: machine,
            at: self.now
        )
        switch start {
        case .after: break
        case .snapshot(let view): begun.rows = SnapshotRows(subscription, of: view)
        case .historyGone(let view):
            begun.rows = SnapshotRows(subscription, of: view)
            self.send(.reset(.historyGone), requestID: requestID, of: connection)
        }
        connection.subscriptions.append(begun)
        self.beginTrack(of: begun)
        self.ring.add(number)
    }

    func unsubscribed(_ requestID: UInt64, of number: UInt32, _ reason: Refusal) {
        guard let connection = self.connections[number],
            let ended = connection.remove(requestID)
        else { return }
        self.removed(1)
        let lsn = min(ended.machine.bookmark, self.durable)
        self.send(.closed(reason, lsn: lsn), requestID: requestID, of: connection)
        self.flush(connection)
    }

    /// All subscriptions of a connection are over; `reason` is said to each, if there is one.
    func endAll(of number: UInt32, _ reason: Refusal?) {
        guard let connection = self.connections[number] else { return }
        let ended = connection.subscriptions
        connection.subscriptions = []
        self.removed(ended.count)
        guard let reason else { return }
        for subscription in ended {
            let lsn = subscription.machine.told
            self.send(.closed(reason, lsn: lsn), requestID: subscription.requestID, of: connection)
        }
        self.flush(connection)
    }

    func removed(_ count: Int) {
        self.subscriptionCount -= count
        guard self.subscriptionCount == 0 else { return }
        self.figures.board.passed(nanoseconds: 0)
        // What is written from now on does not come here, so what is kept would have a gap.
        self.blocks.removeAll()
        self.pieces.removeAll()
        self.logCursors = [:]
        self.entering = [:]
        self.windows = [:]
        self.tracks = [:]
        self.following = [:]
        self.cuts = [:]
    }

    /// Everyone that waits for something of a kind looks again.
    func resume(from wait: SubscriptionMachine.Wait) {
        for connection in self.connections.values {
            for subscription in connection.subscriptions where subscription.machine.wait == wait {
                subscription.machine.resumed(from: wait)
                self.ring.add(connection.number)
            }
        }
    }

    // MARK: - Time

    /// Sees who needs a sign of progress or a digest, and how far everybody is.
    private func keepTime(_ now: UInt64) {
        let due =
            UInt64(WireLimits.progressMilliseconds) * 1_000_000 - FanoutLimits.timerNanoseconds
        var lag = FanoutLag()
        var least = self.durable
        for connection in self.connections.values {
            for subscription in connection.subscriptions {
                if subscription.machine.isFollowing {
                    let lsn = subscription.machine.cursor
                    least = min(least, lsn)
                    // Who has all that there was at the last look is not behind.
                    if lsn < self.seen { lag.add(self.durable - lsn) }
                }
                guard subscription.machine.isFollowing, !connection.isBlocked,
                    now - min(now, subscription.publishedAt) >= due
                else { continue }
                subscription.isProgressDue = true
                self.ring.add(connection.number)
            }
        }
        self.seen = self.durable
        self.dropUnusedTracks()
        self.prove(now)
        self.pieces.remove(through: least)
        if lag.behindCount == 0 {
            self.blocks.removeRead()
            self.logCursors = [:]
        }
        self.figures.lag = lag
        self.figures.sharedByteCount =
            self.pieces.byteCount + self.blocks.feedByteCount + self.blocks.readByteCount
        self.figures.publish()
    }

}

/// Where a subscription begins.
enum FanoutStart: Sendable {
    case after(LSN)
    case snapshot(ReadView)
    /// The steps it asked for are no longer kept.
    case historyGone(ReadView)
}
