/// Keeps the blocks of the log apart while the fan-out is busy.
///
///     fan-out idle   [b]  [b] [b]                 each as soon as the one before is on disk
///     fan-out busy   [b]·····[b]·····[b]          a millisecond from one to the next
///     much gathered  [b][bbbb][bbbb]              as soon as the one before is on disk
///
/// Each block wakes the log's thread, the loop and the clients that waited: with few sales in it that costs
/// more than the sales. While a pass of the fan-out takes several milliseconds, nobody hears of a block any
/// sooner for it, and all hear later, since it takes processor time from the fan-out. A plain value;
/// nanoseconds come in.
struct BlockPace: Equatable {
    /// Nanoseconds from the beginning of one block to that of the next.
    static let nanosecondsApart: UInt64 = 1_000_000
    /// Bytes gathered that are worth a block at any time.
    static let byteCountAtOnce = 64 << 10

    private var beganAt: UInt64?
    /// Whether the next block is put off, and whoever asked for that has yet to come back.
    private(set) var isPutOff = false

    /// A block is to be written now.
    ///
    /// - Returns: Nanoseconds to put it off for; 0 to begin it. Whoever gets more comes back then and says
    ///   ``resumed()`` first.
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
