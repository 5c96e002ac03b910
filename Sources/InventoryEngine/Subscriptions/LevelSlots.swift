/// The row of each level's latest change: open addressing, so that a lookup is one multiplication and
/// usually one cache line.
///
///     hash of (product, location) ──▶ [ · | key, row | · | · | key, row | … ]   at most half full
struct LevelSlots {
    private struct Slot {
        var key: UInt64
        /// Below 0 if the slot is free.
        var row: Int32
    }

    private static let free = Slot(key: 0, row: -1)
    private var slots: [Slot] = Array(repeating: Self.free, count: 1_024)
    private var count = 0

    static func key(_ product: UInt32, _ location: UInt16) -> UInt64 {
        UInt64(product) << 16 | UInt64(location)
    }

    /// Stores `row` under the key.
    ///
    /// - Returns: The previous row; `nil` if there was none.
    /// - Complexity: O(1) on average
    mutating func update(_ key: UInt64, _ row: Int) -> Int? {
        if self.count * 2 >= self.slots.count { self.grow() }
        let index = Self.index(of: key, in: self.slots)
        let old = self.slots[index].row
        self.slots[index] = Slot(key: key, row: Int32(row))
        if old >= 0 { return Int(old) }
        self.count += 1
        return nil
    }

    /// The row stored under the key; `nil` if there is none.
    func row(_ key: UInt64) -> Int? {
        let slot = self.slots[Self.index(of: key, in: self.slots)]
        return slot.row >= 0 ? Int(slot.row) : nil
    }

    /// Stops the process unless every key is found, and at most half of the slots are taken.
    ///
    /// - Complexity: O(slots)
    func checkInvariants() {
        var count = 0
        for (index, slot) in self.slots.enumerated() where slot.row >= 0 {
            precondition(Self.index(of: slot.key, in: self.slots) == index, "slot \(index)")
            count += 1
        }
        precondition(count == self.count, "\(count) keys are stored, not \(self.count)")
        precondition(2 * count <= self.slots.count, "\(count) of \(self.slots.count) slots")
    }

    private mutating func grow() {
        var larger = [Slot](repeating: Self.free, count: self.slots.count * 2)
        for slot in self.slots where slot.row >= 0 {
            larger[Self.index(of: slot.key, in: larger)] = slot
        }
        self.slots = larger
    }

    /// The slot of the key, or the free one where it belongs.
    private static func index(of key: UInt64, in slots: [Slot]) -> Int {
        let mask = slots.count - 1
        // Fibonacci hashing (Knuth, The Art of Computer Programming, volume 3, section 6.4).
        let hash = key &* 0x9E37_79B9_7F4A_7C15
        var index = Int(truncatingIfNeeded: hash >> 32) & mask
        while slots[index].row >= 0, slots[index].key != key { index = (index + 1) & mask }
        return index
    }
}
