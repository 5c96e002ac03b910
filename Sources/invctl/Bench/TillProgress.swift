import Synchronization

/// How far the subscribers of a ``TillBench`` are, kept by the thread that serves them and read by the
/// one that waits for them.
final class TillProgress: Sendable {
    private let targetLSN = Atomic(UInt64.max)
    private let reached = Atomic(0)
    private let deliveries = Atomic(0)
    private let provenCopies = Atomic(0)

    /// Entries and levels that all subscribers together have received.
    var deliveryCount: Int { self.deliveries.load(ordering: .relaxed) }
    /// Subscribers that have everything up to the target.
    var reachedCount: Int { self.reached.load(ordering: .relaxed) }
    /// Copies whose checksum was the server's at the target or behind it.
    var provenCount: Int { self.provenCopies.load(ordering: .relaxed) }
    var target: UInt64 { self.targetLSN.load(ordering: .relaxed) }

    /// Counts anew who has everything up to `lsn`.
    func aim(at lsn: UInt64) {
        self.reached.store(0, ordering: .relaxed)
        self.provenCopies.store(0, ordering: .relaxed)
        self.targetLSN.store(lsn, ordering: .sequentiallyConsistent)
    }

    func delivered(_ count: Int) { self.deliveries.add(count, ordering: .relaxed) }
    func subscriberReached() { self.reached.add(1, ordering: .relaxed) }
    func copyProven() { self.provenCopies.add(1, ordering: .relaxed) }
}
