internal import InventoryEngine
internal import InventoryModel
internal import Logging
internal import NIOCore

/// The services that the fan-out needs from the server; every closure may be called from its thread.
struct FanoutUpstream: Sendable {
    /// Takes a view of the newest step on the engine's loop and passes it on.
    let takeView: @Sendable (@escaping @Sendable (ReadView) -> Void) -> Void
    /// Makes rows and state checksums, and reads the log's files.
    let work: any Worker
    let log: any LogStore
    /// The time of day.
    let now: @Sendable () -> Instant
    /// Nanoseconds of a monotonic clock.
    let clock: @Sendable () -> UInt64
    /// Nanoseconds of CPU time that the engine's loop has used.
    let loopNanoseconds: @Sendable () -> UInt64
    let logger: Logger
}

/// Where the fan-out runs.
protocol FanoutHost: Sendable {
    /// Starts the fan-out; no work runs before that.
    func begin(_ fanout: Fanout)
    /// Runs `work` on its thread, in order; `canRest` allows a delay until the end of a rest.
    func post(canRest: Bool, _ work: @escaping @Sendable (Fanout) -> Void)
    /// A duplicate socket for the channel's connection; `nil` if none is available now.
    func socket(of channel: any Channel, _ number: UInt32) -> (any FanoutSocket)?
}

extension FanoutHost {
    func post(_ work: @escaping @Sendable (Fanout) -> Void) { self.post(canRest: false, work) }
}
