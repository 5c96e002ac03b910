internal import Bytes
internal import Glibc

/// An index from keys to rows: open addressing over the keys stored in a ``TextColumn``.
///
/// A slot has 8 bytes: half of the key's hash, and the row. A look-up compares bytes only if the hash
/// matches, so it costs one probe of the table and one of the string. Rows are above 0; keys are
/// unique. It grows shard by shard, and is not part of a read view: see ``ProbedShards``.
public struct KeyIndex: Sendable {
    private var rows = ProbedShards()

    /// Creates an empty index.
    public init() {}

    /// The number of keys.
    public var count: Int { self.rows.count }

    /// Returns the row whose string is `key`, or `nil`.
    ///
    /// - Complexity: O(1) on average.
    public func find(_ key: String, in strings: TextColumn) -> UInt32? {
        var key = key
        return key.withUTF8 { self.find(UnsafeRawBufferPointer($0), in: strings) }
    }

    /// Returns the row whose string has the UTF-8 bytes `key`, or `nil`.
    ///
    /// - Complexity: O(1) on average.
    public func find(_ key: UnsafeRawBufferPointer, in strings: TextColumn) -> UInt32? {
        self.find(key, hash: Self.hash(key), in: strings)
    }

    /// Does the same as `find(_:in:)` for a key whose ``hash(_:)`` is known.
    public func find(
        _ key: UnsafeRawBufferPointer,
        hash: UInt64,
        in strings: TextColumn
    ) -> UInt32? {
        self.rows.find(hash) { row in strings.withUTF8(Int(row)) { Self.areEqual($0, key) } }
    }

    /// Prefetches the first slot of the search for a key, before a look-up.
    public func prefetch(_ key: UnsafeRawBufferPointer) { self.prefetch(hash: Self.hash(key)) }

    /// Prefetches the first slot of the search for a key with that ``hash(_:)``.
    public func prefetch(hash: UInt64) { self.rows.prefetch(hash) }

    /// Returns the hash of a key.
    ///
    /// Batch look-ups compute the hashes of all keys before the first search.
    public static func hash(_ key: UnsafeRawBufferPointer) -> UInt64 { Hash64.hash(key) }

    private static func areEqual(
        _ a: UnsafeRawBufferPointer,
        _ b: UnsafeRawBufferPointer
    ) -> Bool {
        guard a.count == b.count else { return false }
        guard let first = a.baseAddress, let second = b.baseAddress else { return a.isEmpty }
        return memcmp(first, second, a.count) == 0
    }

    /// Adds a key, which must not exist yet.
    ///
    /// - Parameters:
    ///   - row: The row of the key.
    ///   - strings: The column that has it.
    public mutating func insert(row: UInt32, in strings: TextColumn) {
        self.insert(row: row, hash: strings.withUTF8(Int(row)) { Self.hash($0) }, in: strings)
    }

    /// Does the same as ``insert(row:in:)`` for a key whose ``hash(_:)`` is known.
    public mutating func insert(row: UInt32, hash: UInt64, in strings: TextColumn) {
        strings.withUTF8(Int(row)) { bytes in
            precondition(
                self.find(bytes, hash: hash, in: strings) == nil,
                "the key of row \(row) already exists"
            )
        }
        self.rows.insert(row, hash: hash)
    }

    /// Returns the row whose string has the UTF-8 bytes `key`, or inserts the key for `row`.
    ///
    /// The caller then stores the key as the string of `row`.
    ///
    /// - Returns: `nil` if the key was inserted.
    /// - Complexity: O(1) amortised, on average.
    public mutating func findOrInsert(
        _ key: UnsafeRawBufferPointer,
        row: UInt32,
        in strings: TextColumn
    ) -> UInt32? {
        let hash = Self.hash(key)
        if let known = self.find(key, hash: hash, in: strings) { return known }
        self.rows.insert(row, hash: hash)
        return nil
    }

    /// Removes a key, which must exist.
    ///
    /// - Parameters:
    ///   - row: The row of the key.
    ///   - strings: The column that has it.
    public mutating func remove(row: UInt32, in strings: TextColumn) {
        let hash = strings.withUTF8(Int(row)) { Self.hash($0) }
        self.rows.remove(row, hash: hash)
    }

    /// The most slots that a single insertion or removal can move.
    ///
    /// - Complexity: O(``ProbedShards/shardCount``)
    public var largestSlotCount: Int { self.rows.largestSlotCount }

    /// Stops the process unless the slots of each shard are in order.
    ///
    /// - Complexity: O(slots)
    public func checkInvariants() { self.rows.checkInvariants() }
}
