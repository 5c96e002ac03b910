/// A key of a ``ShardedMap``.
public protocol ShardedKey: Hashable, Sendable {
    /// A number that is the same for equal keys and differs for most others; it need not be random.
    var spreadNumber: UInt64 { get }
}

extension Int: ShardedKey {
    /// The number itself.
    @inlinable public var spreadNumber: UInt64 { UInt64(bitPattern: Int64(self)) }
}

extension String: ShardedKey {
    /// The hash, which strings share that are equal, however they are composed.
    @inlinable public var spreadNumber: UInt64 { UInt64(bitPattern: Int64(self.hashValue)) }
}

/// A map in shards that grow independently, so that no insertion moves many entries.
///
///     key ──▶ shard, 1 of 1,024, by its number ──▶ dictionary
///
/// For what few rows have. A `Dictionary` of them would move all of its entries when it grows. It is not part of
/// a read view: one writer owns it.
public struct ShardedMap<Key: ShardedKey, Value: Sendable>: Sendable {
    /// The number of shards.
    @inlinable public static var shardCount: Int { 1_024 }

    @usableFromInline var shards = [[Key: Value]](repeating: [:], count: Self.shardCount)
    @usableFromInline var entryCount = 0

    /// Creates an empty map.
    public init() {}

    /// The number of entries.
    @inlinable public var count: Int { self.entryCount }

    /// Whether there are no entries.
    @inlinable public var isEmpty: Bool { self.entryCount == 0 }

    /// Numbers at a regular distance are spread as well.
    @inlinable @inline(__always)
    static func shard(_ key: Key) -> Int {
        let spread = key.spreadNumber &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: spread >> 54)
    }

    /// The value of a key; `nil` if it has none.
    ///
    /// - Complexity: O(1) on average; a new entry is O(entries of a shard) if it grows one
    @inlinable
    public subscript(key: Key) -> Value? {
        get { self.entryCount == 0 ? nil : self.shards[Self.shard(key)][key] }
        set {
            let shard = Self.shard(key)
            let before = self.shards[shard].count
            self.shards[shard][key] = newValue
            self.entryCount += self.shards[shard].count - before
        }
    }

    /// The value of a key, which is added with the default value before it is changed.
    ///
    /// - Complexity: O(1) on average; a new entry is O(entries of a shard) if it grows one
    @inlinable
    public subscript(key: Key, default value: @autoclosure () -> Value) -> Value {
        get { self[key] ?? value() }
        _modify {
            let shard = Self.shard(key)
            let before = self.shards[shard].count
            defer { self.entryCount += self.shards[shard].count - before }
            yield &self.shards[shard][key, default: value()]
        }
    }

    /// Calls `body` with each entry, in no particular order.
    ///
    /// - Complexity: O(entries + ``shardCount``)
    public func forEach(_ body: (Key, Value) -> Void) {
        if self.isEmpty { return }
        for shard in self.shards where !shard.isEmpty {
            for (key, value) in shard { body(key, value) }
        }
    }

    /// The most entries of a shard: what a single insertion can move.
    ///
    /// - Complexity: O(``shardCount``)
    public var largestShardCount: Int { self.shards.reduce(0) { max($0, $1.count) } }

    /// Stops the process unless each key is in its shard, and the entries are as many as counted.
    ///
    /// - Complexity: O(entries)
    public func checkInvariants() {
        var count = 0
        self.shards.withUnsafeBufferPointer { shards in
            for index in shards.indices where !shards[index].isEmpty {
                count += shards[index].count
                for key in shards[index].keys {
                    precondition(Self.shard(key) == index, "key \(key) is in shard \(index)")
                }
            }
        }
        precondition(count == self.count, "\(count) entries are in the shards, not \(self.count)")
    }
}

extension ShardedMap: Equatable where Value: Equatable {
    /// Returns whether both have the same entries.
    public static func == (left: Self, right: Self) -> Bool {
        left.count == right.count && (left.isEmpty || left.shards == right.shards)
    }
}
