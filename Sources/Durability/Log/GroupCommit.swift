public import Bytes

/// Decides when steps are written to disk, and which may be acknowledged.
///
/// A sync costs the same for one step as for a thousand. One block is in flight at a time, and steps
/// that arrive meanwhile form the next block: the busier the server, the larger its blocks.
///
///     idle ──gathered──▶ write ──written──▶ idle             if no steps were gathered meanwhile
///                          │        └─────▶ write            else the next block, immediately
///
/// A plain value without side effects: each method returns what its caller must do. A failed write is
/// not reported here, because the process stops.
public struct GroupCommit: Sendable, Equatable {
    /// The last step on disk.
    public private(set) var durable: LSN
    /// The last decided step.
    public private(set) var last: LSN
    private var writing: LSN?

    /// Starts after recovery, with no write in flight.
    ///
    /// - Parameter durable: The last step of the log.
    public init(durable: LSN) {
        self.durable = durable
        self.last = durable
    }

    /// Whether a write is in flight.
    public var isWriting: Bool { self.writing != nil }
    /// Whether there are steps that no write includes yet.
    public var hasGathered: Bool { (self.writing ?? self.durable) < self.last }

    /// Records that the steps up to `lsn` were decided and encoded.
    public mutating func gathered(_ lsn: LSN) {
        precondition(lsn >= self.last, "LSN \(lsn) comes before LSN \(self.last)")
        self.last = lsn
    }

    /// Starts the next write.
    ///
    /// - Returns: The last LSN of the block to write now, or `nil` if one is in flight or there are no new
    ///   steps.
    public mutating func begin() -> LSN? {
        guard self.writing == nil, self.durable < self.last else { return nil }
        self.writing = self.last
        return self.last
    }

    /// Records that the write started by ``begin()`` is durable.
    public mutating func written() {
        guard let writing else { preconditionFailure("a write ended without a beginning") }
        self.durable = writing
        self.writing = nil
        assert(
            self.durable <= self.last,
            "LSN \(self.durable) is durable, LSN \(self.last) is the last"
        )
    }

    /// Stops the process if the LSNs of durable, written and decided steps are out of order.
    package func checkInvariants() {
        precondition(
            self.durable <= self.last,
            "durable up to LSN \(self.durable) of LSN \(self.last)"
        )
        guard let writing else { return }
        precondition(
            self.durable < writing && writing <= self.last,
            "LSN \(writing) is written between LSN \(self.durable) and LSN \(self.last)"
        )
    }
}
