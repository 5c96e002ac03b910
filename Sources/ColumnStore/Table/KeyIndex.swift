internal import Bytes
internal import Glibc

/// Finds the row of a key: open addressing over the keys where they lie, in a ``TextColumn``.
///
/// A slot is 8 bytes: half of the key's hash, and the row. A look-up compares bytes only where the
/// hash agrees, so it costs one probe of the table and one of the text. Rows are above 0; no key is
/// in twice. Not part of a read view: one writer owns it.
///
///     slot   [ 32 bits of the hash | row ]      as ``ProbedSlots`` has them
public struct KeyIndex: Sendable {
    /// hash bits in the upper half, row in the lower; 0 is free.
    private var slots: [UInt64]
    public private(set) var count = 0

    public init() { self.slots = [UInt64](repeating: 0, count: 16) }

    /// Has room for `count` keys before it grows.
    public init(capacity count: Int) {
        var slots = 16
        while count * 4 > slots * 3 { slots *= 2 }
        self.slots = [UInt64](repeating: 0, count: slots)
    }

    private var mask: Int { self.slots.count - 1 }

    /// The row whose text is `key`.
    ///
    /// - Complexity: O(1) on average.
    public func find(_ key: String, in texts: TextColumn) -> UInt32? {
        var key = key
        return key.withUTF8 { self.find(UnsafeRawBufferPointer($0), in: texts) }
    }

    /// The row whose text has the UTF-8 bytes `key`.
    ///
    /// - Complexity: O(1) on average.
    public func find(_ key: UnsafeRawBufferPointer, in texts: TextColumn) -> UInt32? {
        self.find(key, hash: Self.hash(key), in: texts)
    }

    /// `find(_:in:)` of a key whose ``hash(_:)`` is known.
    public func find(
        _ key: UnsafeRawBufferPointer,
        hash: UInt64,
        in texts: TextColumn
    ) -> UInt32? {
        self.slot(of: key, hash: hash, in: texts)
            .map { UInt32(truncatingIfNeeded: self.slots[$0]) }
    }

    /// Asks for the memory where the search for a key begins, that is made soon.
    public func prefetch(_ key: UnsafeRawBufferPointer) { self.prefetch(hash: Self.hash(key)) }

    /// Asks for the memory where the search for a key of that ``hash(_:)`` begins.
    public func prefetch(hash: UInt64) {
        let slot = self.home(hash)
        self.slots.withUnsafeBufferPointer { slots in
            guard let base = slots.baseAddress else { return }
            Prefetch.begin(base + slot)
        }
    }

    /// The part of a key's hash that a slot keeps, in its upper half.
    ///
    /// For those who look for many keys: it can be had of all of them before the first is looked for.
    public static func hash(_ key: UnsafeRawBufferPointer) -> UInt64 {
        Hash64.hash(key) & ~0xFFFF_FFFF
    }

    /// Where the search for a key begins, by its hash or by what a slot keeps of it.
    @inline(__always)
    private func home(_ hash: UInt64) -> Int { ProbedSlots.home(hash, mask: self.mask) }

    private func slot(
        of key: UnsafeRawBufferPointer,
        hash: UInt64,
        in texts: TextColumn
    ) -> Int? {
        var slot = self.home(hash)
        while self.slots[slot] != 0 {
            if self.holds(key, hash: hash, at: slot, in: texts) { return slot }
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

    /// Adds the key that is in `row` of `texts`, which must not be in yet.
    public mutating func insert(row: UInt32, in texts: TextColumn) {
        self.insert(row: row, hash: texts.withUTF8(Int(row)) { Self.hash($0) }, in: texts)
    }

    /// ``insert(row:in:)`` of a key whose ``hash(_:)`` is known.
    public mutating func insert(row: UInt32, hash: UInt64, in texts: TextColumn) {
        precondition(row > 0, "row 0 cannot be indexed")
        self.reserve(1)
        texts.withUTF8(Int(row)) { bytes in
            var slot = self.home(hash)
            while self.slots[slot] != 0 {
                precondition(
                    !self.holds(bytes, hash: hash, at: slot, in: texts),
                    "the key of row \(row) is in already"
                )
                slot = (slot + 1) & self.mask
            }
            self.slots[slot] = hash | UInt64(row)
        }
        self.count += 1
    }

    /// The row whose text has the UTF-8 bytes `key`; where there is none, the key is put in for `row`, whose
    /// text the caller makes it.
    ///
    /// One search in place of two.
    ///
    /// - Returns: Nothing if it was put in.
    /// - Complexity: O(1) amortised, on average.
    public mutating func findOrInsert(
        _ key: UnsafeRawBufferPointer,
        row: UInt32,
        in texts: TextColumn
    ) -> UInt32? {
        precondition(row > 0, "row 0 cannot be indexed")
        if (self.count + 1) * 4 > self.slots.count * 3 { self.grow() }
        let hash = Self.hash(key)
        var slot = self.home(hash)
        while self.slots[slot] != 0 {
            if self.holds(key, hash: hash, at: slot, in: texts) {
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
        in texts: TextColumn
    ) -> Bool {
        let stored = self.slots[slot]
        return stored >> 32 == hash >> 32
            && texts.withUTF8(Int(stored & 0xFFFF_FFFF)) { Self.areEqual($0, key) }
    }

    /// Makes room for `count` more keys: none of their insertions moves the others.
    ///
    /// - Complexity: O(keys) where it grows, which is amortised.
    public mutating func reserve(_ count: Int) {
        while (self.count + count) * 4 > self.slots.count * 3 { self.grow() }
    }

    private mutating func grow() {
        self.slots = ProbedSlots.resized(self.slots, to: self.slots.count * 2)
    }

    /// Takes out the key that is in `row` of `texts`, which must be in.
    ///
    /// Nothing marks the gap: see ``ProbedSlots/free(_:of:)``.
    public mutating func remove(row: UInt32, in texts: TextColumn) {
        let found = texts.withUTF8(Int(row)) { bytes in
            self.slot(of: bytes, hash: Self.hash(bytes), in: texts)
        }
        guard let found, UInt32(truncatingIfNeeded: self.slots[found]) == row else {
            preconditionFailure("row \(row) is not in the index")
        }
        ProbedSlots.free(found, of: &self.slots)
        self.count -= 1
    }
}
