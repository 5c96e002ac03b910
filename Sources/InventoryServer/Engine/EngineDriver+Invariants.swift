/// What must hold between two things that happen on the loop.
extension EngineDriver {
    /// Stops the process where the server's objects are not as they promise, or do not agree.
    ///
    /// The engine has `checkInvariants()` of its own.
    ///
    /// - Complexity: O(connections + subscriptions + open questions)
    func checkInvariants() {
        self.turns.checkInvariants()
        self.log.checkInvariants()
        self.snapshots.checkInvariants()
        self.connections.checkInvariants()
        self.events.registry.checkInvariants()
        self.insights.checkInvariants()
        var (waitingCount, byteCount) = (0, 0)
        for connection in self.connections.all.values {
            connection.checkInvariants()
            let held = connection.questions.held
            waitingCount += held.waitingCount
            byteCount += held.byteCount
        }
        precondition(
            self.queries.waitingQuestionCount == waitingCount,
            "\(self.queries.waitingQuestionCount) questions wait, \(waitingCount) of connections"
        )
        precondition(
            self.queries.bytes.byteCount == byteCount,
            "questions hold \(self.queries.bytes.byteCount) bytes, \(byteCount) of connections"
        )
    }
}
