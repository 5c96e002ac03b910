internal import Inventory

/// The sums of one grouping set: a slot for each group that has a row.
///
/// Sums are 128 bits wide while they are added up, so that the order in which rows come, and how many
/// threads bring them, cannot matter; whether a result fits is looked at when it is shown.
struct SetTotals: Sendable {
    private let sumCount: Int
    private(set) var keys: [GroupKey] = []
    private var slots: [GroupKey: Int] = [:]
    /// `sumCount` values a slot.
    private(set) var sums: [Int128] = []
    private(set) var rowCounts: [Int64] = []
    private(set) var transactions = DistinctValues()
    private(set) var products = DistinctValues()
    private var recent: (key: GroupKey, slot: Int)?

    init(sumCount: Int) { self.sumCount = sumCount }

    var count: Int { self.keys.count }

    /// The slot of a group, a new one if it has none.
    ///
    /// - Throws: `out_of_range` beyond ``InsightLimits/groupsMax``.
    mutating func slot(of key: GroupKey) throws(Refusal) -> Int {
        if let recent, recent.key == key { return recent.slot }
        let slot = try self.lookUp(key)
        self.recent = (key, slot)
        return slot
    }

    private mutating func lookUp(_ key: GroupKey) throws(Refusal) -> Int {
        if let slot = self.slots[key] { return slot }
        let slot = self.keys.count
        guard slot < InsightLimits.groupsMax else {
            throw Refusal(
                .outOfRange,
                .range(
                    "groups",
                    value: Int64(slot) + 1,
                    lowest: 0,
                    highest: Int64(InsightLimits.groupsMax)
                )
            )
        }
        self.slots[key] = slot
        self.keys.append(key)
        self.rowCounts.append(0)
        for _ in 0..<self.sumCount { self.sums.append(0) }
        return slot
    }

    mutating func countRow(_ slot: Int) { self.rowCounts[slot] += 1 }

    mutating func add(_ value: Int64, to sum: Int, of slot: Int) {
        self.sums[slot * self.sumCount + sum] += Int128(value)
    }

    mutating func addTransaction(_ transaction: UInt64, to slot: Int) {
        self.transactions.insert(transaction, slot)
    }

    mutating func addProduct(_ product: UInt32, to slot: Int) {
        self.products.insert(UInt64(product), slot)
    }

    func sum(_ sum: Int, of slot: Int) -> Int128 { self.sums[slot * self.sumCount + sum] }

    /// Adds the groups of another part of the rows.
    mutating func merge(_ other: SetTotals) throws(Refusal) {
        var moved: [Int] = []
        moved.reserveCapacity(other.count)
        for (from, key) in other.keys.enumerated() {
            let slot = try self.lookUp(key)
            moved.append(slot)
            self.rowCounts[slot] += other.rowCounts[from]
            for sum in 0..<self.sumCount {
                self.sums[slot * self.sumCount + sum] += other.sums[from * self.sumCount + sum]
            }
        }
        self.transactions.merge(other.transactions) { moved[$0] }
        self.products.merge(other.products) { moved[$0] }
    }
}

/// How many different values each slot has seen.
struct DistinctValues: Sendable {
    private struct Entry: Hashable {
        var slot: UInt32
        var value: UInt64
    }

    private var seen: Set<Entry> = []
    private var counts: [Int64] = []
    private var recent: Entry?

    func count(_ slot: Int) -> Int64 { slot < self.counts.count ? self.counts[slot] : 0 }

    mutating func insert(_ value: UInt64, _ slot: Int) {
        let entry = Entry(slot: UInt32(slot), value: value)
        if self.recent == entry { return }
        self.recent = entry
        guard self.seen.insert(entry).inserted else { return }
        while self.counts.count <= slot { self.counts.append(0) }
        self.counts[slot] += 1
    }

    mutating func merge(_ other: DistinctValues, _ slot: (Int) -> Int) {
        for entry in other.seen { self.insert(entry.value, slot(Int(entry.slot))) }
    }
}
