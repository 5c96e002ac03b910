internal import ColumnStore
internal import InventoryModel

/// The expiry times of active reservations: heaps of the reservations of a shard, and over them the earliest of
/// all.
///
///     row ──▶ shard, 1 of 1,024 ──▶ heap ──▶ its earliest ─┐
///                                   heap ──▶ its earliest ─┴▶ the earlier one ─ … ─▶ next
///
/// A reservation that is closed or extended leaves a stale entry behind. Stale entries are removed when they
/// reach the top of their heap, and all of a heap once it has more than twice as many entries as reservations.
/// A change moves entries of one heap only, so that none takes long, however many reservations there are.
///
/// Derived from the table and rebuilt with it; not part of a read view.
struct ReservationDeadlines: Sendable {
    private static let shardCount = 1_024

    /// When a reservation expires, ordered by time, ties by id.
    private struct Deadline: Comparable {
        var expiresAt: Instant
        /// The reservation's row in its table.
        var row: UInt32

        static func < (left: Self, right: Self) -> Bool {
            (left.expiresAt, left.row) < (right.expiresAt, right.row)
        }
    }

    /// A deadline, and where it is.
    private struct Place: Comparable {
        var deadline: Deadline
        var shard: Int
        var index: Int

        static func < (left: Self, right: Self) -> Bool { left.deadline < right.deadline }
    }

    private struct Shard: Sendable {
        var heap = MinHeap<Deadline>()
        /// Active reservations.
        var openCount = 0
    }

    private var shards = [Shard](repeating: Shard(), count: Self.shardCount)
    /// A tree of the earliest times: node 1 is the root, 2n and 2n + 1 are below n, and the last half are the
    /// shards'.
    private var earliest = [Instant](repeating: .never, count: 2 * Self.shardCount)
    /// Active reservations.
    private(set) var openCount = 0
    /// When the next reservation is due; the end of time if there is none.
    var next: Instant { self.earliest[1] }

    /// The most entries that a change can move.
    ///
    /// - Complexity: O(shards)
    var largestShardCount: Int { self.shards.reduce(0) { max($0, $1.heap.count) } }

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
    /// - Complexity: O(log n) amortised; O(entries of a shard) if it removes the stale ones of one
    mutating func note(_ row: Int, dueBefore before: Instant?, in table: ReservationTable) {
        let isActive = table.isOpen(row)
        let difference = (isActive ? 1 : 0) - (before == nil ? 0 : 1)
        self.openCount += difference
        let expiresAt = Instant(microseconds: table.expiresAt[row])
        let index = row % Self.shardCount
        self.shards[index].openCount += difference
        if isActive, before != expiresAt {
            self.shards[index].heap.push(Deadline(expiresAt: expiresAt, row: UInt32(row)))
        }
        self.removeStale(index, in: table)
        self.setEarliest(self.shards[index].heap.top?.expiresAt ?? .never, ofShard: index)
    }

    private mutating func removeStale(_ index: Int, in table: ReservationTable) {
        if self.shards[index].heap.count > 2 * self.shards[index].openCount + 8 {
            self.shards[index].heap.removeAll { !Self.isCurrent($0, in: table) }
        }
        while let top = self.shards[index].heap.top, !Self.isCurrent(top, in: table) {
            self.shards[index].heap.pop()
        }
    }

    private mutating func setEarliest(_ instant: Instant, ofShard index: Int) {
        var node = Self.shardCount + index
        self.earliest[node] = instant
        while node > 1 {
            node /= 2
            self.earliest[node] = min(self.earliest[2 * node], self.earliest[2 * node + 1])
        }
    }

    /// The reservations due at `time`, at most `limit`, earliest first, ties by id.
    ///
    /// - Complexity: O(shards + k log k) for k due entries.
    func due(at time: Instant, limit: Int, in table: ReservationTable) -> [ReservationID] {
        guard self.next <= time else { return [] }
        // The entries whose parents were removed: the smallest of them is the next of all.
        var frontier = MinHeap<Place>()
        for shard in 0..<Self.shardCount where self.earliest[Self.shardCount + shard] <= time {
            frontier.push(self.place(0, inShard: shard))
        }
        var due: [ReservationID] = []
        while due.count < limit, let place = frontier.pop(), place.deadline.expiresAt <= time {
            for child in self.shards[place.shard].heap.children(of: place.index) {
                frontier.push(self.place(child, inShard: place.shard))
            }
            let id = ReservationID(place.deadline.row)
            // Extended and back again: two entries are identical.
            if Self.isCurrent(place.deadline, in: table), due.last != id { due.append(id) }
        }
        return due
    }

    private func place(_ index: Int, inShard shard: Int) -> Place {
        Place(deadline: self.shards[shard].heap[index], shard: shard, index: index)
    }

    private static func isCurrent(_ deadline: Deadline, in table: ReservationTable) -> Bool {
        let row = Int(deadline.row)
        return table.isOpen(row) && table.expiresAt[row] == deadline.expiresAt.microseconds
    }
}

extension ReservationDeadlines {
    /// Stops the process unless every active reservation is in the heap of its shard, and the earliest is next.
    ///
    /// - Complexity: O(n log n)
    func checkInvariants(for table: ReservationTable) {
        var current: Set<UInt32> = []
        var openCount = 0
        // Most shards of a small table are empty.
        for (index, shard) in self.shards.enumerated() where shard.heap.count > 0 {
            shard.heap.checkInvariants()
            openCount += shard.openCount
            var own: Set<UInt32> = []
            for entry in 0..<shard.heap.count where Self.isCurrent(shard.heap[entry], in: table) {
                own.insert(shard.heap[entry].row)
            }
            precondition(own.count == shard.openCount, "\(own.count) of \(shard.openCount) are due")
            precondition(own.allSatisfy { Int($0) % Self.shardCount == index }, "shard \(index)")
            current.formUnion(own)
        }
        let active = Set((1..<max(table.rowCount, 1)).filter(table.isOpen).map { UInt32($0) })
        precondition(openCount == self.openCount, "\(openCount) open in the shards")
        precondition(current == active, "\(current.count) of \(active.count) reservations are due")
        precondition(self.openCount == active.count, "\(self.openCount) open, not \(active.count)")
        let next = active.map { table.expiresAt[Int($0)] }.min() ?? Instant.never.microseconds
        precondition(self.next.microseconds == next, "next at \(self.next), not \(next)")
    }
}

extension Instant {
    /// The end of time.
    fileprivate static let never = Instant(microseconds: .max)
}
