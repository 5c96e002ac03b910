/// Invariants of the server between two events on the loop.
extension EngineDriver {
    /// Traps if the server's objects violate their invariants or disagree with each other.
    ///
    /// The engine has its own `checkInvariants()`.
    ///
    /// - Complexity: O(connections + subscriptions + open queries)
    func checkInvariants() {
        self.turns.checkInvariants()
        self.metrics.syncs.checkInvariants()
        self.log.checkInvariants()
        self.snapshots.checkInvariants()
        self.backups.checkInvariants()
        self.connections.checkInvariants()
        self.events.registry.checkInvariants()
        self.insights.checkInvariants()
        self.queries.scheduler.checkInvariants()
        var waitingCount = 0
        var dryRunCount = 0
        var shares: [ByteBudget.Share] = []
        for connection in self.connections.all.values {
            connection.checkInvariants()
            waitingCount += connection.queries.waitingCount
            shares.append(connection.queries.share)
            guard let dryRun = connection.service as? DryRun else { continue }
            dryRun.checkInvariants()
            if dryRun.share == .open { dryRunCount += 1 }
        }
        precondition(
            self.queries.waitingQueryCount == waitingCount,
            "\(self.queries.waitingQueryCount) queries wait, \(waitingCount) of connections"
        )
        self.queries.bytes.checkInvariants(of: shares)
        self.dryRuns.counts.checkInvariants(open: dryRunCount)
    }
}
