/// Invariants of the fan-out between two turns.
extension Fanout {
    /// Traps if the fan-out's invariants do not hold.
    ///
    /// - Complexity: O(subscriptions + pieces + blocks)
    func checkInvariants() {
        self.ring.checkInvariants()
        self.pieces.checkInvariants()
        self.logReaders.checkInvariants()
        self.entering.checkInvariants()
        self.blocks.checkInvariants()
        self.interests.checkInvariants()
        for track in self.tracks.values { track.checkInvariants() }
        for (key, builder) in self.windows {
            builder.checkInvariants()
            precondition(builder.through >= key.after, "a window ends before \(key.after)")
        }
        precondition(self.target <= self.durable, "sends up to \(self.target) of \(self.durable)")
        var count = 0
        for (number, connection) in self.connections {
            precondition(connection.number == number, "\(connection.number) is under \(number)")
            connection.checkInvariants()
            count += connection.subscriptions.count
        }
        precondition(self.subscriptionCount == count, "\(self.subscriptionCount) of \(count)")
    }
}
