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
    /// Starts computing the state checksums that are due.
    func beginStateChecksums(_ now: UInt64) {
        var due: [Int: SubscriptionMatcher] = [:]
        for connection in self.connections.all {
            for subscription in connection.subscriptions
            where subscription.machine.beginsChecksum(at: now) {
                due[subscription.interest.number] = subscription.interest.matcher
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
        self.conflation.cut(interest, at: lsn)
        for (subscription, _) in self.connections.subscriptions(of: interest) {
            subscription.machine.checksumBegun(at: lsn)
        }
    }

    private func stateChecksumComputed(_ interest: Int, at lsn: LSN, value: UInt64) {
        for (subscription, connection) in self.connections.subscriptions(of: interest) {
            subscription.machine.checksumComputed(value, at: lsn)
            self.sendStateChecksum(subscription, of: connection, at: self.now)
            self.flush(connection)
        }
    }

    /// Sends a state checksum that waits, once every step before it was sent.
    func sendStateChecksum(
        _ subscription: FanoutSubscription,
        of connection: FanoutConnection,
        at now: UInt64
    ) {
        guard let checksum = subscription.machine.takeChecksum(at: now) else { return }
        self.send(
            .digest(lsn: checksum.lsn, value: checksum.value),
            requestID: subscription.requestID,
            of: connection
        )
    }
}

extension FanoutTable {
    fileprivate func subscriptions(
        of interest: Int
    ) -> [(subscription: FanoutSubscription, connection: FanoutConnection)] {
        self.subscriptions { $0.interest.number == interest }
    }
}
