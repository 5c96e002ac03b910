/// The difference between two tables: rows to remove, then rows to insert.
///
///     was    A B C D E         removed   0  3          (A and D)
///     is     B C A' E F        inserted  2  4          (A' and F)
///
/// A changed row is removed and inserted at its new position. Therefore a difference need not describe the
/// result's order: applying it yields the new rows in their order. Unchanged rows are never in it.
public struct ResultDifference: Hashable, Sendable {
    /// Indices of removed rows in the old table, ascending.
    public var removed: [Int]
    /// Indices of ``rows`` in the new table, ascending.
    public var inserted: [Int]
    /// The inserted rows; as many as ``inserted``.
    public var rows: ResultTable

    /// Creates a difference.
    ///
    /// - Parameters:
    ///   - removed: The indices of the rows that are removed.
    ///   - inserted: The indices that the inserted rows have, one for each.
    ///   - rows: The inserted rows.
    public init(removed: [Int], inserted: [Int], rows: ResultTable) {
        precondition(
            inserted.count == rows.rowCount,
            "\(inserted.count) indices for \(rows.rowCount) rows"
        )
        self.removed = removed
        self.inserted = inserted
        self.rows = rows
    }

    /// Whether the tables are equal.
    public var isEmpty: Bool { self.removed.isEmpty && self.inserted.isEmpty }

    /// Computes the smallest difference between two tables.
    ///
    /// - Parameters:
    ///   - old: The table before.
    ///   - new: The table after, which has the same columns.
    /// - Complexity: O(n log n) of the rows between the first and the last that differ.
    public init(from old: ResultTable, to new: ResultTable) {
        precondition(old.schema == new.schema, "tables with different columns")
        let limit = min(old.rowCount, new.rowCount)
        var head = 0
        while head < limit, old.hasRow(head, equalTo: head, of: new) { head += 1 }
        var tail = 0
        while tail < limit - head,
            old.hasRow(old.rowCount - 1 - tail, equalTo: new.rowCount - 1 - tail, of: new)
        { tail += 1 }
        let was = head..<(old.rowCount - tail)
        let now = head..<(new.rowCount - tail)
        let unchanged = Self.unchanged(was, of: old, now, of: new)
        var isUnchanged = Array(repeating: false, count: was.count)
        for pair in unchanged { isUnchanged[pair.old - head] = true }
        self.removed = was.filter { !isUnchanged[$0 - head] }
        isUnchanged = Array(repeating: false, count: now.count)
        for pair in unchanged { isUnchanged[pair.new - head] = true }
        self.inserted = now.filter { !isUnchanged[$0 - head] }
        self.rows = new.rows(self.inserted)
    }

    /// An unchanged row: its index in the old and in the new table.
    private struct Pair {
        var old: Int
        var new: Int
    }

    /// Returns the longest list of rows that both tables have in the same order.
    private static func unchanged(
        _ was: Range<Int>,
        of old: ResultTable,
        _ now: Range<Int>,
        of new: ResultTable
    ) -> [Pair] {
        if was.isEmpty || now.isEmpty { return [] }
        var rowByHash: [Int: Int] = [:]
        rowByHash.reserveCapacity(was.count)
        for row in was { rowByHash[old.hash(ofRow: row)] = row }
        var pairs: [Pair] = []
        for row in now {
            guard let oldRow = rowByHash[new.hash(ofRow: row)],
                old.hasRow(oldRow, equalTo: row, of: new)
            else { continue }
            pairs.append(Pair(old: oldRow, new: row))
        }
        return Self.longestAscending(pairs)
    }

    /// Returns the longest subsequence of pairs whose old indices ascend.
    private static func longestAscending(_ pairs: [Pair]) -> [Pair] {
        var isAscending = true
        for index in pairs.indices.dropFirst() where pairs[index].old <= pairs[index - 1].old {
            isAscending = false
        }
        if isAscending { return pairs }
        // `ends[n]`: the pair with the smallest old index that ends a subsequence of n + 1.
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

    /// Returns the new table, or `nil` if the difference does not fit `old`.
    ///
    /// - Complexity: O(rows · columns)
    public func applied(to old: ResultTable) -> ResultTable? {
        let count = old.rowCount - self.removed.count + self.inserted.count
        guard self.rows.schema == old.schema, count >= self.inserted.count,
            Self.isAscending(self.removed, below: old.rowCount),
            Self.isAscending(self.inserted, below: count)
        else { return nil }
        var source = ResultTable(old.schema)
        source.append(contentsOf: old)
        source.append(contentsOf: self.rows)
        var indices: [Int] = []
        indices.reserveCapacity(count)
        var remaining = self.removed[...]
        var (next, added) = (0, 0)
        for index in 0..<count {
            if added < self.inserted.count, self.inserted[added] == index {
                indices.append(old.rowCount + added)
                added += 1
                continue
            }
            while let first = remaining.first, first == next {
                remaining.removeFirst()
                next += 1
            }
            indices.append(next)
            next += 1
        }
        return source.rows(indices)
    }

    /// Returns the removed rows of `old` whose key, its first columns, is not inserted again.
    public func left(of old: ResultTable, keyColumnCount: Int) -> ResultTable {
        func key(_ table: ResultTable, _ row: Int) -> [ResultCell] {
            (0..<keyColumnCount).map { table.cell(row, $0) }
        }
        let stays = Set((0..<self.rows.rowCount).map { key(self.rows, $0) })
        return old.rows(self.removed.filter { !stays.contains(key(old, $0)) })
    }

    private static func isAscending(_ rows: [Int], below count: Int) -> Bool {
        for index in rows.indices.dropFirst() where rows[index] <= rows[index - 1] {
            return false
        }
        guard let first = rows.first, let last = rows.last else { return true }
        return first >= 0 && last < count
    }
}
