internal import Bytes
internal import ColumnStore
internal import InventoryModel

/// An index from receipts to their parts: open addressing over the columns of a ``ReceiptTable``.
///
///     receipt ──hash──▶ slot ──▶ newest part ──▶ the part before it ──▶ …
///
/// Nearly every receipt has one part. A part takes 22 bytes in its table before its segment is narrowed, and
/// up to 16 here: a slot of 8 bytes in a table that is at most three quarters full, and 4 for the link.
///
/// Derived from the table and rebuilt with it; not part of a read view.
struct ReceiptIndex: Sendable {
    /// Hash bits in the upper half, part + 1 in the lower; 0 is free.
    ///
    /// See `ProbedSlots`.
    private var slots = [UInt64](repeating: 0, count: 16)
    /// By part: the part of the same receipt before it, plus 1; 0 for the first one.
    private var previous: [UInt32] = []
    /// The number of receipts.
    private(set) var count = 0

    init() {}

    /// - Complexity: O(parts)
    init(for table: ReceiptTable) {
        self.init(capacityFor: table)
        for part in 0..<table.rowCount { self.insert(part, in: table) }
    }

    /// An empty index with space for the links of the parts.
    init(capacityFor table: ReceiptTable) {
        self.previous.reserveCapacity(table.rowCount)
    }

    /// Calls `body` with the parts of a receipt, the newest first.
    ///
    /// - Complexity: O(parts of the receipt), at most ``Limits/receiptPartsMax``
    func forEachPart(of key: ReceiptTable.Key, in table: ReceiptTable, _ body: (Int) -> Void) {
        var next = self.slots[self.slot(of: key, in: table)] & 0xFFFF_FFFF
        while next != 0 {
            let part = Int(next) - 1
            body(part)
            next = UInt64(self.previous[part])
        }
    }

    /// Adds the newest part of the table.
    ///
    /// - Complexity: O(1) amortised
    mutating func insert(_ part: Int, in table: ReceiptTable) {
        precondition(part == self.previous.count, "part \(part) after \(self.previous.count)")
        precondition(part < UInt32.max, "part \(part) has no number")
        if (self.count + 1) * 4 > self.slots.count * 3 {
            self.slots = ProbedSlots.resized(self.slots, to: self.slots.count * 2)
        }
        let key = table.key(part)
        let slot = self.slot(of: key, in: table)
        if self.slots[slot] == 0 { self.count += 1 }
        self.previous.append(UInt32(truncatingIfNeeded: self.slots[slot]))
        self.slots[slot] = Self.hash(key) | UInt64(part + 1)
    }

    /// The slot of a receipt, or the free one where it belongs.
    private func slot(of key: ReceiptTable.Key, in table: ReceiptTable) -> Int {
        let hash = Self.hash(key)
        let mask = self.slots.count - 1
        var slot = ProbedSlots.home(hash, mask: mask)
        while self.slots[slot] != 0 {
            let stored = self.slots[slot]
            if stored >> 32 == hash >> 32,
                table.holds(key, at: Int(stored & 0xFFFF_FFFF) - 1)
            {
                return slot
            }
            slot = (slot + 1) & mask
        }
        return slot
    }

    private static func hash(_ key: ReceiptTable.Key) -> UInt64 {
        let words = (
            UInt64(key.reference) << 32 | UInt64(key.day), UInt64(key.location)
        )
        return withUnsafeBytes(of: words) { Hash64.hash($0) } & ~0xFFFF_FFFF
    }

    /// Stops the process unless every part is found by its receipt, in order, and by nothing else.
    ///
    /// - Complexity: O(parts)
    func checkInvariants(for table: ReceiptTable) {
        let expected = ReceiptIndex(for: table)
        precondition(self.previous == expected.previous, "links of receipts differ")
        precondition(self.count == expected.count, "\(self.count) receipts")
        var found = 0
        for part in 0..<table.rowCount where self.previous[part] == 0 {
            var last = Int.max
            self.forEachPart(of: table.key(part), in: table) { one in
                precondition(one < last, "part \(one) follows \(last)")
                last = one
                found += 1
            }
            precondition(last == part, "the first part of a receipt is \(last), not \(part)")
        }
        precondition(found == table.rowCount, "\(found) of \(table.rowCount) parts are found")
    }
}
