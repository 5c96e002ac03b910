internal import Bytes

/// The completed windows of one conflated interest, without gaps.
///
///     steps      ····|··········|·····|··········|·······▶
///     ends          41         58    63         90          the newest one
///                         └──────────────────────┘          missing at 41: three windows, merged
///
/// A window is built from its steps once. Subscribers that share the interest receive data that ends at one
/// of these ends, and so are at one from then on: what a late one lacks is merged from complete windows, at
/// the cost of their levels and not of the steps in them. A plain value; the time is passed in, in
/// nanoseconds.
struct ConflationTrack {
    struct Window {
        /// The LSN before its first step.
        let after: LSN
        let end: LSN
        /// Its levels and other changes, as they are sent.
        let batches: [EventBatch]
        /// A replica built from it is exact from this LSN on.
        let settledAt: LSN

        var byteCount: Int { self.batches.reduce(0) { $0 + $1.byteCount } }
    }

    /// The length of a window in nanoseconds.
    let period: UInt64
    /// The end of the last window, or the beginning of the first.
    private(set) var newest: LSN
    /// When the current window ends.
    private(set) var dueAt: UInt64 = 0
    /// Bytes of the cached windows.
    private(set) var byteCount = 0
    private var windows: [Window] = []
    private var firstIndex = 0

    init(period: UInt64, at lsn: LSN) {
        precondition(period > 0, "windows of no length")
        self.period = period
        self.newest = lsn
    }

    /// When a window current at `now` ends: at the same time for all of one length.
    static func due(_ now: UInt64, _ period: UInt64) -> UInt64 { (now / period + 1) * period }

    /// Closes a window, from the newest end to `end`.
    mutating func close(
        at end: LSN,
        _ batches: [EventBatch],
        settledAt: LSN,
        now: UInt64,
        byteCountMax: Int
    ) {
        precondition(end > self.newest, "a window up to \(end) behind one up to \(self.newest)")
        let window = Window(
            after: self.newest,
            end: end,
            batches: batches,
            settledAt: settledAt
        )
        self.windows.append(window)
        self.byteCount += window.byteCount
        self.newest = end
        self.dueAt = Self.due(now, self.period)
        while self.byteCount > byteCountMax, self.firstIndex < self.windows.count - 1 {
            self.byteCount -= self.windows[self.firstIndex].byteCount
            self.firstIndex += 1
        }
        if self.firstIndex >= 64, self.firstIndex * 2 > self.windows.count {
            self.windows.removeFirst(self.firstIndex)
            self.firstIndex = 0
        }
    }

    /// The window that begins after `lsn`; `nil` if it is not complete, or no longer cached.
    ///
    /// - Complexity: O(log windows)
    func window(after lsn: LSN) -> Window? {
        let index = self.index(endingBehind: lsn)
        guard index < self.windows.count, self.windows[index].after == lsn else { return nil }
        return self.windows[index]
    }

    /// The first LSN after `lsn` at which a cached window begins or ends.
    ///
    /// - Complexity: O(log windows)
    func end(behind lsn: LSN) -> LSN? {
        let index = self.index(endingBehind: lsn)
        guard index < self.windows.count else { return lsn < self.newest ? self.newest : nil }
        let window = self.windows[index]
        return lsn < window.after ? window.after : window.end
    }

    /// The index of the first window that ends after `lsn`.
    private func index(endingBehind lsn: LSN) -> Int {
        var low = self.firstIndex
        var high = self.windows.count
        while low < high {
            let middle = (low + high) / 2
            if self.windows[middle].end <= lsn { low = middle + 1 } else { high = middle }
        }
        return low
    }

    func checkInvariants() {
        let kept = self.windows[self.firstIndex...]
        for (window, next) in zip(kept, kept.dropFirst()) {
            precondition(window.end == next.after, "a gap behind the window up to \(window.end)")
        }
        precondition(kept.allSatisfy { $0.after < $0.end }, "a window of no step")
        precondition(kept.last.map { $0.end == self.newest } ?? true, "the newest end is another")
        let byteCount = kept.reduce(0) { $0 + $1.byteCount }
        precondition(byteCount == self.byteCount, "\(byteCount) bytes, not \(self.byteCount)")
    }
}
