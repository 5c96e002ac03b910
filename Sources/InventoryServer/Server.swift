public import ColumnStore
public import Durability
internal import Glibc
internal import Inventory
public import Logging
internal import NIOCore
internal import NIOPosix
public import ServiceLifecycle

/// A running inventory: opens the data, listens, serves, and stops when it is told to.
///
///     opening ──recovered──▶ serving ──graceful stop──▶ draining ──durable, sent──▶ stopped
///
/// As a `Service` it runs in a `ServiceGroup`, which turns SIGTERM and SIGINT into a graceful stop.
public final class Server: Service {
    private let configuration: ServerConfiguration
    private let logger: Logger
    private let onReady: @Sendable (ServerStatus) -> Void

    /// Where a server listens, and what it has.
    public struct ServerStatus: Sendable {
        /// As clients name them: `127.0.0.1:7411`, `unix:/run/invd.sock`.
        public var addresses: [String]
        public var lsn: LSN
        public var report: RecoveryReport
    }

    /// `onReady`: Called once, when every address is being listened on.
    public init(
        configuration: ServerConfiguration,
        logger: Logger,
        onReady: @escaping @Sendable (ServerStatus) -> Void
    ) {
        self.configuration = configuration
        self.logger = logger
        self.onReady = onReady
    }

    /// Serves until a graceful stop.
    ///
    /// - Throws: ``DurabilityError`` if the data cannot be opened, or an error of the network if an
    ///   address cannot be listened on.
    public func run() async throws {
        let storage = try DirectoryStorage(directory: self.configuration.dataDirectory)
        let start = NIODeadline.now()
        let opened = try OpenedDatabase.open(
            storage,
            self.configuration.log,
            newID: DatabaseID(.random(in: .min ... .max), .random(in: .min ... .max)),
            now: .now()
        )
        self.report(opened, took: (NIODeadline.now() - start).nanoseconds / 1_000_000)

        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let pools = (0..<3).map { _ in NIOThreadPool(numberOfThreads: 1) }
        let queryPool = NIOThreadPool(numberOfThreads: self.configuration.queryThreads)
        for pool in pools + [queryPool] { pool.start() }
        let loop = group.next()
        let logger = self.logger
        let driver = EngineDriver(
            loop: loop,
            configuration: self.configuration,
            opened: opened,
            queryPool: ThreadWorker(queryPool, isUrgent: false),
            logThread: ThreadWorker(pools[0], isUrgent: true),
            filePool: ThreadWorker(pools[1], isUrgent: false),
            spareThread: ThreadWorker(pools[2], isUrgent: true),
            logger: logger,
            now: { .now() },
            onFailure: { _ in
                // After a failed write nothing in memory may be believed to be on disk.
                exit(1)
            }
        )
        do {
            let durable = try await loop.flatSubmit { driver.start() }.get()
            let channels = try await self.listen(group, driver)
            let status = ServerStatus(
                addresses: channels.map { $0.address },
                lsn: LSN(durable),
                report: opened.directory.report
            )
            self.onReady(status)
            try? await gracefulShutdown()
            await self.stop(channels.map { $0.channel }, driver, loop)
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
        for pool in pools + [queryPool] { try await pool.shutdownGracefully() }
        try await group.shutdownGracefully()
        withExtendedLifetime(storage) {}
    }

    private func report(_ opened: OpenedDatabase, took: Int64) {
        let report = opened.directory.report
        let from = report.snapshotLSN.map { "snapshot at \($0)" } ?? "no snapshot"
        self.logger.info(
            "recovered \(report.lastLSN): \(from), \(report.blocksRead) blocks of log, \(took) ms"
        )
        for page in report.healed {
            self.logger.warning("healed a damaged page: \(page.path), byte \(page.offset)")
        }
        if let torn = report.torn {
            let last = torn.lastLSN.map { " to \($0)" } ?? ""
            self.logger.warning(
                """
                dropped a torn block at the end of \(torn.path), byte \(torn.offset), \
                \(torn.firstLSN)\(last): it was never acknowledged
                """
            )
        }
    }

    // MARK: - Listening

    private func listen(
        _ group: MultiThreadedEventLoopGroup,
        _ driver: EngineDriver
    ) async throws -> [(channel: any Channel, address: String)] {
        var channels: [(channel: any Channel, address: String)] = []
        if let host = self.configuration.host {
            let channel = try await self.bootstrap(group, driver)
                .serverChannelOption(.backlog, value: 1_024)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .bind(host: host, port: self.configuration.port).get()
            let port = channel.localAddress?.port ?? self.configuration.port
            channels.append((channel, "\(host):\(port)"))
        }
        if let path = self.configuration.unixSocketPath {
            let channel = try await self.bootstrap(group, driver)
                .bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
            channels.append((channel, "unix:\(path)"))
        }
        return channels
    }

    private func bootstrap(
        _ group: MultiThreadedEventLoopGroup,
        _ driver: EngineDriver
    ) -> ServerBootstrap {
        ServerBootstrap(group: group)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(
                .writeBufferWaterMark,
                value: ChannelOptions.Types.WriteBufferWaterMark(low: 256 << 10, high: 1 << 20)
            )
            .childChannelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(
                    minimum: 4 << 10,
                    initial: 16 << 10,
                    maximum: 256 << 10
                )
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        ConnectionHandler(driver: driver)
                    )
                }
            }
    }

    // MARK: - Stopping

    private func stop(
        _ channels: [any Channel],
        _ driver: EngineDriver,
        _ loop: any EventLoop
    ) async {
        self.logger.info("stopping: no new connections; open requests are being answered")
        for channel in channels { try? await channel.close() }
        let seconds = Int64(self.configuration.drainSeconds)
        let deadline = loop.scheduleTask(in: .seconds(seconds)) { driver.abandonConnections() }
        let drained = loop.flatSubmit { driver.drain() }
        try? await drained.get()
        deadline.cancel()
        let lsn = try? await loop.submit { driver.engine.durable }.get()
        self.logger.info("stopped: everything up to LSN \(lsn ?? 0) is on disk")
    }
}
