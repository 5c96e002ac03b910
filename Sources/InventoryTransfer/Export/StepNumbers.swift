internal import Bytes

/// A map from LSNs to the steps of an export.
///
/// Steps are numbered from 1 in order. Consecutive steps have consecutive LSNs unless other entries lie
/// between them, so the map is run-length encoded: 16 bytes for each gap.
struct StepNumbers {
    private var runs: [(number: Int, lsn: LSN)] = []
    private(set) var count = 0
    private(set) var lastLSN: LSN = 0

    /// Appends the next step, whose LSN is above the earlier ones.
    mutating func append(_ lsn: LSN) {
        precondition(lsn > self.lastLSN, "step \(self.count + 1) at \(lsn), after \(self.lastLSN)")
        if self.count == 0 || lsn != self.lastLSN + 1 {
            self.runs.append((self.count + 1, lsn))
        }
        self.count += 1
        self.lastLSN = lsn
    }

    /// Returns the step at an LSN; `nil` if another entry is there.
    ///
    /// - Complexity: O(log runs)
    func number(at lsn: LSN) -> Int? {
        guard let first = self.runs.first, lsn >= first.lsn, lsn <= self.lastLSN else { return nil }
        let index = self.last { $0.lsn <= lsn }
        let number = self.runs[index].number + Int(lsn - self.runs[index].lsn)
        let next = index + 1 < self.runs.count ? self.runs[index + 1].number : self.count + 1
        return number < next ? number : nil
    }

    /// Returns the index of the last run that satisfies `holds`, by binary search.
    ///
    /// The first run satisfies it, and so do all runs up to the result.
    private func last(_ holds: ((number: Int, lsn: LSN)) -> Bool) -> Int {
        var low = 0
        var high = self.runs.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if holds(self.runs[middle]) { low = middle } else { high = middle }
        }
        return low
    }
}
