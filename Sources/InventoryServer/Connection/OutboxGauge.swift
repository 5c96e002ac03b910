internal import InventoryWire
internal import Synchronization

/// Whether a connection takes more bytes of answers, as query threads may ask.
///
/// The loop says when its client is behind; the threads count what they have made and the loop has not seen
/// yet. So however many answers a client asks for and does not read, only a few blocks are made.
final class OutboxGauge: Sendable {
    private let isFull = Atomic<Bool>(false)
    private let inTransit = Atomic<Int>(0)

    /// Whether another block may be made.
    var takesMore: Bool {
        !self.isFull.load(ordering: .relaxed)
            && self.inTransit.load(ordering: .relaxed) < WireLimits.outboxByteCountMax
    }

    /// A query thread has made a block.
    func made(_ byteCount: Int) { self.inTransit.add(byteCount, ordering: .relaxed) }

    /// The loop has the block, and says whether its client is behind now.
    func arrived(_ byteCount: Int) { self.inTransit.subtract(byteCount, ordering: .relaxed) }

    /// Whether the client is behind.
    func set(isFull: Bool) { self.isFull.store(isFull, ordering: .relaxed) }
}
