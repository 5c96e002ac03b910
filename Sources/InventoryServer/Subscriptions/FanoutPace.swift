/// Throttles the fan-out: while many subscribers are behind and the engine's loop is busy, it rests after a
/// turn for as long as the turn took.
///
///     many behind   [turn]────[turn]────[turn]────   an import keeps its speed
///     following     [turn][turn][turn]               subscribers that are nearly current get steps at once
///
/// Catching up can wait, and uses all capacity once the loop is less busy. A plain value; the time is passed
/// in, in nanoseconds.
struct FanoutPace: Equatable {
    /// Bytes of a window from which on the next ones may be delayed too.
    static let bulkByteCount = 16 << 10
    /// The loop counts as busy from this part of one processor: one in ``busyShare``.
    static let busyShare: UInt64 = 4
    /// The minimum of nanoseconds over which that is measured.
    static let measureNanoseconds: UInt64 = 5_000_000

    private(set) var restsUntil: UInt64 = 0
    private(set) var isLoopBusy = false
    private var measuredAt: UInt64 = 0
    private var measuredLoop: UInt64 = 0

    /// Records a turn.
    ///
    /// `lateCount` is the number of served connections that still lack steps, or have a window's worth. A
    /// count of bytes alone would not distinguish them from subscribers that closely follow a busy shop:
    /// these would be served later, hence with more at once, and rest ever longer for it.
    /// `loop` is the CPU time that the engine's loop has used since it began, in nanoseconds.
    mutating func turned(
        from start: UInt64,
        to end: UInt64,
        servedCount: Int,
        lateCount: Int,
        loop: UInt64
    ) {
        let passed = end - min(end, self.measuredAt)
        if passed >= Self.measureNanoseconds {
            self.isLoopBusy = (loop - min(loop, self.measuredLoop)) * Self.busyShare >= passed
            (self.measuredAt, self.measuredLoop) = (end, loop)
        }
        let isBulk = lateCount > 0 && lateCount * 2 >= servedCount
        self.restsUntil = isBulk && self.isLoopBusy ? end + (end - start) : 0
    }
}
