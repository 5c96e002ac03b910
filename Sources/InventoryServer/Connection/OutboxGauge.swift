internal import InventoryWire
internal import Synchronization

/// Back-pressure on query threads: whether a connection accepts more bytes of answers.
///
/// The loop sets whether the client is behind; the threads count what they produced and the loop has not
/// received yet. So a client that requests many answers and does not read them causes only a few blocks.
final class OutboxGauge: Sendable {
    private let isFull = Atomic<Bool>(false)
    private let inTransit = Atomic<Int>(0)

    /// Whether another block may be produced.
    var takesMore: Bool {
        !self.isFull.load(ordering: .relaxed)
            && self.inTransit.load(ordering: .relaxed) < WireLimits.outboxByteCountMax
    }

    /// A query thread has produced a block.
    func made(_ byteCount: Int) { self.inTransit.add(byteCount, ordering: .relaxed) }

    /// The loop has received the block and updates whether its client is behind.
    func arrived(_ byteCount: Int) { self.inTransit.subtract(byteCount, ordering: .relaxed) }

    /// Sets whether the client is behind.
    func set(isFull: Bool) { self.isFull.store(isFull, ordering: .relaxed) }
}
