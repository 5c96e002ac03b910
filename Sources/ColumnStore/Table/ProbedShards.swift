/// An open-addressing table in shards that grow independently, so that no insertion moves many entries.
///
///     hash ──▶ shard, 1 of 1,024 ──▶ slot   [ 32 bits of the hash | reference ]     0 is free
///              lower bits              upper bits
///
/// It knows no keys: a reference leads its owner to the key, which the owner compares. Growing and closing gaps
/// do not read any key; see ``ProbedSlots``.
///
/// A table of 100 million entries has 100,000 in each shard, and moves at most that many in one insertion. It is
/// not part of a read view: one writer owns it.
public struct ProbedShards: Sendable {
    /// The number of shards.
    public static let shardCount = 1_024
    /// The fewest slots of a shard that has entries.
    @usableFromInline static let slotCountMin = 4

    @usableFromInline var shards = [Shard](repeating: Shard(), count: Self.shardCount)
    /// The number of entries.
    public private(set) var count = 0

    /// Creates an empty table.
    public init() {}

    /// The part of a hash that a slot stores.
    @inlinable @inline(__always)
    static func tag(_ hash: UInt64) -> UInt64 { hash & ~0xFFFF_FFFF }

    @inlinable @inline(__always)
    static func shard(_ hash: UInt64) -> Int {
        Int(truncatingIfNeeded: hash) & (Self.shardCount - 1)
    }

    /// Returns the reference with this hash that `matches` accepts; `nil` if there is none.
    ///
    /// - Complexity: O(1) on average
    @inlinable @inline(__always)
    public func find(_ hash: UInt64, where matches: (UInt32) -> Bool) -> UInt32? {
        self.shards[Self.shard(hash)].find(Self.tag(hash), where: matches)
    }

    /// Adds a reference, above 0, whose key is not in the table.
    ///
    /// - Complexity: O(1) amortised; O(entries of a shard) if it grows one
    public mutating func insert(_ reference: UInt32, hash: UInt64) {
        precondition(reference > 0, "reference 0 cannot be indexed")
        self.shards[Self.shard(hash)].insert(Self.tag(hash) | UInt64(reference))
        self.count += 1
    }

    /// Removes a reference, which must be in the table under this hash.
    ///
    /// Memory is released as a shard empties.
    ///
    /// - Complexity: O(1) amortised; O(entries of a shard) if it shrinks one
    public mutating func remove(_ reference: UInt32, hash: UInt64) {
        self.shards[Self.shard(hash)].remove(Self.tag(hash) | UInt64(reference))
        self.count -= 1
    }

    /// Prefetches the first slot of the search for a hash.
    @inlinable @inline(__always)
    public func prefetch(_ hash: UInt64) { self.shards[Self.shard(hash)].prefetch(hash) }

    /// The most slots of a shard: what a single insertion or removal can move.
    ///
    /// - Complexity: O(``shardCount``)
    public var largestSlotCount: Int { self.shards.reduce(0) { max($0, $1.slots.count) } }

    /// Stops the process unless each shard has as many entries as it counts, each within reach of its search,
    /// and a free slot if there are any.
    ///
    /// - Complexity: O(slots)
    public func checkInvariants() {
        var count = 0
        self.shards.withUnsafeBufferPointer { shards in
            for index in shards.indices where !shards[index].slots.isEmpty {
                shards[index].checkInvariants()
                count += shards[index].count
            }
        }
        precondition(count == self.count, "\(count) entries are in the shards, not \(self.count)")
    }
}

extension ProbedShards {
    /// One of the independent tables.
    @usableFromInline
    struct Shard: Sendable {
        /// Empty, or a power of two with at least one free slot.
        @usableFromInline var slots: [UInt64] = []
        @usableFromInline var count = 0

        @usableFromInline init() {}

        @inlinable @inline(__always) var mask: Int { self.slots.count &- 1 }

        @inlinable @inline(__always)
        func find(_ tag: UInt64, where matches: (UInt32) -> Bool) -> UInt32? {
            if self.slots.isEmpty { return nil }
            var slot = ProbedSlots.home(tag, mask: self.mask)
            while true {
                let stored = self.slots[slot]
                if stored == 0 { return nil }
                if ProbedShards.tag(stored) == tag {
                    let reference = UInt32(truncatingIfNeeded: stored)
                    if matches(reference) { return reference }
                }
                slot = (slot &+ 1) & self.mask
            }
        }

        @inlinable @inline(__always)
        func prefetch(_ hash: UInt64) {
            if self.slots.isEmpty { return }
            let slot = ProbedSlots.home(hash, mask: self.mask)
            self.slots.withUnsafeBufferPointer { slots in
                guard let base = slots.baseAddress else { return }
                Prefetch.begin(base + slot)
            }
        }

        mutating func insert(_ stored: UInt64) {
            if (self.count + 1) * 4 > self.slots.count * 3 {
                let count = max(ProbedShards.slotCountMin, self.slots.count * 2)
                self.slots = ProbedSlots.resized(self.slots, to: count)
            }
            var slot = ProbedSlots.home(stored, mask: self.mask)
            while self.slots[slot] != 0 { slot = (slot + 1) & self.mask }
            self.slots[slot] = stored
            self.count += 1
        }

        mutating func remove(_ stored: UInt64) {
            precondition(self.count > 0, "no entry can be removed from an empty shard")
            var slot = ProbedSlots.home(stored, mask: self.mask)
            while self.slots[slot] != stored {
                let reference = UInt32(truncatingIfNeeded: stored)
                precondition(self.slots[slot] != 0, "reference \(reference) is not in the index")
                slot = (slot + 1) & self.mask
            }
            ProbedSlots.free(slot, of: &self.slots)
            self.count -= 1
            if self.count == 0 {
                self.slots = []
            } else if self.slots.count > 16, self.count * 8 < self.slots.count {
                self.slots = ProbedSlots.resized(self.slots, to: self.slots.count / 4)
            }
        }

        func checkInvariants() {
            let taken = self.slots.count { $0 != 0 }
            precondition(taken == self.count, "\(taken) slots are used for \(self.count) entries")
            precondition(self.slots.isEmpty || taken < self.slots.count, "no slot is free")
            for (index, stored) in self.slots.enumerated() where stored != 0 {
                var slot = ProbedSlots.home(stored, mask: self.mask)
                while slot != index {
                    precondition(self.slots[slot] != 0, "slot \(index) is behind a gap")
                    slot = (slot + 1) & self.mask
                }
            }
        }
    }
}
