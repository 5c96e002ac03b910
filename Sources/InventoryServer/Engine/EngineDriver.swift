internal import Bytes
internal import Durability
internal import Glibc
internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire
internal import Logging
internal import NIOCore

/// Assembles the server on its event loop, runs the periodic work, and shuts it down.
///
///     EngineHost         the engine, seen by each client through a protocol of its own
///     RequestTurns       how much work a turn of the loop does
///     LogWriter          blocks, space, the next file        SnapshotWriter, FileProtection,
///                                                                    BackupRunner    files
///     EventSubscriptions, LiveInsights, QueryRunner          events, live queries and answers
///     ConnectionTable    the open connections
///
/// Each of these owns its state, and all run on one event loop, so no locks are needed. Other threads see only
/// values passed to them: the log thread a block, the file thread an image of the state, the query threads
/// read views, the fan-out thread blocks and subscriptions; one more only creates files of zeros.
///
/// `@unchecked Sendable`: confined to the event loop. ``start()`` and ``drain()``, which are called from outside of it, assert
/// that they run on it.
final class EngineDriver: @unchecked Sendable {
    /// The threads that work outside the loop.
    struct Workers {
        /// Answers queries, updates live insights and reads old log files.
        var queries: any Worker
        /// Writes blocks, one at a time.
        var log: any Worker
        /// Writes snapshots and retires log files.
        var files: any Worker
        /// Prepares the next log file, which must not wait for a snapshot.
        var spare: any Worker
    }

    let context: LoopContext
    let configuration: ServerConfiguration
    let host: EngineHost
    let connections = ConnectionTable()
    let turns: RequestTurns
    let log: LogWriter
    let protection: FileProtection
    let snapshots: SnapshotWriter
    let backups: BackupRunner
    let queries: QueryRunner
    let events: EventSubscriptions
    let insights: LiveInsights
    let dryRuns: DryRuns
    /// Publishes durable steps to subscribers, on its own thread.
    let fanout: any FanoutHost
    let fanoutBoard = FanoutBoard()
    let loopTurns: LoopTurns
    let recovery: RecoveryReport

    let database: DatabaseID
    private let files: any Worker
    private var quiet = QuietPeriod()
    /// Whether the warning that the idempotency keys are near their limit was logged.
    private var areKeysNearBound = false
    private var timer: RepeatedTask?
    private(set) var isDraining = false
    private var drained: EventLoopPromise<Void>?
    /// Succeeds when the first step of a new database is durable.
    private var bootstrapped: EventLoopPromise<LSN>?
    /// Called when the disk failed; the process must stop.
    private let onFailure: @Sendable (DurabilityError) -> Void

    /// Milliseconds between two runs of the periodic work.
    private static let periodMilliseconds: Int64 = 50

    init(
        _ context: LoopContext,
        configuration: ServerConfiguration,
        opened: OpenedDatabase,
        workers: Workers,
        fanout: any FanoutHost,
        turns: LoopTurns = LoopTurns(),
        onFailure: @escaping @Sendable (DurabilityError) -> Void
    ) {
        let keys = KeyRetention(
            seconds: configuration.keyRetentionSeconds,
            byteCountMax: configuration.keyByteCountMax
        )
        let host = EngineHost(Engine(state: opened.state, keys: keys))
        self.context = context
        self.configuration = configuration
        self.fanout = fanout
        self.loopTurns = turns
        self.files = workers.files
        self.database = opened.directory.database
        self.recovery = opened.directory.report
        self.onFailure = onFailure
        self.host = host
        self.turns = RequestTurns(context, turns: turns, of: host)
        let writing = WritingParts(
            context,
            of: host,
            opened: opened,
            workers: workers,
            turns: self.turns,
            board: self.fanoutBoard,
            configuration: configuration
        )
        (self.log, self.protection) = (writing.log, writing.protection)
        (self.snapshots, self.backups) = (writing.snapshots, writing.backups)
        let answering = AnsweringParts(
            context,
            of: host,
            events: EventSubscriptions(host, log: opened.log, fanout: fanout),
            on: workers.queries,
            turns: self.turns,
            configuration: configuration
        )
        (self.queries, self.dryRuns) = (answering.queries, answering.dryRuns)
        (self.events, self.insights) = (answering.events, answering.insights)
        context.metrics.startedAt = context.now()
        context.metrics.healedPages = Int64(self.recovery.healed.count)
        self.log.delegate = self
    }

    var metrics: ServerMetrics { self.context.metrics }

    // MARK: - The start

    /// Bootstraps the database if it is new, and starts the periodic work.
    ///
    /// Must be called on the loop.
    ///
    /// - Returns: A future of the durable LSN.
    func start() -> EventLoopFuture<LSN> {
        self.context.loop.preconditionInEventLoop()
        let promise = self.context.loop.makePromise(of: LSN.self)
        self.fanout.begin(Fanout(self.upstream(), on: self.fanout, self.fanoutBoard))
        if self.host.lsn == 0 {
            self.host.engine.bootstrap(
                currency: self.configuration.currency,
                now: self.context.now()
            )
            self.bootstrapped = promise
            self.log.tick()
        } else {
            promise.succeed(self.host.durable)
            // Reservations may have expired while the server was down.
            self.expireReservations()
        }
        let period = TimeAmount.milliseconds(Self.periodMilliseconds)
        self.timer = self.context.loop.scheduleRepeatedTask(initialDelay: period, delay: period) {
            [weak self] _ in self?.keepTime()
        }
        return promise.futureResult
    }

