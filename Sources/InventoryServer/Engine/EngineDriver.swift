internal import Bytes
internal import DequeModule
internal import Durability
internal import Glibc
internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire
internal import Logging
internal import NIOCore
internal import NIOPosix

/// Owns the engine on its event loop, and does what the engine and the subscriptions call for:
/// writes blocks on the log thread, sends what has become durable, takes snapshots, keeps time.
///
/// All of it happens on one event loop, so nothing here locks. Three other threads only ever see
/// values that were handed to them: the log thread a block, the file thread an image of the state,
/// the query threads read views; one more only makes files of zeros. That is why it is `@unchecked Sendable`: every method asserts the
/// loop.
final class EngineDriver: @unchecked Sendable {
    let loop: any EventLoop
    let configuration: ServerConfiguration
    let logger: Logger
    /// The time of day.
    let now: @Sendable () -> Instant
    let database: DatabaseID
    let log: WriteAheadLog
    /// Has the query threads answer queries, keep insights up to date and read old log files.
    let queries: QueryScheduler
    /// For what the server does there by itself.
    var queryPool: any Worker { self.queries }
    /// Writes blocks, one at a time.
    let logThread: any Worker
    /// Writes snapshots, and gives log files back.
    let filePool: any Worker
    /// Makes the log's next file ready, which must not wait for a snapshot.
    let spareThread: any Worker

    var engine: Engine
    /// Sends subscribers what became durable, elsewhere.
    let fanout: any FanoutHost
    let fanoutBoard = FanoutBoard()
    /// Nanoseconds of a clock that only rises; any thread may read it.
    let clock: @Sendable () -> UInt64
    /// Nanoseconds of CPU time of the thread that calls it.
    let threadClock: @Sendable () -> UInt64
    /// Subscriptions to events.
    private(set) var followerCount = 0
    /// Subscriptions that were begun and need ``SelectionKeys``; 0 again once there are none of any kind.
    private(set) var needsKeysCount = 0
    private var lastConnectionNumber: UInt32 = 0
    /// What this turn of the loop may still take of requests.
    var requestBudget: TurnBudget?
    /// The turn that it is of.
    var requestTurn: UInt64 = 0
    /// Whether the turn is that of requests that waited, and what sockets bring waits behind them.
    var isDeferredNext = false
    /// Connections whose requests continue with the next turn, in order.
    var deferred: Deque<ConnectionHandler> = []
    /// Whether a later turn will continue them: one task, however many wait.
    var isContinuing = false
    let turns: LoopTurns
    var standing = StandingInsights()
    /// What open queries hold, of all connections.
    var queryBytes = ByteBudget.queries
    /// Questions of all connections that wait to begin.
    var waitingQuestionCount = 0
    /// What subscriptions hold, of all connections.
    var subscriptionBytes = ByteBudget.subscriptions
    var frameSpace = FrameSpace<ObjectIdentifier>()
    var metrics = ServerMetrics()
    var snapshots: SnapshotState
    var protection: ProtectionState
    let recovery: RecoveryReport
    private var nextOwner = QueryQueue.Owner.firstConnection
    private(set) var connections: [ObjectIdentifier: ConnectionHandler] = [:]
    /// How many connections have each session open: those never make space for another.
    private var openSessions: [UInt32: Int] = [:]
    private var quiet = QuietPeriod()
    /// Whether it was said that the keys are near their bound.
    private var areKeysNearBound = false
    /// Connections with replies that wait for a block, or that are to be closed; some may be gone.
    var waiting: Deque<ConnectionHandler> = []
    /// How many of those, from the first, may be released now.
    var releasableCount = 0
    /// The turn that last released any, and nanoseconds at which it has done enough.
    var releaseTurn: UInt64 = 0
    var releaseEndsAt: UInt64 = 0
    var isTickScheduled = false
    var blockPace = BlockPace()
    var isPreparingLog = false
    var isSealed = true
    /// Bytes of the entries that are being written.
    var inFlightByteCount = 0
    var isDiskFull = false
    /// Whether the last attempt to make the log's next file ready failed.
    var isLogFileMissing = false
    var lastWriteAt: Int64 = 0
    var lastPrepareAt: Int64 = 0
    private var timer: RepeatedTask?
    private(set) var isDraining = false
    private var drained: EventLoopPromise<Void>?
    /// Completes when the first step of a new database is durable.
    var founded: EventLoopPromise<UInt64>?
    /// Called when the disk failed; the process has to stop.
    let onFailure: @Sendable (DurabilityError) -> Void

