internal import Bytes

/// The periodic work of the fan-out.
extension Fanout {
    /// Sends progress events and state checksums that are due, and measures the subscribers' lag.
    func keepTime(_ now: UInt64) {
        let durable = self.positions.durable
        var lag = FanoutLag()
        var least = durable
        for connection in self.connections.all {
            for subscription in connection.subscriptions {
                if subscription.machine.isFollowing {
                    let lsn = subscription.machine.cursor
                    least = min(least, lsn)
                    // A subscriber that has all steps of the last run is not behind.
                    if lsn < self.positions.seen { lag.add(durable - lsn) }
                }
                if !connection.isBlocked, subscription.machine.becomesProgressDue(at: now) {
                    self.schedule.add(connection.number)
                }
            }
        }
        self.positions.timerRan()
        self.dropUnusedTracks()
        self.beginStateChecksums(now)
        self.pieces.remove(through: least)
        if lag.behindCount == 0 { self.steps.removeRead() }
        self.figures.lag = lag
        self.figures.sharedByteCount = self.pieces.byteCount + self.steps.byteCount
        self.figures.publish()
    }
}