    /// The services that the fan-out needs from this loop.
    private func upstream() -> FanoutUpstream {
        FanoutUpstream(
            takeView: { body in self.context.loop.execute { body(self.host.readView()) } },
            work: self.queries.scheduler,
            log: self.log.store,
            now: self.context.clocks.now,
            clock: self.context.clocks.nanoseconds,
            loopNanoseconds: self.loopTurns.usedNanoseconds,
            logger: self.context.logger
        )
    }

    // MARK: - Requests

    /// Returns the reason why writes are refused now; `nil` if they are accepted.
    func writeRefusal() -> Refusal? {
        self.isDraining ? Refusal(.shuttingDown) : self.log.refusal()
    }

    // MARK: - Time

    private func keepTime() {
        let now = self.context.milliseconds
        self.expireReservations()
        self.reportKeys()
        self.giveMemoryBackIfQuiet(now)
        self.log.sealIfIdle(now)
        self.log.prepareIfNeeded(now)
        self.protection.workIfDue(now)
        self.insights.keepTime()
        self.backups.keepTime()
    }

    /// Returns memory freed after a burst of work to the system, on the file thread.
    private func giveMemoryBackIfQuiet(_ now: Int64) {
        let worked = self.metrics.worked
        guard self.quiet.hasPassed(worked: worked, at: now) else { return }
        self.host.engine.shrink()
        self.sweep {
            $0.writer.pending.shrink()
        } completion: { [files] in
            files.submit { Allocator.giveBack() }
        }
    }

    /// Visits each open connection, some in each turn of the loop.
    ///
    /// - Complexity: O(connections) references are copied at once: 0.3 ms for the default of
    ///   `--connections`
    private func sweep(
        _ visit: @escaping (ConnectionHandler) -> Void,
        completion: @escaping () -> Void = {}
    ) {
        let sweep = ConnectionSweep(
            self.context,
            turns: self.turns,
            over: Array(self.connections.all.values),
            visit: visit,
            completion: completion
        )
        sweep.runDeferred()
    }

    /// Logs once when the idempotency keys near their memory limit, and once when they no longer do.
    private func reportKeys() {
        let use = self.host.engine.state.keyUse
        let highest = self.configuration.keyByteCountMax
        let isNear = use.byteCount >= highest / 5 * 4
        if isNear, !self.areKeysNearBound {
            self.areKeysNearBound = true
            self.context.logger.warning(
                """
                \(use.count) idempotency keys take \(use.byteCount) of \(highest) bytes: at the bound \
                new commands with a key are refused with overloaded until older ones are forgotten \
                (--key-retention, --key-memory-mib)
                """
            )
        } else if self.areKeysNearBound, use.byteCount < highest / 10 * 7 {
            self.areKeysNearBound = false
            self.context.logger.notice(
                "idempotency keys take \(use.byteCount) of \(highest) bytes again"
            )
        }
    }

    /// Lets the engine log a tick when reservations or idempotency keys are due.
    private func expireReservations() {
        let now = self.context.now()
        guard self.writeRefusal() == nil, self.host.engine.tick(now: now) else { return }
        self.log.tick()
    }

    // MARK: - Stopping

    /// Accepts no more requests, answers the running ones, and completes once everything is durable and sent.
    func drain() -> EventLoopFuture<Void> {
        self.context.loop.preconditionInEventLoop()
        let promise = self.context.loop.makePromise(of: Void.self)
        guard !self.isDraining else {
            promise.succeed()
            return promise.futureResult
        }
        self.isDraining = true
        self.drained = promise
        self.backups.drain()
        self.sweep { $0.drain() }
        self.log.tick()
        self.context.loop.execute { self.finishDrainIfDone() }
        return promise.futureResult
    }

    func finishDrainIfDone() {
        guard self.isDraining, let promise = self.drained, self.connections.count == 0,
            self.log.isIdle
        else { return }
        self.drained = nil
        self.timer?.cancel()
        // The log ends with a seal that says it is complete.
        self.log.close { promise.succeed() }
    }

    /// Closes connections that did not end in time.
    func abandonConnections() { self.sweep { $0.writer.abandon() } }
}

extension EngineDriver: LogWriterDelegate {
    func blockIsDurable(_ block: FeedBlock) {
        self.bootstrapped?.succeed(self.host.durable)
        self.bootstrapped = nil
        self.events.deliver(block)
        self.insights.advance()
        self.snapshots.logged(block.bytes.count)
        self.backups.logged(block.bytes.count)
        self.finishDrainIfDone()
    }

    func logFileEnded() { self.protection.fileEnded() }

    func logFailed(_ error: DurabilityError) { self.onFailure(error) }
}

extension Instant {
    /// The time of the system clock.
    static func now() -> Instant {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Instant(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }
}
