/// Invariants of the fan-out between two turns.
extension Fanout {
    /// Traps if the fan-out's invariants do not hold.
    ///
    /// - Complexity: O(subscriptions + pieces + blocks)
    func checkInvariants() {
        self.schedule.checkInvariants()
        self.positions.checkInvariants()
        self.steps.checkInvariants()
        self.pieces.checkInvariants()
        self.interests.checkInvariants()
        self.conflation.checkInvariants()
        self.connections.checkInvariants()
    }
}
