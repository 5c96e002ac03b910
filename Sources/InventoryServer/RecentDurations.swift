/// The last durations of an operation, in microseconds, with percentiles.
struct RecentDurations {
    /// The number of retained durations; older ones are replaced.
    static let countMax = 1_024
    private var values: [Int64] = []
    private var next = 0

    /// - Complexity: O(1)
    mutating func record(_ microseconds: Int64) {
        if self.values.count < Self.countMax {
            self.values.append(microseconds)
        } else {
            self.values[self.next] = microseconds
            self.next = (self.next + 1) % Self.countMax
        }
    }

    /// The value that a share of them, above 0 and at most 1, does not exceed (nearest rank); 0 if empty.
    ///
    /// - Complexity: O(n log n)
    func value(at share: Double) -> Int64 {
        precondition(share > 0 && share <= 1, "a share of \(share)")
        guard !self.values.isEmpty else { return 0 }
        let rank = Int((Double(self.values.count) * share).rounded(.up))
        return self.values.sorted()[rank - 1]
    }

    /// Traps if more are retained than may be, or a place is to be replaced before all are in use.
    func checkInvariants() {
        let isFull = self.values.count == Self.countMax
        precondition(self.values.count <= Self.countMax, "\(self.values.count) durations")
        precondition(
            self.next == 0 || isFull && self.next < Self.countMax,
            "place \(self.next) of \(self.values.count) is the next"
        )
    }
}
