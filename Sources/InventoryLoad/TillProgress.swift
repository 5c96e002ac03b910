internal import Bytes
import Synchronization

/// How far the subscribers of a ``TillBench`` are, kept by the thread that serves them and read by the
/// one that waits for them.
final class TillProgress: Sendable {
    private let targetLSN = Atomic(UInt64.max)
    private let reached = Atomic(0)
    private let deliveries = Atomic(0)
    private let verifiedReplicas = Atomic(0)
    /// When the import heard of its steps, batch by batch.
    private let heard = Mutex<[(lsn: LSN, at: Int64)]>([])

    /// Entries and levels that all subscribers together have received.
    var deliveryCount: Int { self.deliveries.load(ordering: .relaxed) }
    /// Subscribers that have everything up to the target.
    var reachedCount: Int { self.reached.load(ordering: .relaxed) }
    /// Copies whose checksum was the server's at the target or behind it.
    var verifiedCount: Int { self.verifiedReplicas.load(ordering: .relaxed) }
    var target: LSN { LSN(self.targetLSN.load(ordering: .relaxed)) }

    /// Counts anew who has everything up to `lsn`.
    func aim(at lsn: LSN) {
        self.reached.store(0, ordering: .relaxed)
        self.verifiedReplicas.store(0, ordering: .relaxed)
        self.targetLSN.store(lsn.value, ordering: .sequentiallyConsistent)
    }

    /// The import has heard at `time` that everything up to `lsn` is durable.
    func imported(through lsn: LSN, at time: Int64) {
        self.heard.withLock { heard in
            if lsn > heard.last?.lsn ?? 0 { heard.append((lsn, time)) }
        }
    }

    /// Microseconds from when the import heard of a step until `now`; 0 if it has not yet, none if the
    /// step is of before.
    func microseconds(since lsn: LSN, until now: Int64) -> UInt64? {
        self.heard.withLock { heard in
            guard let first = heard.first, lsn > first.lsn else { return nil }
            var (low, high) = (0, heard.count)
            while low < high {
                let middle = (low + high) / 2
                if heard[middle].lsn < lsn { low = middle + 1 } else { high = middle }
            }
            return low < heard.count ? UInt64(max(0, now - heard[low].at)) : 0
        }
    }

    func delivered(_ count: Int) { self.deliveries.add(count, ordering: .relaxed) }
    func subscriberReached() { self.reached.add(1, ordering: .relaxed) }
    func replicaVerified() { self.verifiedReplicas.add(1, ordering: .relaxed) }
}
