internal import Bytes
internal import Glibc

/// An index from keys to rows: open addressing over the keys stored in a ``TextColumn``.
///
/// A slot has 8 bytes: half of the key's hash, and the row. A look-up compares bytes only if the hash
/// matches, so it costs one probe of the table and one of the string. Rows are above 0; keys are
/// unique. It is not part of a read view: one writer owns it.
///
///     slot   [ 32 bits of the hash | row ]      see ``ProbedSlots``
public struct KeyIndex: Sendable {
    /// Hash bits in the upper half, row in the lower; 0 is free.
    private var slots: [UInt64]
    /// The number of keys.
    public private(set) var count = 0

    /// Creates an empty index with 16 slots.
    public init() { self.slots = [UInt64](repeating: 0, count: 16) }

    /// Creates an empty index with capacity for `count` keys.
    public init(capacity count: Int) {
        var slots = 16
        while count * 4 > slots * 3 { slots *= 2 }
        self.slots = [UInt64](repeating: 0, count: slots)
    }

    private var mask: Int { self.slots.count - 1 }

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
        self.slot(of: key, hash: hash, in: strings)
            .map { UInt32(truncatingIfNeeded: self.slots[$0]) }
    }

    /// Prefetches the first slot of the search for a key, before a look-up.
    public func prefetch(_ key: UnsafeRawBufferPointer) { self.prefetch(hash: Self.hash(key)) }

    /// Prefetches the first slot of the search for a key with that ``hash(_:)``.
    public func prefetch(hash: UInt64) {
        let slot = self.home(hash)
        self.slots.withUnsafeBufferPointer { slots in
            guard let base = slots.baseAddress else { return }
            Prefetch.begin(base + slot)
        }
    }

    /// Returns the part of a key's hash that a slot stores, in its upper half.
    ///
    /// Batch look-ups compute the hashes of all keys before the first search.
    public static func hash(_ key: UnsafeRawBufferPointer) -> UInt64 {
        Hash64.hash(key) & ~0xFFFF_FFFF
    }

    /// Returns the first slot of the search for a key, by its hash or by the slot's content.
    @inline(__always)
    private func home(_ hash: UInt64) -> Int { ProbedSlots.home(hash, mask: self.mask) }

    private func slot(
        of key: UnsafeRawBufferPointer,
        hash: UInt64,
        in strings: TextColumn
    ) -> Int? {
        var slot = self.home(hash)
        while self.slots[slot] != 0 {
            if self.holds(key, hash: hash, at: slot, in: strings) { return slot }
            slot = (slot + 1) & self.mask
        }
        return nil
    }

    private static func areEqual(
        _ a: UnsafeRawBufferPointer,
        _ b: UnsafeRawBufferPointer
    ) -> Bool {
        guard a.count == b.count else { return false }
        guard let first = a.baseAddress, let second = b.baseAddress else { return a.isEmpty }
        return memcmp(first, second, a.count) == 0
    }

    /// Adds the key in `row` of `strings`, which must not exist yet.
    public mutating func insert(row: UInt32, in strings: TextColumn) {
        self.insert(row: row, hash: strings.withUTF8(Int(row)) { Self.hash($0) }, in: strings)
    }

    /// Does the same as ``insert(row:in:)`` for a key whose ``hash(_:)`` is known.
    public mutating func insert(row: UInt32, hash: UInt64, in strings: TextColumn) {
        precondition(row > 0, "row 0 cannot be indexed")
        self.reserve(1)
        strings.withUTF8(Int(row)) { bytes in
            var slot = self.home(hash)
            while self.slots[slot] != 0 {
                precondition(
                    !self.holds(bytes, hash: hash, at: slot, in: strings),
                    "the key of row \(row) already exists"
                )
                slot = (slot + 1) & self.mask
            }
            self.slots[slot] = hash | UInt64(row)
        }
        self.count += 1
    }

    /// Returns the row whose string has the UTF-8 bytes `key`, or inserts the key for `row`.
    ///
    /// The caller then stores the key as the string of `row`. One search replaces two.
    ///
    /// - Returns: `nil` if the key was inserted.
    /// - Complexity: O(1) amortised, on average.
    public mutating func findOrInsert(
        _ key: UnsafeRawBufferPointer,
        row: UInt32,
        in strings: TextColumn
    ) -> UInt32? {
        precondition(row > 0, "row 0 cannot be indexed")
        if (self.count + 1) * 4 > self.slots.count * 3 { self.grow() }
        let hash = Self.hash(key)
        var slot = self.home(hash)
        while self.slots[slot] != 0 {
            if self.holds(key, hash: hash, at: slot, in: strings) {
                return UInt32(truncatingIfNeeded: self.slots[slot])
            }
            slot = (slot + 1) & self.mask
        }
        self.slots[slot] = hash | UInt64(row)
        self.count += 1
        return nil
    }

    private func holds(
        _ key: UnsafeRawBufferPointer,
        hash: UInt64,
        at slot: Int,
        in strings: TextColumn
    ) -> Bool {
        let stored = self.slots[slot]
        return stored >> 32 == hash >> 32
            && strings.withUTF8(Int(stored & 0xFFFF_FFFF)) { Self.areEqual($0, key) }
    }

    /// Reserves capacity for `count` more keys: inserting them does not grow the table.
    ///
    /// - Complexity: O(keys) if it grows, which is amortised.
    public mutating func reserve(_ count: Int) {
        while (self.count + count) * 4 > self.slots.count * 3 { self.grow() }
    }

    private mutating func grow() {
        self.slots = ProbedSlots.resized(self.slots, to: self.slots.count * 2)
    }

    /// Removes the key in `row` of `strings`, which must exist.
    ///
    /// It leaves no tombstone: see ``ProbedSlots/free(_:of:)``.
    public mutating func remove(row: UInt32, in strings: TextColumn) {
        let found = strings.withUTF8(Int(row)) { bytes in
            self.slot(of: bytes, hash: Self.hash(bytes), in: strings)
        }
        guard let found, UInt32(truncatingIfNeeded: self.slots[found]) == row else {
            preconditionFailure("row \(row) is not in the index")
        }
        ProbedSlots.free(found, of: &self.slots)
        self.count -= 1
    }
}
