/// What must hold between two turns of the fan-out.
extension Fanout {
    /// Stops the process where the fan-out is not as it promises.
    ///
    /// - Complexity: O(subscriptions + pieces)
    func checkInvariants() {
        self.ring.checkInvariants()
        self.pieces.checkInvariants()
        for track in self.tracks.values { track.checkInvariants() }
        precondition(self.target <= self.durable, "sends up to \(self.target) of \(self.durable)")
        var count = 0
        for (number, connection) in self.connections {
            precondition(connection.number == number, "\(connection.number) is under \(number)")
            let requests = connection.subscriptions.map { $0.requestID }
            precondition(requests.count == Set(requests).count, "a request has two subscriptions")
            count += requests.count
            for subscription in connection.subscriptions {
                subscription.machine.checkInvariants()
                precondition(!subscription.machine.isClosed, "a subscription is kept that is over")
            }
        }
        precondition(self.subscriptionCount == count, "\(self.subscriptionCount) of \(count)")
    }
}
