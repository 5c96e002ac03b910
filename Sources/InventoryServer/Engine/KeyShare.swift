/// The memory of the remembered keys that one connection added.
///
/// Keys are forgotten in the order in which they were added, so runs of consecutive keys suffice.
struct KeyShare {
    private struct Run {
        /// The number of its last key.
        var last: UInt64
        var byteCount: Int
    }

    private static let runsMax = 64
    private var runs: [Run] = []
    private(set) var byteCount = 0

    /// Counts a new key with that number; `byteCountMax` is the connection's limit.
    mutating func add(_ number: UInt64, byteCount: Int, of byteCountMax: Int) {
        self.byteCount += byteCount
        if let last = self.runs.last, last.byteCount < byteCountMax / Self.runsMax {
            self.runs[self.runs.count - 1].last = number
            self.runs[self.runs.count - 1].byteCount += byteCount
        } else {
            self.runs.append(Run(last: number, byteCount: byteCount))
        }
    }

    /// Subtracts the keys with lower numbers, which are forgotten.
    mutating func forget(before number: UInt64) {
        var count = 0
        for run in self.runs where run.last < number {
            count += 1
            self.byteCount -= run.byteCount
        }
        if count > 0 { self.runs.removeFirst(count) }
    }

    /// Traps if its runs are not in order, or their bytes not those that are counted.
    ///
    /// - Complexity: O(1): there are a bounded number of runs
    func checkInvariants() {
        let sum = self.runs.reduce(0) { $0 + $1.byteCount }
        precondition(self.byteCount == sum, "\(self.byteCount) bytes of keys with \(sum)")
        for (run, next) in zip(self.runs, self.runs.dropFirst()) {
            precondition(run.last < next.last, "keys up to \(next.last) after \(run.last)")
        }
    }
}
