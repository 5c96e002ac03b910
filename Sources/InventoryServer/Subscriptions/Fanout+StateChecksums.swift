internal import Bytes
internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire

/// Digests for subscribers that verify their copy.
///
/// About each second a view is taken, which is free, and a query thread sums up the levels in it: once
/// for all that want the same. The digest is sent behind the steps it stands for; one that a copy cannot
/// be compared with, because a product moved meanwhile, is not sent, and another is made.
extension Fanout {
    private static var dueNanoseconds: UInt64 {
        UInt64(WireLimits.progressMilliseconds) * 1_000_000 - FanoutLimits.timerNanoseconds
    }

    /// Begins the digests that are due.
    func prove(_ now: UInt64) {
        var due: [Int: SubscriptionMatcher] = [:]
        for connection in self.connections.values {
            for subscription in connection.subscriptions
            where subscription.subscription.topics.contains(.proof)
                && subscription.machine.isFollowing && subscription.proof == nil
                && now - min(now, subscription.checksumSentAt) >= Self.dueNanoseconds
            {
                subscription.checksumSentAt = now
                due[subscription.interest] = subscription.matcher
            }
        }
        for (interest, matcher) in due { self.beginDigest(interest, matcher) }
    }

    private func beginDigest(_ interest: Int, _ matcher: SubscriptionMatcher) {
        let (host, work) = (self.host, self.upstream.work)
        self.upstream.takeView { view in
            // Before anything is durable that the view does not have.
            host.post { $0.cut(interest, view.lsn) }
            work.submit {
                let digest = view.levelDigest(matcher)
                host.post { $0.proved(interest, at: view.lsn, value: digest.value) }
            }
        }
    }

    /// Windows of the interest end with that step, since a digest of it comes.
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

    private func proved(_ interest: Int, at lsn: LSN, value: UInt64) {
        for connection in self.connections.values {
            for subscription in connection.subscriptions
            where subscription.interest == interest && subscription.machine.isFollowing
                && subscription.subscription.topics.contains(.proof)
            {
                subscription.proof = (lsn, value)
                self.sendStateChecksum(subscription, of: connection, at: self.now)
                self.flush(connection)
            }
        }
    }

    /// Sends a digest that waits, once every step before it was delivered.
    func sendStateChecksum(
        _ subscription: FanoutSubscription,
        of connection: FanoutConnection,
        at now: UInt64
    ) {
        guard let proof = subscription.proof, subscription.machine.cursor >= proof.lsn else {
            return
        }
        subscription.proof = nil
        let isComparable =
            subscription.isConflated
            ? subscription.exactAt == proof.lsn : subscription.machine.settledAt <= proof.lsn
        guard isComparable, subscription.machine.settledAt <= proof.lsn else {
            // Soon again: in a quarter of the usual time.
            subscription.checksumSentAt = now - min(now, Self.dueNanoseconds * 3 / 4)
            return
        }
        self.send(
            .digest(lsn: proof.lsn, value: proof.value),
            requestID: subscription.requestID,
            of: connection
        )
    }
}
