/// When the fan-out gives way: while many are behind and the engine's loop is busy, it rests after a turn for
/// as long as the turn took.
///
///     many behind   [turn]────[turn]────[turn]────   an import keeps its speed
///     following     [turn][turn][turn]               who has nearly everything hears at once
///
/// Catching up can wait, and takes all that is left once the loop has less to do. A plain value;
/// nanoseconds come in.
struct FanoutPace: Equatable {
    /// Bytes of a window from which on the next ones can wait for a moment too.
    static let bulkByteCount = 16 << 10
    /// The loop is busy with this part of one processor: one in so many.
    static let busyShare: UInt64 = 4
    /// Nanoseconds over which that is measured, at least.
    static let measureNanoseconds: UInt64 = 5_000_000

    private(set) var restsUntil: UInt64 = 0
    private(set) var isLoopBusy = false
    private var measuredAt: UInt64 = 0
    private var measuredLoop: UInt64 = 0

    /// A turn is over.
    ///
    /// `lateCount`: Those of the connections served that still lack steps, or have a window's worth. A count
    /// of bytes alone would not tell them from those who follow closely a busy shop: these would be told
    /// later, hence more at once, and rest for it ever longer.
    /// `loop`: Nanoseconds of a processor that the engine's loop has used since it began.
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
