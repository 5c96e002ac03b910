internal import InventoryWire

/// What one of many connections may have in buffers: an equal part of what there is for all, but never
/// more than one alone may, nor less than it needs to get on.
///
///     connections   up to 256    1,024     4,096   10,000
///     outbox of one     4 MiB    1 MiB   256 KiB  105 KiB     in all 1 GiB
///
/// Plain rules.
enum ConnectionShare {
    /// Bytes that are read at once from one connection, and may wait for a later turn of the loop.
    static let readByteCountMax = 256 << 10
    /// Bytes of that, however many connections there are.
    static let readByteCountMin = 16 << 10
    /// Bytes of that of all connections, up to the number that this divides.
    static let readByteCountOfAll = 256 << 20
    /// Bytes that a socket was given and has not taken, beyond which nothing more is made for it.
    static let writeByteCountMax = 1 << 20

    /// Bytes that wait to be sent to one connection, beyond which nothing more is read from it.
    static func outboxByteCount(connections: Int) -> Int {
        self.share(
            of: WireLimits.outboxByteCountOfAll,
            among: connections,
            within: WireLimits.outboxByteCountMin...WireLimits.outboxByteCountMax
        )
    }

    /// Bytes that are read at once from the last of so many connections.
    static func readByteCount(connections: Int) -> Int {
        self.share(
            of: self.readByteCountOfAll,
            among: connections,
            within: self.readByteCountMin...self.readByteCountMax
        )
    }

    /// Bytes that the socket of the last of so many connections is given and does not take.
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
