internal import InventoryModel

/// Selection of the groups that can be among the first rows, so that the rest need not be sorted.
extension GroupedTotals {
    /// Returns the groups without those that cannot be among the first ``InsightQuery/limit`` rows: all of
    /// them if the order does not start with a sum.
    ///
    /// Groups ordered by a quantity have one unit, so none of them lacks a value. Ties with the last shown
    /// row are included, since later parts of the order decide them.
    ///
    /// - Complexity: O(groups · log limit) in the worst case; O(groups) for most data.
    func leading(_ groups: [GroupRow]) -> [GroupRow] {
        let limit = Int(self.plan.query.limit)
        guard limit > 0, groups.count > 2 * limit, let first = self.plan.query.order.first,
            case .measure(let measure) = first.key, !measure.terms.isEmpty,
            measure != .averageValue, measure != .marginPercent
        else { return groups }
        let factors = MeasureTerms(measure, self.plan).factors
        var leaders = Leaders(limit)
        let ranks = groups.map { group -> Int64 in
            let sum = Int64(clamping: self.sum(factors, group))
            // The largest rank leads; a rank is never the minimum number, so it can be negated.
            let rank = first.isDescending ? max(sum, -.max) : -max(sum, -.max)
            leaders.note(rank)
            return rank
        }
        let least = leaders.least
        return groups.indices.filter { ranks[$0] >= least }.map { groups[$0] }
    }
}

/// The `count` largest of the noted numbers: a heap whose root is the smallest of them.
struct Leaders {
    private let count: Int
    private var heap: [Int64] = []

    init(_ count: Int) {
        self.count = count
        self.heap.reserveCapacity(count)
    }

    /// The smallest leading number; the minimum while there is space for more.
    var least: Int64 { self.heap.count < self.count ? .min : self.heap[0] }

    mutating func note(_ number: Int64) {
        if self.heap.count < self.count {
            self.heap.append(number)
            self.siftUp()
        } else if number > self.heap[0] {
            self.heap[0] = number
            self.siftDown()
        }
    }

    /// Stops the process unless no number is smaller than its parent.
    ///
    /// - Complexity: O(numbers)
    func checkInvariants() {
        precondition(self.heap.count <= self.count, "\(self.heap.count) of \(self.count) lead")
        for index in self.heap.indices.dropFirst() {
            let parent = self.heap[(index - 1) / 2]
            precondition(self.heap[index] >= parent, "\(self.heap[index]) below \(parent)")
        }
    }

    private mutating func siftUp() {
        var index = self.heap.count - 1
        while index > 0 {
            let parent = (index - 1) / 2
            guard self.heap[index] < self.heap[parent] else { return }
            self.heap.swapAt(index, parent)
            index = parent
        }
    }

    private mutating func siftDown() {
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2]
            where child < self.heap.count && self.heap[child] < self.heap[least] {
                least = child
            }
            guard least != index else { return }
            self.heap.swapAt(index, least)
            index = least
        }
    }
}
