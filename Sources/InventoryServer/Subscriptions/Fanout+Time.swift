internal import Bytes
internal import InventoryWire

/// The periodic work of the fan-out.
extension Fanout {
    /// Sends progress events and state checksums that are due, and measures the subscribers' lag.
    func keepTime(_ now: UInt64) {
        let due =
            UInt64(WireLimits.progressMilliseconds) * 1_000_000 - FanoutLimits.timerNanoseconds
        var lag = FanoutLag()
        var least = self.durable
        for connection in self.connections.values {
            for subscription in connection.subscriptions {
                if subscription.machine.isFollowing {
                    let lsn = subscription.machine.cursor
                    least = min(least, lsn)
                    // A subscriber that has all steps of the last run is not behind.
                    if lsn < self.seen { lag.add(self.durable - lsn) }
                }
                guard subscription.machine.isFollowing, !connection.isBlocked,
                    now - min(now, subscription.publishedAt) >= due
                else { continue }
                subscription.isProgressDue = true
                self.ring.add(connection.number)
            }
        }
        self.seen = self.durable
        self.dropUnusedTracks()
        self.beginStateChecksums(now)
        self.pieces.remove(through: least)
        if lag.behindCount == 0 {
            self.blocks.removeRead()
            self.logReaders.closeWaiting()
        }
        self.figures.lag = lag
        self.figures.sharedByteCount =
            self.pieces.byteCount + self.blocks.feedByteCount + self.blocks.readByteCount
        self.figures.publish()
    }
}
