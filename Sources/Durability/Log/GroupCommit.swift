public import Bytes

/// Decides when steps go to the disk, and up to where they may be told of.
///
/// A sync costs the same for one step as for a thousand. So one block is in flight at a time, and
/// what arrives meanwhile gathers for the next: the busier the server, the larger its blocks.
///
///     idle ──gathered──▶ write ──written──▶ idle             nothing gathered meanwhile
///                          │        └─────▶ write            else the next block, at once
///
/// A plain value: it performs nothing. Each method returns what its caller must do. A write that
/// fails is not reported here, because the process stops.
public struct GroupCommit: Sendable, Equatable {
    /// Everything up to here is on disk.
    public private(set) var durable: LSN
    /// Everything up to here has been decided.
    public private(set) var last: LSN
    private var writing: LSN?

    public init(durable: LSN) {
        self.durable = durable
        self.last = durable
    }

    public var isWriting: Bool { self.writing != nil }
    /// Whether there is something that no write has taken yet.
    public var hasGathered: Bool { (self.writing ?? self.durable) < self.last }

    /// Steps up to `lsn` were decided and encoded.
    public mutating func gathered(_ lsn: LSN) {
        precondition(lsn >= self.last, "LSN \(lsn) comes before LSN \(self.last)")
        self.last = lsn
    }

    /// Asks for the next write.
    ///
    /// - Returns: The last LSN of the block to write now, or nothing if one is in flight or there
    ///   is nothing to write.
    public mutating func begin() -> LSN? {
        guard self.writing == nil, self.durable < self.last else { return nil }
        self.writing = self.last
        return self.last
    }

    /// The write that ``begin()`` asked for is durable.
    public mutating func written() {
        guard let writing else { preconditionFailure("a write ended that was never begun") }
        self.durable = writing
        self.writing = nil
        assert(
            self.durable <= self.last,
            "LSN \(self.durable) is durable, LSN \(self.last) is the last"
        )
    }

    /// Stops the process where what is durable, being written and decided is out of order.
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
