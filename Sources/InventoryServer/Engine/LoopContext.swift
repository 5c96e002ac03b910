internal import InventoryModel
internal import Logging
internal import NIOCore

/// The context of every object on the engine's loop: the loop, clocks, metrics and logger.
struct LoopContext: @unchecked Sendable {
    let loop: any EventLoop
    let clocks: Clocks
    /// Used on the loop only, hence `@unchecked Sendable`.
    let metrics: ServerMetrics
    let logger: Logger

    init(
        loop: any EventLoop,
        clocks: Clocks = Clocks(),
        metrics: ServerMetrics = ServerMetrics(),
        logger: Logger
    ) {
        self.loop = loop
        self.clocks = clocks
        self.metrics = metrics
        self.logger = logger
    }

    /// The clocks of a server.
    struct Clocks: Sendable {
        /// Nanoseconds of a monotonic clock; may be read on any thread.
        var nanoseconds: @Sendable () -> UInt64 = { NIODeadline.now().uptimeNanoseconds }
        /// Nanoseconds of CPU time of the calling thread.
        var threadNanoseconds: @Sendable () -> UInt64 = LoopTurns.threadNanoseconds
        /// The time of day.
        var now: @Sendable () -> Instant = { .now() }
    }

    /// Milliseconds of the loop's monotonic clock.
    var milliseconds: Int64 { Int64(self.loop.now.uptimeNanoseconds / 1_000_000) }

    /// The time of day.
    func now() -> Instant { self.clocks.now() }
}
