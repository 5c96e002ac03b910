internal import CPosix

/// Decides when freed memory is returned to the system: once there was work, and then hardly any for a while.
///
/// The allocator retains freed memory for later work; after a burst, others need it more. A plain value; work
/// is counted in bytes that only increase.
struct QuietPeriod {
    /// Milliseconds with hardly any work.
    static let milliseconds: Int64 = 10_000
    /// The most work within them, in bytes.
    static let byteCountMax: Int64 = 1 << 20

    private var startedAt: Int64 = 0
    private var workedAtStart: Int64 = 0
    private var workedAtLast: Int64 = 0

    /// Whether a quiet period has passed, with `worked` bytes of work so far.
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

/// The C library's allocator, which Swift uses.
enum Allocator {
    /// Unused bytes beyond which memory is returned.
    private static let unusedByteCountMax = 16 << 20

    /// Returns unused memory to the system, wherever it is in the heap, if there is much of it.
    ///
    /// It may take milliseconds. A C library without such calls retains the memory.
    static func giveBack() {
        let unused = invd_memory_unused()
        if unused < 0 || unused > Self.unusedByteCountMax { invd_memory_give_back() }
    }
}
