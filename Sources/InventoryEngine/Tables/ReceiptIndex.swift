internal import Bytes
internal import ColumnStore
internal import InventoryModel

/// An index from receipts to their parts: open addressing over the columns of a ``ReceiptTable``.
///
///     receipt ──hash──▶ ProbedShards ──▶ first part             nearly every receipt has one
///                                            └──▶ ReceiptParts: line ──▶ newest part with it
///
/// A part takes 22 bytes in its table before its segment is narrowed, and a receipt up to 16 here: a slot of 8
/// bytes in a shard that is at most three quarters full. Both maps grow shard by shard, so that recording a
/// receipt never moves many others.
///
/// Derived from the table and rebuilt with it; not part of a read view.
struct ReceiptIndex: Sendable {
    /// By the hash of a receipt, its first part + 1.
    private var firsts = ProbedShards()
    /// The parts of the receipts that have more than one, by their first.
    private var several = ShardedMap<Int, ReceiptParts>()
    /// The number of parts.
    private var partCount = 0

    /// The number of receipts.
    var count: Int { self.firsts.count }
    /// The most entries that recording a receipt can move.
    ///
    /// - Complexity: O(shards)
    var largestShardCount: Int {
        max(self.firsts.largestSlotCount, self.several.largestShardCount)
    }

    init() {}

    /// - Complexity: O(parts)
    init(for table: ReceiptTable) {
        for part in 0..<table.rowCount { self.insert(part, in: table) }
    }

    /// The parts of a receipt; `nil` if it is not on record.
    ///
    /// - Complexity: O(1)
    func parts(of key: ReceiptTable.Key, in table: ReceiptTable) -> ReceiptParts? {
        guard let first = self.firstPart(of: key, Self.hash(key), in: table) else { return nil }
        if let parts = self.several[first] { return parts }
        return ReceiptParts(first, with: table.lines(first))
    }

    /// Whether the receipt has any part.
    ///
    /// - Complexity: O(1)
    func contains(_ key: ReceiptTable.Key, in table: ReceiptTable) -> Bool {
        self.firstPart(of: key, Self.hash(key), in: table) != nil
    }

    private func firstPart(
        of key: ReceiptTable.Key,
        _ hash: UInt64,
        in table: ReceiptTable
    ) -> Int? {
        self.firsts.find(hash) { table.holds(key, at: Int($0) - 1) }.map { Int($0) - 1 }
    }

    /// Adds the newest part of the table.
    ///
    /// - Complexity: O(1) amortised for the first part of a receipt, O(entries of a shard) if it grows one; else
    ///   O(parts of the receipt)
    mutating func insert(_ part: Int, in table: ReceiptTable) {
        precondition(part == self.partCount, "part \(part) after \(self.partCount)")
        precondition(part < UInt32.max, "part \(part) has no number")
        self.partCount += 1
        let key = table.key(part)
        let hash = Self.hash(key)
        guard let first = self.firstPart(of: key, hash, in: table) else {
            self.firsts.insert(UInt32(part + 1), hash: hash)
            return
        }
        self.several[first, default: ReceiptParts(first, with: table.lines(first))]
            .add(part, with: table.lines(part))
    }

    private static func hash(_ key: ReceiptTable.Key) -> UInt64 {
        let words = (
            UInt64(key.reference) << 32 | UInt64(key.day), UInt64(key.location)
        )
        return withUnsafeBytes(of: words) { Hash64.hash($0) }
    }

    /// Stops the process unless each line of a receipt leads to the newest part with it, and nothing else does.
    ///
    /// - Complexity: O(lines)
    func checkInvariants(for table: ReceiptTable) {
        precondition(self.partCount == table.rowCount, "\(self.partCount) parts of receipts")
        self.firsts.checkInvariants()
        self.several.checkInvariants()
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
