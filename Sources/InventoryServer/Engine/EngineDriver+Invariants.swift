/// Invariants of the server between two events on the loop.
extension EngineDriver {
    /// Traps if the server's objects violate their invariants or disagree with each other.
    ///
    /// The engine has its own `checkInvariants()`.
    ///
    /// - Complexity: O(connections + subscriptions + open queries)
    func checkInvariants() {
        self.turns.checkInvariants()
        self.log.checkInvariants()
        self.snapshots.checkInvariants()
        self.backups.checkInvariants()
        self.connections.checkInvariants()
        self.events.registry.checkInvariants()
        self.insights.checkInvariants()
        var (waitingCount, byteCount) = (0, 0)
        for connection in self.connections.all.values {
            connection.checkInvariants()
            let held = connection.queries.held
            waitingCount += held.waitingCount
            byteCount += held.byteCount
        }
        precondition(
            self.queries.waitingQueryCount == waitingCount,
            "\(self.queries.waitingQueryCount) queries wait, \(waitingCount) of connections"
        )
        precondition(
            self.queries.bytes.byteCount == byteCount,
            "queries hold \(self.queries.bytes.byteCount) bytes, \(byteCount) of connections"
        )
    }
}
