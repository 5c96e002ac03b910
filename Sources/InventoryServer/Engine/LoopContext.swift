internal import InventoryModel
internal import Logging
internal import NIOCore

/// What every object of the engine's loop has to do with: the loop, the clocks, what is counted and what is
/// said.
struct LoopContext: @unchecked Sendable {
    let loop: any EventLoop
    let clocks: Clocks
    /// Of the loop alone: that is why this is `@unchecked Sendable`.
    let metrics: ServerMetrics
    let logger: Logger

    /// What time it is.
    struct Clocks: Sendable {
        /// Nanoseconds of a clock that only rises; any thread may read it.
        var nanoseconds: @Sendable () -> UInt64 = { NIODeadline.now().uptimeNanoseconds }
        /// Nanoseconds of CPU time of the thread that calls it.
        var threadNanoseconds: @Sendable () -> UInt64 = LoopTurns.threadNanoseconds
        /// The time of day.
        var now: @Sendable () -> Instant = { .now() }
    }

    /// Milliseconds of the loop's clock, which only rises.
    var milliseconds: Int64 { Int64(self.loop.now.uptimeNanoseconds / 1_000_000) }

    /// The time of day.
    func now() -> Instant { self.clocks.now() }
}
