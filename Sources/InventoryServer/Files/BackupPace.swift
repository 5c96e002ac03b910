/// Throttling: when the next bytes of a backup may be sent.
///
/// The average rate never exceeds the limit, also not after a pause. A plain value.
struct BackupPace: Equatable {
    /// Bytes per second; 0 for no limit.
    let bytesPerSecond: UInt64
    /// When the bytes sent so far are paid for, in nanoseconds.
    private var freeAt: UInt64 = 0

    init(bytesPerSecond: UInt64) { self.bytesPerSecond = bytesPerSecond }

    /// Counts bytes as sent now.
    ///
    /// - Returns: The nanoseconds to wait before the next ones.
    mutating func sent(_ byteCount: Int, at now: UInt64) -> UInt64 {
        guard self.bytesPerSecond > 0 else { return 0 }
        let cost = Double(byteCount) / Double(self.bytesPerSecond) * 1_000_000_000
        // A piece is bounded, so even a byte a second takes less than two days.
        self.freeAt = max(self.freeAt, now) + UInt64(cost)
        return self.freeAt - now
    }
}
