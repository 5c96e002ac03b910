internal import Inventory
internal import InventoryWire
internal import NIOCore

/// Digests for subscribers that want to prove their copy.
///
/// About each second a view is taken, which is free, and a query thread sums up the levels in it:
/// once for all that want the same. The digest is sent behind the steps it stands for.
extension EngineDriver {
    private struct Claim {
        var connection: NIOLoopBound<ConnectionHandler>
        var requestID: UInt64
    }

    /// Begins the digests that are due.
    func prove(_ now: Int64) {
        var claims: [SubscriptionMatcher: [Claim]] = [:]
        for connection in self.following() {
            for (requestID, live) in connection.subscriptions
            where live.subscription.topics.contains(.proof) && live.phase == .following
                && live.proof == nil
                && now - live.provedAt >= Int64(WireLimits.progressMilliseconds) - 50
            {
                connection.subscriptions[requestID]?.provedAt = now
                let bound = NIOLoopBound(connection, eventLoop: self.loop)
                claims[live.matcher, default: []].append(
                    Claim(connection: bound, requestID: requestID)
                )
            }
        }
        for (matcher, claims) in claims {
            let view = self.engine.state.readView()
            self.queryPool.submit {
                let digest = view.levelDigest(matcher)
                self.loop.execute {
                    for claim in claims {
                        let connection = claim.connection.value
                        guard let live = connection.subscriptions[claim.requestID],
                            live.phase == .following
                        else { continue }
                        let proof = (lsn: view.lsn, value: digest.value)
                        connection.subscriptions[claim.requestID]?.proof = proof
                        self.sendProof(claim.requestID, connection)
                    }
                }
            }
        }
    }

    /// Sends a digest that waits, once every step before it was delivered.
    func sendProof(_ requestID: UInt64, _ connection: ConnectionHandler) {
        guard let live = connection.subscriptions[requestID], let proof = live.proof,
            live.cursor >= proof.lsn
        else { return }
        connection.subscriptions[requestID]?.proof = nil
        connection.send(
            .digest(lsn: proof.lsn, value: proof.value),
            to: requestID,
            at: proof.lsn
        )
        connection.releaseSoon()
    }
}
