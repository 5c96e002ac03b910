internal import Bytes
internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire

/// State checksums, for subscribers that verify their replica.
///
/// About each second a view is taken, which is cheap, and a query thread computes the checksum of its levels:
/// once for all subscriptions of an interest. It is sent after the steps that it covers; one that a replica
/// cannot be compared with, because a product moved meanwhile, is not sent, and another is made.
extension Fanout {
    private static var dueNanoseconds: UInt64 {
        UInt64(WireLimits.progressMilliseconds) * 1_000_000 - FanoutLimits.timerNanoseconds
    }

    /// Starts computing the state checksums that are due.
    func beginStateChecksums(_ now: UInt64) {
        var due: [Int: SubscriptionMatcher] = [:]
        for connection in self.connections.values {
            for subscription in connection.subscriptions
            where subscription.subscription.topics.contains(.proof)
                && subscription.machine.isFollowing && subscription.stateChecksum == nil
                && now - min(now, subscription.checksumSentAt) >= Self.dueNanoseconds
            {
                subscription.checksumSentAt = now
                due[subscription.interest] = subscription.matcher
            }
        }
        for (interest, matcher) in due { self.beginStateChecksum(interest, matcher) }
    }

    private func beginStateChecksum(_ interest: Int, _ matcher: SubscriptionMatcher) {
        let (host, work) = (self.host, self.upstream.work)
        self.upstream.takeView { view in
            // Before any step that is not in the view becomes durable.
            host.post { $0.cut(interest, view.lsn) }
            work.submit {
                let digest = view.levelDigest(matcher)
                host.post { $0.stateChecksumComputed(interest, at: view.lsn, value: digest.value) }
            }
        }
    }

    /// Ends windows of the interest at the LSN of the state checksum.
    private func cut(_ interest: Int, _ lsn: LSN) {
        self.cuts[interest] = lsn
        for connection in self.connections.values {
            for subscription in connection.subscriptions
            where subscription.interest == interest && subscription.machine.cursor == lsn
                && !subscription.machine.isInWindow
            {
                subscription.exactAt = lsn
            }
        }
    }

    private func stateChecksumComputed(_ interest: Int, at lsn: LSN, value: UInt64) {
        for connection in self.connections.values {
            for subscription in connection.subscriptions
            where subscription.interest == interest && subscription.machine.isFollowing
                && subscription.subscription.topics.contains(.proof)
            {
                subscription.stateChecksum = (lsn, value)
                self.sendStateChecksum(subscription, of: connection, at: self.now)
                self.flush(connection)
            }
        }
    }

    /// Sends a pending state checksum once every step before it was delivered.
    func sendStateChecksum(
        _ subscription: FanoutSubscription,
        of connection: FanoutConnection,
        at now: UInt64
    ) {
        guard let checksum = subscription.stateChecksum, subscription.machine.cursor >= checksum.lsn
        else {
            return
        }
        subscription.stateChecksum = nil
        let isComparable =
            subscription.isConflated
            ? subscription.exactAt == checksum.lsn : subscription.machine.settledAt <= checksum.lsn
        guard isComparable, subscription.machine.settledAt <= checksum.lsn else {
            // Retries soon: in a quarter of the usual time.
            subscription.checksumSentAt = now - min(now, Self.dueNanoseconds * 3 / 4)
            return
        }
        self.send(
            .digest(lsn: checksum.lsn, value: checksum.value),
            requestID: subscription.requestID,
            of: connection
        )
    }
}
