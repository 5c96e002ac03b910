internal import CPosix

/// Says when memory that work has left behind is given back to the system: once some work was done, and
/// then hardly any for a while.
///
/// The allocator keeps what was freed, for the work to come; after a burst that is worth more to others. A plain
/// value: work is counted in bytes that only rise.
struct QuietPeriod {
    /// Milliseconds with hardly any work.
    static let milliseconds: Int64 = 10_000
    /// Work in them, at most.
    static let byteCountMax: Int64 = 1 << 20

    private var startedAt: Int64 = 0
    private var workedAtStart: Int64 = 0
    private var workedAtLast: Int64 = 0

    /// Whether a quiet period is over, `worked` bytes of work being done so far.
    mutating func hasPassed(worked: Int64, at milliseconds: Int64) -> Bool {
        if worked - self.workedAtStart > Self.byteCountMax {
            self.startedAt = milliseconds
            self.workedAtStart = worked
            return false
        }
        guard milliseconds - self.startedAt >= Self.milliseconds,
            worked > self.workedAtLast
        else { return false }
        self.startedAt = milliseconds
        self.workedAtStart = worked
        self.workedAtLast = worked
        return true
    }
}

/// The C library's allocator, which Swift's goes through.
enum Allocator {
    /// Bytes that nobody uses, and that are worth giving back.
    private static let unusedByteCountMax = 16 << 20

    /// Has memory that nobody uses given back to the system, wherever in the heap it lies, if there is
    /// much of it.
    ///
    /// It may take milliseconds. A C library without such calls keeps the memory.
    static func giveBack() {
        let unused = invd_memory_unused()
        if unused < 0 || unused > Self.unusedByteCountMax { invd_memory_give_back() }
    }
}