    init(
        loop: any EventLoop,
        configuration: ServerConfiguration,
        opened: OpenedDatabase,
        queryPool: any Worker,
        logThread: any Worker,
        filePool: any Worker,
        spareThread: any Worker,
        fanout: any FanoutHost,
        turns: LoopTurns = LoopTurns(),
        logger: Logger,
        clock: @escaping @Sendable () -> UInt64 = { NIODeadline.now().uptimeNanoseconds },
        threadClock: @escaping @Sendable () -> UInt64 = LoopTurns.threadNanoseconds,
        now: @escaping @Sendable () -> Instant,
        onFailure: @escaping @Sendable (DurabilityError) -> Void
    ) {
        self.loop = loop
        self.configuration = configuration
        self.logger = logger
        self.now = now
        self.database = opened.directory.database
        self.log = opened.directory.log
        self.recovery = opened.directory.report
        self.snapshots = SnapshotState(store: opened.directory.snapshots)
        let firstScrub = min(
            Self.firstScrubMilliseconds,
            Int64(configuration.scrubSeconds) * 1_000
        )
        self.protection = ProtectionState(
            protection: opened.directory.protection,
            nextScrubAt: Int64(loop.now.uptimeNanoseconds / 1_000_000) + firstScrub
        )
        self.queries = QueryScheduler(
            queryPool,
            limitMilliseconds: configuration.queryMilliseconds,
            now: { loop.now.uptimeNanoseconds },
            work: threadClock
        )
        self.engine = Engine(
            state: opened.state,
            keys: KeyRetention(
                seconds: configuration.keyRetentionSeconds,
                byteCountMax: configuration.keyByteCountMax
            )
        )
        self.logThread = logThread
        self.filePool = filePool
        self.spareThread = spareThread
        self.fanout = fanout
        self.turns = turns
        self.clock = clock
        self.threadClock = threadClock
        self.onFailure = onFailure
        self.metrics.startedAt = now()
        self.metrics.healedPages = Int64(opened.directory.report.healed.count)
    }

    /// Milliseconds of a clock that only rises.
    var milliseconds: Int64 { Int64(self.loop.now.uptimeNanoseconds / 1_000_000) }

    /// Founds the database if it is new, and begins to keep time.
    ///
    /// On the loop.
    ///
    /// - Returns: Completes with the LSN that everything is durable up to.
    func start() -> EventLoopFuture<UInt64> {
        self.loop.preconditionInEventLoop()
        let promise = self.loop.makePromise(of: UInt64.self)
        self.fanout.begin(Fanout(self.upstream(), on: self.fanout, self.fanoutBoard))
        if self.engine.lsn == 0 {
            self.engine.found(currency: self.configuration.currency, now: self.now())
            self.founded = promise
            self.tick()
        } else {
            promise.succeed(self.engine.durable)
            // What ran out while nobody was here.
            self.expireReservations()
        }
        self.timer = self.loop.scheduleRepeatedTask(
            initialDelay: .milliseconds(50),
            delay: .milliseconds(50)
        ) { [weak self] _ in self?.keepTime() }
        return promise.futureResult
    }

    // MARK: - Connections

    /// What distinguishes a connection's queries from those of others.
    func makeOwner() -> QueryQueue.Owner {
        self.nextOwner += 1
        return QueryQueue.Owner(number: self.nextOwner)
    }

    func connected(_ connection: ConnectionHandler) {
        self.connections[ObjectIdentifier(connection)] = connection
        self.metrics.connections += 1
        self.metrics.connectionsAccepted += 1
    }

    func disconnected(_ connection: ConnectionHandler) {
        guard self.connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else {
            return
        }
        self.queries.remove(connection.queryOwner)
        self.metrics.connections -= 1
        if self.connections.isEmpty { self.forgetWaiting() }
        self.finishDrainIfDone()
    }

