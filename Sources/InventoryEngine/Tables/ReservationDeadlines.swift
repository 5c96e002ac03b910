internal import ColumnStore
internal import InventoryModel

/// The expiry times of active reservations: a heap with the earliest on top.
///
///     top ▶ (12:00, 7)
///           /        \
///     (12:05, 3)   (12:01, 9)
///
/// A reservation that is closed or extended leaves a stale entry behind. Stale entries are removed when they
/// reach the top, and all of them once there are more than twice as many entries as reservations.
/// Derived from the table and rebuilt with it; not part of a read view.
struct ReservationDeadlines: Sendable {
    private struct Deadline: Comparable {
        var expiresAt: Instant
        var row: UInt32

        static func < (left: Self, right: Self) -> Bool {
            (left.expiresAt, left.row) < (right.expiresAt, right.row)
        }
    }

    private var heap: [Deadline] = []
    /// Active reservations.
    private(set) var openCount = 0
    /// When the next reservation is due; the end of time if there is none.
    private(set) var next = Instant(microseconds: .max)

    init() {}

    /// - Complexity: O(n log n) for n reservations
    init(for table: ReservationTable) {
        self.insert(rows: 1..<max(table.rowCount, 1), of: table)
    }

    /// Records the reservations in these rows, which are new.
    ///
    /// - Complexity: O(rows · log n)
    mutating func insert(rows: Range<Int>, of table: ReservationTable) {
        for row in rows where table.isOpen(row) { self.note(row, dueBefore: nil, in: table) }
    }

    /// Records that the reservation in `row` was created, changed or closed.
    ///
    /// `before` is when it was due until now; `nil` if it is new.
    /// - Complexity: O(log n) amortised
    mutating func note(_ row: Int, dueBefore before: Instant?, in table: ReservationTable) {
        let isActive = table.isOpen(row)
        self.openCount += (isActive ? 1 : 0) - (before == nil ? 0 : 1)
        let expiresAt = Instant(microseconds: table.expiresAt[row])
        if isActive, before != expiresAt {
            self.push(Deadline(expiresAt: expiresAt, row: UInt32(row)))
        }
        if self.heap.count > 2 * self.openCount + 64 {
            self.heap.removeAll { !Self.isCurrent($0, in: table) }
            self.heap.sort()
        }
        while let top = self.heap.first, !Self.isCurrent(top, in: table) { self.pop() }
        self.next = self.heap.first?.expiresAt ?? Instant(microseconds: .max)
    }

    /// The reservations due at `time`, at most `limit`, earliest first, ties by id.
    ///
    /// - Complexity: O(k log k) for k due entries.
    func due(at time: Instant, limit: Int, in table: ReservationTable) -> [ReservationID] {
        // The entries whose parents were removed: the smallest of them is the next of all.
        var frontier = self.heap.isEmpty ? [] : [0]
        var due: [ReservationID] = []
        while due.count < limit, let index = self.takeSmallest(&frontier) {
            let deadline = self.heap[index]
            guard deadline.expiresAt <= time else { break }
            for child in [2 * index + 1, 2 * index + 2] where child < self.heap.count {
                self.insert(child, into: &frontier)
            }
            let id = ReservationID(deadline.row)
            // Extended and back again: two entries are identical.
            if Self.isCurrent(deadline, in: table), due.last != id { due.append(id) }
        }
        return due
    }

    private static func isCurrent(_ deadline: Deadline, in table: ReservationTable) -> Bool {
        let row = Int(deadline.row)
        return table.isOpen(row) && table.expiresAt[row] == deadline.expiresAt.microseconds
    }

    // MARK: - The frontier, itself a heap of indices

    private func takeSmallest(_ frontier: inout [Int]) -> Int? {
        guard let smallest = frontier.first, let last = frontier.popLast() else { return nil }
        guard !frontier.isEmpty else { return smallest }
        var index = 0
        while true {
            var child = 2 * index + 1
            guard child < frontier.count else { break }
            if child + 1 < frontier.count,
                self.heap[frontier[child + 1]] < self.heap[frontier[child]]
            {
                child += 1
            }
            guard self.heap[frontier[child]] < self.heap[last] else { break }
            frontier[index] = frontier[child]
            index = child
        }
        frontier[index] = last
        return smallest
    }

    private func insert(_ entry: Int, into frontier: inout [Int]) {
        frontier.append(entry)
        var index = frontier.count - 1
        while index > 0 {
            let parent = (index - 1) / 2
            guard self.heap[entry] < self.heap[frontier[parent]] else { break }
            frontier[index] = frontier[parent]
            index = parent
        }
        frontier[index] = entry
    }

    // MARK: - The heap

    private mutating func push(_ deadline: Deadline) {
        self.heap.append(deadline)
        var index = self.heap.count - 1
        while index > 0 {
            let parent = (index - 1) / 2
            guard deadline < self.heap[parent] else { break }
            self.heap[index] = self.heap[parent]
            index = parent
        }
        self.heap[index] = deadline
    }

    private mutating func pop() {
        let last = self.heap.removeLast()
        guard !self.heap.isEmpty else { return }
        var index = 0
        while true {
            var child = 2 * index + 1
            guard child < self.heap.count else { break }
            if child + 1 < self.heap.count, self.heap[child + 1] < self.heap[child] { child += 1 }
            guard self.heap[child] < last else { break }
            self.heap[index] = self.heap[child]
            index = child
        }
        self.heap[index] = last
    }
}

extension ReservationDeadlines {
    /// Stops the process unless every active reservation is in the heap, and the earliest on top.
    ///
    /// - Complexity: O(n log n)
    func checkInvariants(for table: ReservationTable) {
        for index in 1..<max(self.heap.count, 1) {
            let parent = self.heap[(index - 1) / 2]
            precondition(!(self.heap[index] < parent), "entry \(index) is earlier than its parent")
        }
        let current = Set(self.heap.filter { Self.isCurrent($0, in: table) }.map(\.row))
        let active = Set((1..<max(table.rowCount, 1)).filter(table.isOpen).map { UInt32($0) })
        precondition(current == active, "\(current.count) of \(active.count) reservations are due")
        precondition(self.openCount == active.count, "\(self.openCount) open, not \(active.count)")
        let next = active.map { table.expiresAt[Int($0)] }.min() ?? .max
        precondition(self.next.microseconds == next, "next at \(self.next), not \(next)")
    }
}
