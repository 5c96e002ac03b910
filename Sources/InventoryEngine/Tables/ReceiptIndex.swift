internal import Bytes
internal import ColumnStore
internal import InventoryModel

/// An index from receipts to their parts: open addressing over the columns of a ``ReceiptTable``.
///
///     receipt ──hash──▶ slot ──▶ first part                     nearly every receipt has one
///                                    └──▶ ReceiptParts: line ──▶ newest part with it
///
/// A part takes 22 bytes in its table before its segment is narrowed, and a receipt up to 16 here: a slot of 8
/// bytes in a table that is at most three quarters full.
///
/// Derived from the table and rebuilt with it; not part of a read view.
struct ReceiptIndex: Sendable {
    /// Hash bits in the upper half, the first part + 1 in the lower; 0 is free.
    ///
    /// See `ProbedSlots`.
    private var slots = [UInt64](repeating: 0, count: 16)
    /// The parts of the receipts that have more than one, by their first.
    private var several: [Int: ReceiptParts] = [:]
    /// The number of parts.
    private var partCount = 0
    /// The number of receipts.
    private(set) var count = 0

    init() {}

    /// - Complexity: O(parts)
    init(for table: ReceiptTable) {
        for part in 0..<table.rowCount { self.insert(part, in: table) }
    }

    /// The parts of a receipt; `nil` if it is not on record.
    ///
    /// - Complexity: O(1)
    func parts(of key: ReceiptTable.Key, in table: ReceiptTable) -> ReceiptParts? {
        let stored = self.slots[self.slot(of: key, in: table)]
        guard stored != 0 else { return nil }
        let first = Self.part(stored)
        if !self.several.isEmpty, let parts = self.several[first] { return parts }
        return ReceiptParts(first, with: table.lines(first))
    }

    /// Whether the receipt has any part.
    ///
    /// - Complexity: O(1)
    func contains(_ key: ReceiptTable.Key, in table: ReceiptTable) -> Bool {
        self.slots[self.slot(of: key, in: table)] != 0
    }

    /// Adds the newest part of the table.
    ///
    /// - Complexity: O(1) amortised for the first part of a receipt; else O(parts of the receipt)
    mutating func insert(_ part: Int, in table: ReceiptTable) {
        precondition(part == self.partCount, "part \(part) after \(self.partCount)")
        precondition(part < UInt32.max, "part \(part) has no number")
        self.partCount += 1
        if (self.count + 1) * 4 > self.slots.count * 3 {
            self.slots = ProbedSlots.resized(self.slots, to: self.slots.count * 2)
        }
        let key = table.key(part)
        let slot = self.slot(of: key, in: table)
        if self.slots[slot] == 0 {
            self.count += 1
            self.slots[slot] = Self.hash(key) | UInt64(part + 1)
            return
        }
        let first = Self.part(self.slots[slot])
        self.several[first, default: ReceiptParts(first, with: table.lines(first))]
            .add(part, with: table.lines(part))
    }

    /// The part that a slot stores.
    private static func part(_ stored: UInt64) -> Int { Int(stored & 0xFFFF_FFFF) - 1 }

    /// The slot of a receipt, or the free one where it belongs.
    private func slot(of key: ReceiptTable.Key, in table: ReceiptTable) -> Int {
        let hash = Self.hash(key)
        let mask = self.slots.count - 1
        var slot = ProbedSlots.home(hash, mask: mask)
        while self.slots[slot] != 0 {
            let stored = self.slots[slot]
            if stored >> 32 == hash >> 32,
                table.holds(key, at: Self.part(stored))
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

    /// Stops the process unless each line of a receipt leads to the newest part with it, and nothing else does.
    ///
    /// - Complexity: O(lines)
    func checkInvariants(for table: ReceiptTable) {
        precondition(self.partCount == table.rowCount, "\(self.partCount) parts of receipts")
        var newest: [ReceiptTable.Key: [Int: Int]] = [:]
        var counts: [ReceiptTable.Key: Int] = [:]
        for part in 0..<table.rowCount {
            let key = table.key(part)
            counts[key, default: 0] += 1
            for line in table.lines(part) { newest[key, default: [:]][line] = part }
        }
        precondition(self.count == counts.count, "\(self.count) receipts")
        for (key, lines) in newest {
            guard let parts = self.parts(of: key, in: table) else {
                preconditionFailure("receipt \(key) is not found")
            }
            precondition(parts.count == counts[key], "receipt \(key) has \(parts.count) parts")
            var found: [Int: Int] = [:]
            parts.forEachRun(in: 0..<Int.max) { run, part in
                for line in run {
                    precondition(found.updateValue(part, forKey: line) == nil, "line \(line)")
                }
            }
            precondition(found == lines, "the lines of receipt \(key) are \(found)")
        }
    }
}

/// Which lines of one receipt are in which of its parts, so that a line is found without searching the parts.
///
///     parts     7: lines 0–9      9: lines 20–24      12: lines 5–6, after those of part 7 were reversed
///     runs      0 ▶ 7    5 ▶ 12    7 ▶ 7    10 ▶ –    20 ▶ 9    25 ▶ –
///
/// A line is recorded again only after it was reversed, so only the newest part with it matters.
struct ReceiptParts: Sendable {
    /// Lines from one number to that of the next run.
    private struct Run {
        var start: UInt32
        /// The part + 1; 0 if the lines are in none.
        var stored: UInt32
    }

    /// Ascending, at most two more than twice the parts; the last one is of no part.
    private var runs: [Run]
    /// The number of parts.
    private(set) var count = 1

    /// Creates the parts of a receipt that has only one.
    init(_ part: Int, with lines: Range<Int>) {
        self.runs = [Run(start: UInt32(lines.lowerBound), stored: UInt32(part + 1))]
        self.runs.append(Run(start: UInt32(lines.upperBound), stored: 0))
    }

    /// Adds a newer part.
    ///
    /// - Complexity: O(parts)
    mutating func add(_ part: Int, with lines: Range<Int>) {
        self.count += 1
        let first = self.firstRun(from: lines.lowerBound)
        let end = self.firstRun(from: lines.upperBound)
        var new = [Run(start: UInt32(lines.lowerBound), stored: UInt32(part + 1))]
        // What was behind the new lines still is.
        if end == self.runs.count || Int(self.runs[end].start) > lines.upperBound {
            let stored = end == 0 ? 0 : self.runs[end - 1].stored
            new.append(Run(start: UInt32(lines.upperBound), stored: stored))
        }
        self.runs.replaceSubrange(first..<end, with: new)
    }

    /// The index of the first run that does not start before a line.
    private func firstRun(from line: Int) -> Int {
        var (low, high) = (0, self.runs.count)
        while low < high {
            let middle = (low + high) / 2
            if Int(self.runs[middle].start) < line { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Calls `body` with the lines in a range and the newest part that has them, in ascending order.
    ///
    /// - Complexity: O(log parts + lines of the range)
    func forEachRun(in wanted: Range<Int>, _ body: (Range<Int>, Int) -> Void) {
        var index = max(0, self.firstRun(from: wanted.lowerBound + 1) - 1)
        while index < self.runs.count - 1, Int(self.runs[index].start) < wanted.upperBound {
            let run = Int(self.runs[index].start)..<Int(self.runs[index + 1].start)
            let lines = run.clamped(to: wanted)
            let stored = Int(self.runs[index].stored)
            if stored > 0, !lines.isEmpty { body(lines, stored - 1) }
            index += 1
        }
    }
}