    /// A connection has another session open, or none any more.
    func changedSession(from old: UInt32?, to new: UInt32?) {
        guard old != new else { return }
        if let old, let count = self.openSessions[old] {
            self.openSessions[old] = count > 1 ? count - 1 : nil
        }
        if let new { self.openSessions[new, default: 0] += 1 }
    }

    /// Whether a connection has that session open.
    func isOpen(_ session: UInt32) -> Bool { self.openSessions[session] != nil }

    /// `count` more subscriptions to events, or fewer.
    func changedSubscriptions(by count: Int, needingKeys matcher: SubscriptionMatcher? = nil) {
        self.metrics.subscriptions += Int64(count)
        self.followerCount += count
        if matcher?.needsKeys == true { self.needsKeysCount += 1 }
        if self.followerCount == 0 { self.needsKeysCount = 0 }
    }

    /// A number that no connection had before, until they begin again.
    func nextConnectionNumber() -> UInt32 {
        self.lastConnectionNumber &+= 1
        return self.lastConnectionNumber
    }

    /// A connection has replies that wait for LSNs not durable yet.
    func wait(_ connection: ConnectionHandler) { self.waiting.append(connection) }

    // MARK: - Time

    private func keepTime() {
        let now = self.milliseconds
        self.expireReservations()
        self.reportKeys()
        self.giveMemoryBackIfQuiet(now)
        self.sealIfIdle(now)
        self.prepareLogIfNeeded(now)
        self.protectIfNeeded(now)
        self.deliverInsightProgress(now)
    }

    /// Gives the system back what a burst of work has left behind, away from the loop.
    private func giveMemoryBackIfQuiet(_ now: Int64) {
        let worked = self.metrics.worked
        guard self.quiet.hasPassed(worked: worked, at: now) else { return }
        self.engine.shrink()
        for connection in self.connections.values { connection.pending.shrink() }
        self.filePool.submit { Allocator.giveBack() }
    }

    /// Says once that the idempotency keys are near the bound of their memory, and once that they are not
    /// any more.
    private func reportKeys() {
        let use = self.engine.state.keyUse
        let highest = self.configuration.keyByteCountMax
        let isNear = use.byteCount >= highest / 5 * 4
        if isNear, !self.areKeysNearBound {
            self.areKeysNearBound = true
            self.logger.warning(
                """
                \(use.count) idempotency keys take \(use.byteCount) of \(highest) bytes: at the bound \
                new commands with a key are refused with overloaded until older ones are forgotten \
                (--key-retention, --key-memory-mib)
                """
            )
        } else if self.areKeysNearBound, use.byteCount < highest / 10 * 7 {
            self.areKeysNearBound = false
            self.logger.notice("idempotency keys take \(use.byteCount) of \(highest) bytes again")
        }
    }

    /// Has the engine log a tick when reservations or keys are due.
    private func expireReservations() {
        guard self.writeRefusal() == nil, self.engine.tick(now: self.now()) else { return }
        self.tick()
    }

    // MARK: - Stopping

    /// Takes nothing more, answers what runs, and completes once all is durable and sent.
    func drain() -> EventLoopFuture<Void> {
        self.loop.preconditionInEventLoop()
        let promise = self.loop.makePromise(of: Void.self)
        guard !self.isDraining else {
            promise.succeed()
            return promise.futureResult
        }
        self.isDraining = true
        self.drained = promise
        for connection in self.connections.values { connection.drain() }
        self.tick()
        self.loop.execute { self.finishDrainIfDone() }
        return promise.futureResult
    }

    func finishDrainIfDone() {
        guard self.isDraining, let promise = self.drained, self.connections.isEmpty,
            !self.engine.commit.isWriting, !self.engine.commit.hasGathered
        else { return }
        self.drained = nil
        self.timer?.cancel()
        // The last word in the log is that it is complete.
        let acknowledged = LSN(self.engine.durable)
        self.logThread.submit {
            do throws(DurabilityError) {
                try self.log.close(
                    acknowledged: acknowledged,
                    time: self.now().microseconds
                )
            } catch {
                self.logger.error("the log has no seal at its end: \(error)")
            }
            promise.succeed()
        }
    }

    /// Closes what did not end in time.
    func abandonConnections() {
        for connection in self.connections.values { connection.abandon() }
    }
}

extension Instant {
    /// What the machine's clock says.
    static func now() -> Instant {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Instant(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }
}
