/// A map from row numbers to values, in shards that grow independently, so that no insertion moves many entries.
///
///     row ──▶ shard, 1 of 1,024, by its hash ──▶ dictionary
///
/// For what few rows have. A `Dictionary` of them would move all of its entries when it grows. It is not part of
/// a read view: one writer owns it.
public struct ShardedMap<Value: Sendable>: Sendable {
    /// The number of shards.
    public static var shardCount: Int { 1_024 }

    private var shards = [[Int: Value]](repeating: [:], count: Self.shardCount)
    /// The number of entries.
    public private(set) var count = 0

    /// Creates an empty map.
    public init() {}

    /// Rows at a regular distance are spread as well.
    private static func shard(_ row: Int) -> Int {
        let spread = UInt64(truncatingIfNeeded: row) &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: spread >> 54)
    }

    /// The value of a row; `nil` if it has none.
    ///
    /// - Complexity: O(1) on average; a new entry is O(entries of a shard) if it grows one
    public subscript(row: Int) -> Value? {
        get { self.count == 0 ? nil : self.shards[Self.shard(row)][row] }
        set {
            let shard = Self.shard(row)
            let before = self.shards[shard].count
            self.shards[shard][row] = newValue
            self.count += self.shards[shard].count - before
        }
    }

    /// The value of a row, which is added with the default value before it is changed.
    ///
    /// - Complexity: O(1) on average; a new entry is O(entries of a shard) if it grows one
    public subscript(row: Int, default value: @autoclosure () -> Value) -> Value {
        get { self[row] ?? value() }
        _modify {
            let shard = Self.shard(row)
            let before = self.shards[shard].count
            defer { self.count += self.shards[shard].count - before }
            yield &self.shards[shard][row, default: value()]
        }
    }

    /// The most entries of a shard: what a single insertion can move.
    ///
    /// - Complexity: O(``shardCount``)
    public var largestShardCount: Int { self.shards.reduce(0) { max($0, $1.count) } }

    /// Stops the process unless each row is in its shard, and the entries are as many as counted.
    ///
    /// - Complexity: O(entries)
    public func checkInvariants() {
        var count = 0
        self.shards.withUnsafeBufferPointer { shards in
            for index in shards.indices where !shards[index].isEmpty {
                count += shards[index].count
                for row in shards[index].keys {
                    precondition(Self.shard(row) == index, "row \(row) is in shard \(index)")
                }
            }
        }
        precondition(count == self.count, "\(count) entries are in the shards, not \(self.count)")
    }
}

extension ShardedMap: Equatable where Value: Equatable {}
