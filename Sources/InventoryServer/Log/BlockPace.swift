/// Throttles the log's blocks while the fan-out is busy.
///
///     fan-out idle   [b]  [b] [b]                 each as soon as the previous one is durable
///     fan-out busy   [b]·····[b]·····[b]          a millisecond from one to the next
///     much gathered  [b][bbbb][bbbb]              as soon as the previous one is durable
///
/// Each block wakes the log thread, the loop and the waiting clients, which costs more than a few sales.
/// While a pass of the fan-out takes several milliseconds, an earlier block reaches no subscriber earlier,
/// and all later, since it takes processor time from the fan-out. A plain value; the time is passed in, in
/// nanoseconds.
struct BlockPace: Equatable {
    /// Nanoseconds from the start of one block to the start of the next.
    static let nanosecondsApart: UInt64 = 1_000_000
    /// Gathered bytes from which a block is written without delay.
    static let byteCountAtOnce = 64 << 10

    private var beganAt: UInt64?
    /// Whether the next block is delayed and the caller has yet to call ``resumed()``.
    private(set) var isPutOff = false

    /// Decides whether a block is written now.
    ///
    /// - Returns: Nanoseconds to delay it; 0 to begin it. After a delay the caller calls ``resumed()`` first.
    mutating func pause(at now: UInt64, gathered byteCount: Int, isFanoutBusy: Bool) -> UInt64 {
        guard isFanoutBusy, byteCount < Self.byteCountAtOnce, let beganAt else { return 0 }
        let due = beganAt + Self.nanosecondsApart
        guard now < due else { return 0 }
        self.isPutOff = true
        return due - now
    }

    mutating func resumed() { self.isPutOff = false }

    mutating func began(at now: UInt64) { self.beganAt = now }
}
