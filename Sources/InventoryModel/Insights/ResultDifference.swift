/// What makes one table out of another: rows to take out, then rows to put in.
///
///     was    A B C D E         removed   0  3          (A and D)
///     is     B C A' E F        inserted  2  4          (A' and F)
///
/// A row that changed is taken out and put in again where it now belongs, so the order of the
/// result needs no telling: whoever applies a difference has the rows as they are, in their order.
/// Rows that did not change are never in it.
public struct ResultDifference: Hashable, Sendable {
    /// Rows of the table as it was, ascending.
    public var removed: [Int]
    /// Where ``rows`` stand in the table as it is, ascending.
    public var inserted: [Int]
    public var rows: ResultTable

    public init(removed: [Int], inserted: [Int], rows: ResultTable) {
        precondition(
            inserted.count == rows.rowCount,
            "\(inserted.count) places for \(rows.rowCount) rows"
        )
        self.removed = removed
        self.inserted = inserted
        self.rows = rows
    }

    public var isEmpty: Bool { self.removed.isEmpty && self.inserted.isEmpty }

    /// What makes `new` out of `old`, which has the same columns: as few rows as possible.
    ///
    /// - Complexity: O(n log n) of the rows between the first and the last that differ.
    public init(from old: ResultTable, to new: ResultTable) {
        precondition(old.schema == new.schema, "tables of other columns")
        let limit = min(old.rowCount, new.rowCount)
        var head = 0
        while head < limit, old.hasRow(head, equalTo: head, of: new) { head += 1 }
        var tail = 0
        while tail < limit - head,
            old.hasRow(old.rowCount - 1 - tail, equalTo: new.rowCount - 1 - tail, of: new)
        { tail += 1 }
        let was = head..<(old.rowCount - tail)
        let now = head..<(new.rowCount - tail)
        let kept = Self.kept(was, of: old, now, of: new)
        var isKept = Array(repeating: false, count: was.count)
        for pair in kept { isKept[pair.old - head] = true }
        self.removed = was.filter { !isKept[$0 - head] }
        isKept = Array(repeating: false, count: now.count)
        for pair in kept { isKept[pair.new - head] = true }
        self.inserted = now.filter { !isKept[$0 - head] }
        self.rows = new.rows(self.inserted)
    }

    /// A row that stays, where it was and where it is.
    private struct Pair {
        var old: Int
        var new: Int
    }

    /// The most rows that are in both tables in the same order.
    private static func kept(
        _ was: Range<Int>,
        of old: ResultTable,
        _ now: Range<Int>,
        of new: ResultTable
    ) -> [Pair] {
        if was.isEmpty || now.isEmpty { return [] }
        var places: [Int: Int] = [:]
        places.reserveCapacity(was.count)
        for row in was { places[old.hash(ofRow: row)] = row }
        var pairs: [Pair] = []
        for row in now {
            guard let place = places[new.hash(ofRow: row)],
                old.hasRow(place, equalTo: row, of: new)
            else { continue }
            pairs.append(Pair(old: place, new: row))
        }
        return Self.longestRising(pairs)
    }

    /// The longest run of pairs, not necessarily neighbours, whose old places rise.
    private static func longestRising(_ pairs: [Pair]) -> [Pair] {
        var isRising = true
        for index in pairs.indices.dropFirst() where pairs[index].old <= pairs[index - 1].old {
            isRising = false
        }
        if isRising { return pairs }
        // `ends[n]`: the pair with the smallest old place that a run of n + 1 can end with.
        var ends: [Int] = []
        var before = Array(repeating: -1, count: pairs.count)
        for index in pairs.indices {
            var low = 0
            var high = ends.count
            while low < high {
                let middle = (low + high) / 2
                if pairs[ends[middle]].old < pairs[index].old {
                    low = middle + 1
                } else {
                    high = middle
                }
            }
            if low > 0 { before[index] = ends[low - 1] }
            if low == ends.count { ends.append(index) } else { ends[low] = index }
        }
        var run: [Pair] = []
        var next = ends.last ?? -1
        while next >= 0 {
            run.append(pairs[next])
            next = before[next]
        }
        return run.reversed()
    }

    // MARK: - Applying

    /// The table that it makes; nothing if it is not one of that table.
    ///
    /// - Complexity: O(rows · columns)
    public func applied(to old: ResultTable) -> ResultTable? {
        let count = old.rowCount - self.removed.count + self.inserted.count
        guard self.rows.schema == old.schema, count >= self.inserted.count,
            Self.isRising(self.removed, below: old.rowCount),
            Self.isRising(self.inserted, below: count)
        else { return nil }
        var source = ResultTable(old.schema)
        source.append(contentsOf: old)
        source.append(contentsOf: self.rows)
        var places: [Int] = []
        places.reserveCapacity(count)
        var gone = self.removed[...]
        var (next, added) = (0, 0)
        for place in 0..<count {
            if added < self.inserted.count, self.inserted[added] == place {
                places.append(old.rowCount + added)
                added += 1
                continue
            }
            while let first = gone.first, first == next {
                gone.removeFirst()
                next += 1
            }
            places.append(next)
            next += 1
        }
        return source.rows(places)
    }

    /// The rows taken out of a table whose key, the first columns, is not put in again.
    public func left(of old: ResultTable, keyColumnCount: Int) -> ResultTable {
        func key(_ table: ResultTable, _ row: Int) -> [ResultCell] {
            (0..<keyColumnCount).map { table.cell(row, $0) }
        }
        let stays = Set((0..<self.rows.rowCount).map { key(self.rows, $0) })
        return old.rows(self.removed.filter { !stays.contains(key(old, $0)) })
    }

    private static func isRising(_ rows: [Int], below count: Int) -> Bool {
        for index in rows.indices.dropFirst() where rows[index] <= rows[index - 1] {
            return false
        }
        guard let first = rows.first, let last = rows.last else { return true }
        return first >= 0 && last < count
    }
}
