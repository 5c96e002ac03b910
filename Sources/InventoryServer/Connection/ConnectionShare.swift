internal import InventoryWire

/// The buffer limits of one of many connections: an equal share of the total, but at most the limit of a
/// single connection and at least the minimum it needs to make progress.
///
///     connections   up to 256    1,024     4,096   10,000
///     outbox of one     4 MiB    1 MiB   256 KiB  105 KiB     in all 1 GiB
///
/// Pure functions.
enum ConnectionShare {
    /// Bytes that are read at once from one connection, and may wait for a later turn of the loop.
    static let readByteCountMax = 256 << 10
    /// The minimum of ``readByteCountMax`` per connection, however many there are.
    static let readByteCountMin = 16 << 10
    /// Total read bytes of all connections, up to the number that this divides.
    static let readByteCountOfAll = 256 << 20
    /// Bytes passed to a socket but not yet accepted, beyond which no more is produced for it
    /// (back-pressure).
    static let writeByteCountMax = 1 << 20

    /// Bytes waiting to be sent to one connection, beyond which it is no longer read (back-pressure).
    static func outboxByteCount(connections: Int) -> Int {
        self.share(
            of: WireLimits.outboxByteCountOfAll,
            among: connections,
            within: WireLimits.outboxByteCountMin...WireLimits.outboxByteCountMax
        )
    }

    /// Bytes that are read at once from the newest of `connections` connections.
    static func readByteCount(connections: Int) -> Int {
        self.share(
            of: self.readByteCountOfAll,
            among: connections,
            within: self.readByteCountMin...self.readByteCountMax
        )
    }

    /// Bytes passed to the socket of the newest of `connections` connections but not yet accepted.
    static func writeByteCount(connections: Int) -> Int {
        min(self.writeByteCountMax, self.outboxByteCount(connections: connections))
    }

    private static func share(
        of total: Int,
        among count: Int,
        within range: ClosedRange<Int>
    ) -> Int {
        min(max(total / max(count, 1), range.lowerBound), range.upperBound)
    }
}
