public import Bytes
public import Durability
internal import Glibc
public import Logging
internal import NIOCore
internal import NIOPosix

/// A running inventory server: opens the data, listens, serves, and shuts down gracefully.
///
///     opening ──recovered──▶ serving ──graceful stop──▶ draining ──durable, sent──▶ stopped
public final class Server: Sendable {
    private let configuration: ServerConfiguration
    private let logger: Logger
    private let onReady: @Sendable (ServerStatus) -> Void

    /// The addresses of a server, and its contents at the start.
    public struct ServerStatus: Sendable {
        /// In the form that clients use: `127.0.0.1:7411`, `unix:/run/invd.sock`.
        public var addresses: [String]
        /// The LSN up to which everything is durable.
        public var lsn: LSN
        /// The findings of recovery.
        public var report: RecoveryReport
    }

    /// Creates a server; `onReady` is called once, when it listens on every address.
    public init(
        configuration: ServerConfiguration,
        logger: Logger,
        onReady: @escaping @Sendable (ServerStatus) -> Void
    ) {
        self.configuration = configuration
        self.logger = logger
        self.onReady = onReady
    }

    /// Serves until `waitForStop` returns, then stops gracefully.
    ///
    /// Blocks the calling thread: stopping must depend on as little as possible, and so on no clock and no
    /// other thread that may be busy.
    ///
    /// - Throws: `DurabilityError` if the data cannot be opened, ``ListenError`` if an address cannot
    ///   be listened on.
    public func run(until waitForStop: () -> Void) throws {
        let connectionsMax = Descriptors.connectionsMax(self.configuration, self.logger)
        let storage = try DirectoryStorage(directory: self.configuration.dataDirectory)
        let opened = try self.open(storage)
        let threads = ServerThreads(queryCount: self.configuration.queryThreads)
        let driver = self.driver(of: opened, on: threads)
        let durable = try threads.loop.flatSubmit { driver.start() }.wait()
        let acceptance = Acceptance(
            connectionsMax: connectionsMax,
            loop: threads.loop,
            logger: self.logger
        )
        let listeners = Listeners {
            self.bootstrap(threads.group, driver: driver, acceptance: acceptance)
        }
        defer { listeners.removeNames() }
        try listeners.listen(self.configuration)
        self.onReady(
            ServerStatus(
                addresses: listeners.addresses,
                lsn: durable,
                report: opened.directory.report
            )
        )
        waitForStop()
        self.stop(listeners, driver: driver, loop: threads.loop)
        try threads.end()
        withExtendedLifetime(storage) {}
    }

    private func open(_ storage: DirectoryStorage) throws -> OpenedDatabase {
        let start = NIODeadline.now()
        let opened = try OpenedDatabase.open(
            storage,
            self.configuration.log,
            newID: DatabaseID(.random(in: .min ... .max), .random(in: .min ... .max)),
            now: .now()
        )
        self.report(opened, took: (NIODeadline.now() - start).nanoseconds / 1_000_000)
        return opened
    }

    private func driver(of opened: OpenedDatabase, on threads: ServerThreads) -> EngineDriver {
        EngineDriver(
            LoopContext(loop: threads.loop, logger: self.logger),
            configuration: self.configuration,
            opened: opened,
            workers: threads.workers,
            fanout: threads.fanout,
            turns: threads.turns,
            onFailure: { _ in
                // After a failed write nothing in memory is known to be on disk.
                exit(1)
            }
        )
    }

    private func report(_ opened: OpenedDatabase, took: Int64) {
        let report = opened.directory.report
        let from = report.snapshotLSN.map { "snapshot at \($0)" } ?? "no snapshot"
        self.logger.info(
            "recovered LSN \(report.lastLSN): \(from), \(report.blocksRead) blocks of log, \(took) ms"
        )
        for page in report.healed {
            self.logger.warning("healed a damaged page: \(page.path), byte \(page.offset)")
        }
        for notice in report.notices { self.logger.warning("\(notice)") }
        if let torn = report.torn {
            let last = torn.lastLSN.map { " to LSN \($0)" } ?? ""
            self.logger.warning(
                """
                dropped a torn block at the end of \(torn.path), byte \(torn.offset), \
                LSN \(torn.firstLSN)\(last): it was never acknowledged
                """
            )
        }
    }

    // MARK: - Listening

    private func bootstrap(
        _ group: MultiThreadedEventLoopGroup,
        driver: EngineDriver,
        acceptance: Acceptance
    ) -> ServerBootstrap {
        ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.maxMessagesPerRead, value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        AcceptHandler(acceptance)
                    )
                }
            }
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            // One read per turn, so that one connection's requests do not starve the others.
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try Self.setBuffers(of: channel, among: driver.connections.count + 1)
                    try channel.pipeline.syncOperations.addHandler(
                        ConnectionHandler(of: driver)
                    )
                }
            }
    }

    /// Sizes read and write buffers, which are smaller where there are many connections.
    private static func setBuffers(of channel: any Channel, among connections: Int) throws {
        let written = ConnectionShare.writeByteCount(connections: connections)
        try channel.syncOptions?.setOption(
            .writeBufferWaterMark,
            value: ChannelOptions.Types.WriteBufferWaterMark(low: written / 4, high: written)
        )
        try channel.syncOptions?.setOption(
            .recvAllocator,
            value: AdaptiveRecvByteBufferAllocator(
                minimum: 4 << 10,
                initial: 16 << 10,
                maximum: ConnectionShare.readByteCount(connections: connections)
            )
        )
    }

    // MARK: - Stopping

    private func stop(_ listeners: Listeners, driver: EngineDriver, loop: any EventLoop) {
        self.logger.info("stopping: no new connections; open requests are being answered")
        listeners.close()
        let seconds = Int64(self.configuration.drainSeconds)
        let deadline = loop.scheduleTask(in: .seconds(seconds)) { driver.abandonConnections() }
        // Its future always succeeds; the driver reports errors on the way.
        try? loop.flatSubmit { driver.drain() }.wait()
        deadline.cancel()
        let lsn = try? loop.submit { driver.host.durable }.wait()
        self.logger.info("stopped: everything up to LSN \(lsn ?? 0) is on disk")
    }
}

/// The threads of a running server: the engine's loop, the fan-out, and those that work outside of both.
private struct ServerThreads {
    let turns = LoopTurns()
    let fanout = FanoutThread()
    let group: MultiThreadedEventLoopGroup
    let loop: any EventLoop
    private let log = NIOThreadPool(numberOfThreads: 1)
    private let files = NIOThreadPool(numberOfThreads: 1)
    private let spare = NIOThreadPool(numberOfThreads: 1)
    private let queries: NIOThreadPool

    init(queryCount: Int) {
        self.group = MultiThreadedEventLoopGroup(numberOfThreads: 1, metricsDelegate: self.turns)
        self.loop = self.group.next()
        self.queries = NIOThreadPool(numberOfThreads: queryCount)
        for pool in self.pools { pool.start() }
    }

    private var pools: [NIOThreadPool] { [self.log, self.files, self.spare, self.queries] }

    var workers: EngineDriver.Workers {
        EngineDriver.Workers(
            queries: ThreadWorker(self.queries, isUrgent: false),
            log: ThreadWorker(self.log, isUrgent: true),
            files: ThreadWorker(self.files, isUrgent: false),
            spare: ThreadWorker(self.spare, isUrgent: true)
        )
    }

    /// Stops them, after the work that they were given.
    func end() throws {
        try self.fanout.end()
        for pool in self.pools { try pool.syncShutdownGracefully() }
        try self.group.syncShutdownGracefully()
    }
}
