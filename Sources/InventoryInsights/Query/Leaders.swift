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
