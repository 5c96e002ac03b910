internal import ColumnStore
internal import Durability
internal import Glibc
internal import Inventory
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
    /// Answers queries and reads old log files.
    let queryPool: any Worker
    /// Writes blocks, one at a time.
    private let logThread: any Worker
    /// Writes snapshots, and gives log files back.
    let filePool: any Worker
    /// Makes the log's next file ready, which must not wait for a snapshot.
    private let spareThread: any Worker

    var engine: Engine
    var feed = Feed()
    var pace = FanoutPace()
    var interests = Interests()
    var standing = StandingInsights()
    var metrics = ServerMetrics()
    var snapshots: SnapshotState
    var protection: ProtectionState
    let recovery: RecoveryReport
    private(set) var connections: [ObjectIdentifier: ConnectionHandler] = [:]
    /// Those of them that subscribe to events; nothing once that has changed.
    private var followers: [ConnectionHandler]?
    /// Connections with replies that wait for a block.
    private var waiting: [ConnectionHandler] = []
    private var isTickScheduled = false
    private var isPreparingLog = false
    private var isSealed = true
    /// Bytes of the entries that are being written.
    private var inFlightByteCount = 0
    private var isDiskFull = false
    /// Whether the last attempt to make the log's next file ready failed.
    private var isLogFileMissing = false
    private var lastWriteAt: Int64 = 0
    private var lastPrepareAt: Int64 = 0
    private var timer: RepeatedTask?
    private(set) var isDraining = false
    private var drained: EventLoopPromise<Void>?
    /// Completes when the first step of a new database is durable.
    private var founded: EventLoopPromise<UInt64>?
    /// Called when the disk failed; the process has to stop.
    private let onFailure: @Sendable (DurabilityError) -> Void

    init(
        loop: any EventLoop,
        configuration: ServerConfiguration,
        opened: OpenedDatabase,
        queryPool: any Worker,
        logThread: any Worker,
        filePool: any Worker,
        spareThread: any Worker,
        logger: Logger,
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
        self.engine = Engine(state: opened.state)
        self.queryPool = queryPool
        self.logThread = logThread
        self.filePool = filePool
        self.spareThread = spareThread
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

    func connected(_ connection: ConnectionHandler) {
        self.connections[ObjectIdentifier(connection)] = connection
        self.metrics.connections += 1
        self.metrics.connectionsAccepted += 1
    }

    func disconnected(_ connection: ConnectionHandler) {
        guard self.connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else {
            return
        }
        self.waiting.removeAll { $0 === connection }
        self.metrics.connections -= 1
        self.finishDrainIfDone()
    }

    /// So many more subscriptions to events, or fewer.
    func changedSubscriptions(by count: Int) {
        self.metrics.subscriptions += Int64(count)
        self.followers = nil
    }

    /// The connections that subscribe to events, found once for all rounds until that changes.
    func following() -> [ConnectionHandler] {
        if let followers { return followers }
        let found = self.connections.values.filter { !$0.subscriptions.isEmpty }
        self.followers = found
        return found
    }

    /// A connection has replies that wait for LSNs not durable yet.
    func wait(_ connection: ConnectionHandler) { self.waiting.append(connection) }

    /// Why nothing may be written now; nothing if it may.
    func writeRefusal() -> Refusal? {
        if self.isDraining { return Refusal(.shuttingDown) }
        let pending = self.engine.gatheredByteCount
        if pending > Engine.gatheredByteCountMax {
            return Refusal(.overloaded, .message("the log is \(pending) bytes behind"))
        }
        return self.isDiskFull ? Self.noRoom : self.roomRefusal()
    }

    private static var noRoom: Refusal {
        Refusal(.storageFull, .message("no room for another file of the log"))
    }

    /// What is taken in must be written, whatever the disk says then: readers see it, and so are told
    /// nothing until it is durable.
    ///
    /// So where the disk is nearly full there has to be room in files that are there already: for the
    /// block on its way, the next one, a seal, and what the requests at hand may add. While the next
    /// file is still being made there, requests are to come again shortly. A file that could not hold
    /// all this promises nothing, and only a disk that is known to be full refuses then.
    private func roomRefusal() -> Refusal? {
        let fileByteCount = self.configuration.log.fileByteCount
        let needed =
            self.inFlightByteCount + self.engine.gatheredByteCount
            + min(Self.admittedByteCountMax, fileByteCount / 8)
            + WriteAheadLog.blockOverheadByteCount + StorageAlignment.byteCount
        switch self.log.room(for: needed) {
        case .certain, .likely: return nil
        case .full: return Self.noRoom
        case .unknown:
            self.prepareLogIfNeeded(self.milliseconds)
            guard needed + 2 * StorageAlignment.byteCount <= fileByteCount else { return nil }
            return Refusal(.overloaded, .message("the next file of the log is being made"))
        }
    }

    /// Entries that the requests of one read add, at most.
    private static let admittedByteCountMax = 8 << 20

    // MARK: - The log

    /// Something was gathered: writes it once this round of reads is over.
    func tick() {
        self.loop.assertInEventLoop()
        guard !self.isTickScheduled else { return }
        self.isTickScheduled = true
        self.loop.execute {
            self.isTickScheduled = false
            self.writeBlock()
            self.releaseReplies()
        }
    }

    private func writeBlock() {
        guard let block = self.engine.beginBlock() else { return }
        self.feed.append(block)
        self.inFlightByteCount = block.bytes.count + WriteAheadLog.blockOverheadByteCount
        self.isSealed = false
        self.write(block)
    }

    /// A full disk took nothing of the block: it is tried again until there is room.
    ///
    /// Nobody hears of its steps meanwhile, and new writes are refused.
    private func writeLater(_ block: FeedBlock, _ error: DurabilityError) {
        self.logger.warning("writes wait: \(error)")
        self.isDiskFull = true
        self.loop.scheduleTask(in: .milliseconds(500)) { self.write(block) }
    }

    private func write(_ block: FeedBlock) {
        let acknowledged = LSN(self.engine.durable)
        self.logThread.submit {
            let start = NIODeadline.now()
            let result = self.append(block, acknowledged: acknowledged)
            let took = (NIODeadline.now() - start).nanoseconds / 1_000
            self.loop.execute {
                switch result {
                case .success: self.blockWritten(block, took: took)
                case .failure(.full(let operation, let path)):
                    self.writeLater(block, DurabilityError.full(operation: operation, path: path))
                case .failure(let error): self.fail(error)
                }
            }
        }
    }

    private func append(
        _ block: FeedBlock,
        acknowledged: LSN
    ) -> Result<Void, DurabilityError> {
        block.bytes.withUnsafeBytes { bytes in
            do throws(DurabilityError) {
                try self.log.append(
                    body: bytes,
                    first: LSN(block.first),
                    count: block.count,
                    acknowledged: acknowledged,
                    time: self.now().microseconds
                )
                return .success(())
            } catch {
                return .failure(error)
            }
        }
    }

    private func blockWritten(_ block: FeedBlock, took: Int64) {
        self.isDiskFull = false
        self.inFlightByteCount = 0
        self.engine.blockWritten()
        self.founded?.succeed(self.engine.durable)
        self.founded = nil
        self.metrics.blocks += 1
        self.metrics.blockBytes += Int64(block.bytes.count)
        self.metrics.syncMicroseconds += took
        self.metrics.syncs.record(took)
        self.lastWriteAt = self.milliseconds
        self.snapshots.logByteCount += block.bytes.count
        self.prepareLogIfNeeded(self.lastWriteAt)
        // The next block goes first, so that the disk works while replies are sent.
        self.writeBlock()
        self.releaseReplies()
        self.deliverEvents()
        self.advanceInsights()
        self.beginSnapshotIfDue()
        self.finishDrainIfDone()
    }

    private func releaseReplies() {
        let durable = self.engine.durable
        let waiting = self.waiting
        self.waiting.removeAll(keepingCapacity: true)
        for connection in waiting { connection.release(durable: durable) }
    }

    /// The disk can no longer be believed: nobody is told anything more.
    func fail(_ error: DurabilityError) {
        self.logger.critical("the log failed, so this server stops: \(error)")
        self.onFailure(error)
    }

    // MARK: - Time

    private func keepTime() {
        let now = self.milliseconds
        self.expireReservations()
        self.sealIfIdle(now)
        self.prepareLogIfNeeded(now)
        self.protectIfNeeded(now)
        self.deliverProgress(now)
        self.deliverInsightProgress(now)
    }

    /// Has the engine log a tick when reservations are due.
    private func expireReservations() {
        guard self.writeRefusal() == nil, self.engine.tick(now: self.now()) else { return }
        self.tick()
    }

    /// After 100 ms without a write the log says on disk that it is complete.
    private func sealIfIdle(_ now: Int64) {
        guard !self.isSealed, !self.engine.commit.isWriting, !self.engine.commit.hasGathered,
            now - self.lastWriteAt >= 100
        else { return }
        self.isSealed = true
        let acknowledged = LSN(self.engine.durable)
        self.logThread.submit {
            do throws(DurabilityError) {
                try self.log.seal(
                    acknowledged: acknowledged,
                    time: self.now().microseconds
                )
            } catch {
                self.loop.execute { self.fail(error) }
            }
        }
    }

    /// Has the next file of the log made ready as soon as it is needed, and tries again every half
    /// second if the disk is full: so writes go on by themselves once there is room.
    private func prepareLogIfNeeded(_ now: Int64) {
        guard !self.isPreparingLog, self.log.wantsNext,
            !self.isLogFileMissing || now - self.lastPrepareAt >= 500
        else { return }
        self.isPreparingLog = true
        self.spareThread.submit {
            var failure: DurabilityError?
            do throws(DurabilityError) { try self.log.prepareNext() } catch { failure = error }
            let problem = failure
            self.loop.execute {
                self.isPreparingLog = false
                self.lastPrepareAt = self.milliseconds
                // A next file is wanted when the last one was sealed.
                self.protection.isWanted = true
                self.reportPreparing(problem)
            }
        }
    }

    /// Says once that there is no room, and once that there is again.
    private func reportPreparing(_ problem: DurabilityError?) {
        guard let problem else {
            if self.isLogFileMissing {
                self.logger.notice("there is room for the log again: writes go on")
            }
            self.isLogFileMissing = false
            return
        }
        if !self.isLogFileMissing {
            self.logger.warning(
                """
                no file for the log to go on in: \(problem). Once the current one is full, writes \
                are refused with storage_full; reads and subscriptions go on
                """
            )
        }
        self.isLogFileMissing = true
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

    private func finishDrainIfDone() {
        guard self.isDraining, let promise = self.drained, self.connections.isEmpty,
            !self.engine.commit.isWriting, !self.engine.commit.hasGathered
        else { return }
        self.drained = nil
        self.timer?.cancel()
        // The last word in the log is that it is complete.
        let acknowledged = LSN(self.engine.durable)
        self.logThread.submit {
            do throws(DurabilityError) {
                try self.log.seal(
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
