/// Common functions of open-addressing tables with slots of 8 bytes.
///
///     slot   [ 32 bits of a hash | key reference ]         0 is free
///               └─ its last bits determine the first slot of the search
///
/// The number of slots is a power of two. Growing and closing a gap do not read any key.
public enum ProbedSlots {
    /// Returns the first slot of the search for a stored value, in a table of `mask` + 1 slots.
    @inlinable @inline(__always)
    public static func home(_ stored: UInt64, mask: Int) -> Int {
        Int(truncatingIfNeeded: stored >> 32) & mask
    }

    /// Returns the table rehashed into `count` slots, which must have space for it.
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

    /// Frees a slot and moves the following entries up where possible, so no tombstone is left.
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
