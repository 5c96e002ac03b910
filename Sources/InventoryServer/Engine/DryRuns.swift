internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire

/// What a dry run needs of the server: its state once, and answers to the few requests that are not about it.
///
/// Used on the engine's loop.
protocol DryRunUpstream: AnyObject {
    /// The state to copy, with the sessions and the keys.
    func wholeView() -> ReadView
    /// How long the copy remembers keys.
    var keys: KeyRetention { get }
    /// The time, and the reason why the server refuses writes now.
    func writeContext(of principal: Principal) -> Engine.Context
    /// Answers a request about the server or the connection: its statistics, a ping, the end of a subscription.
    func answer(
        _ request: Request,
        to requestID: UInt64,
        of queries: ConnectionQueries,
        holding heldByteCount: Int
    )
    /// The connection no longer has that session open.
    func closeSession(_ session: UInt32?)
}

/// What all dry runs of a server share: its query threads, and the count of their copies, which this owns.
///
/// Used on the engine's loop.
final class DryRuns {
    let context: LoopContext
    let runner: QueryRunner
    private(set) var counts: DryRunCounts

    init(_ context: LoopContext, runner: QueryRunner, max: Int = WireLimits.dryRunsMax) {
        self.context = context
        self.runner = runner
        self.counts = DryRunCounts(max: max)
    }

    /// Lets an event of one dry run change the counts.
    func count<Result>(_ event: (inout DryRunCounts) -> Result) -> Result { event(&self.counts) }
}
