/// What tables of open addressing have in common whose slots are 8 bytes.
///
///     slot   [ 32 bits of a hash | where the key is ]      0 is free
///               └─ its last bits say where the search for the key begins
///
/// There are a power of two. A table grows, and closes a gap, without looking at a key.
public enum ProbedSlots {
    /// Where the search for what a slot keeps begins, in a table of `mask` + 1 slots.
    @inlinable @inline(__always)
    public static func home(_ stored: UInt64, mask: Int) -> Int {
        Int(truncatingIfNeeded: stored >> 32) & mask
    }

    /// The same in a table of `count` slots, which must have space for it.
    ///
    /// - Complexity: O(slots)
    public static func resized(_ slots: [UInt64], to count: Int) -> [UInt64] {
        var resized = [UInt64](repeating: 0, count: count)
        for stored in slots where stored != 0 {
            var slot = self.home(stored, mask: count - 1)
            while resized[slot] != 0 { slot = (slot + 1) & (count - 1) }
            resized[slot] = stored
        }
        return resized
    }

    /// Frees a slot: those behind it move up where they may, so nothing marks the gap.
    public static func free(_ slot: Int, of slots: inout [UInt64]) {
        let mask = slots.count - 1
        var hole = slot
        var next = (hole + 1) & mask
        while slots[next] != 0 {
            let home = self.home(slots[next], mask: mask)
            if (next - home) & mask >= (next - hole) & mask {
                slots[hole] = slots[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        slots[hole] = 0
    }
}
