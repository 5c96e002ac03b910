internal import Bytes
import Synchronization

/// The progress of the subscribers of a ``TillBench``, updated by the thread that serves them and read by
/// the one that waits for them.
final class TillProgress: Sendable {
    private let targetLSN = Atomic(UInt64.max)
    private let reached = Atomic(0)
    private let deliveries = Atomic(0)
    private let verifiedReplicas = Atomic(0)
    /// When the steps of the import were acknowledged, batch by batch.
    private let acknowledged = Mutex<[(lsn: LSN, at: Int64)]>([])

    /// The number of entries and levels that all subscribers together have received.
    var deliveryCount: Int { self.deliveries.load(ordering: .relaxed) }
    /// The number of subscribers that have received everything up to the target.
    var reachedCount: Int { self.reached.load(ordering: .relaxed) }
    /// The number of replicas whose checksum equalled the server's at the target or later.
    var verifiedCount: Int { self.verifiedReplicas.load(ordering: .relaxed) }
    var target: LSN { LSN(self.targetLSN.load(ordering: .relaxed)) }

    /// Sets the target to `lsn` and resets the counts of subscribers and replicas.
    func aim(at lsn: LSN) {
        self.reached.store(0, ordering: .relaxed)
        self.verifiedReplicas.store(0, ordering: .relaxed)
        self.targetLSN.store(lsn.value, ordering: .sequentiallyConsistent)
    }

    /// Records that the import received the acknowledgement of everything up to `lsn` at `time`.
    func imported(through lsn: LSN, at time: Int64) {
        self.acknowledged.withLock { batches in
            if lsn > batches.last?.lsn ?? 0 { batches.append((lsn, time)) }
        }
    }

    /// Returns the microseconds from the acknowledgement of a step until `now`.
    ///
    /// - Returns: 0 if the step is not acknowledged yet; `nil` if it is older than the import.
    func microseconds(since lsn: LSN, until now: Int64) -> UInt64? {
        self.acknowledged.withLock { batches in
            guard let first = batches.first, lsn > first.lsn else { return nil }
            var (low, high) = (0, batches.count)
            while low < high {
                let middle = (low + high) / 2
                if batches[middle].lsn < lsn { low = middle + 1 } else { high = middle }
            }
            return low < batches.count ? UInt64(max(0, now - batches[low].at)) : 0
        }
    }

    func delivered(_ count: Int) { self.deliveries.add(count, ordering: .relaxed) }
    func subscriberReached() { self.reached.add(1, ordering: .relaxed) }
    func replicaVerified() { self.verifiedReplicas.add(1, ordering: .relaxed) }
}
