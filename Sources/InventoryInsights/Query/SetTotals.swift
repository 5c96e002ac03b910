internal import InventoryModel

/// The sums of one grouping set: a slot for each group with a row.
///
/// Sums have 128 bits during the aggregation, so that the order of rows and the number of threads do not
/// matter; the range of a result is checked when it is shown.
struct SetTotals: Sendable {
    private let sumCount: Int
    private(set) var keys: [GroupKey] = []
    /// The first slots; the others are inserted at the first look-up.
    private var slots: [GroupKey: Int] = [:]
    /// `sumCount` values per slot.
    private(set) var sums: [Int128] = []
    private(set) var rowCounts: [Int64] = []
    private(set) var transactions = DistinctValues()
    private(set) var products = DistinctValues()
    /// Whether the units of its groups must be determined.
    private let tracksUnits: Bool
    /// By slot, if they must be determined.
    private(set) var units: [GroupUnit] = []
    private var recent: (key: GroupKey, slot: Int)?

    init(sumCount: Int, tracksUnits: Bool) {
        self.sumCount = sumCount
        self.tracksUnits = tracksUnits
    }

    var count: Int { self.keys.count }

    /// Returns the slot of a group, creating it if necessary.
    ///
    /// - Throws: `out_of_range` beyond ``InsightLimits/groupsMax``.
    mutating func slot(of key: GroupKey) throws(Refusal) -> Int {
        if let recent, recent.key == key { return recent.slot }
        let slot = try self.lookUp(key)
        self.recent = (key, slot)
        return slot
    }

    private mutating func lookUp(_ key: GroupKey) throws(Refusal) -> Int {
        for slot in self.slots.count..<self.keys.count { self.slots[self.keys[slot]] = slot }
        if let slot = self.slots[key] { return slot }
        let slot = try self.append(key)
        self.slots[key] = slot
        return slot
    }

    private mutating func append(_ key: GroupKey) throws(Refusal) -> Int {
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
        self.keys.append(key)
        self.rowCounts.append(0)
        if self.tracksUnits { self.units.append(.none) }
        for _ in 0..<self.sumCount { self.sums.append(0) }
        return slot
    }

    mutating func countRow(_ slot: Int) { self.rowCounts[slot] += 1 }

    mutating func add(_ value: Int64, to sum: Int, of slot: Int) {
        self.add(Int128(value), to: sum, of: slot)
    }

    mutating func add(_ value: Int128, to sum: Int, of slot: Int) {
        self.sums[slot * self.sumCount + sum] += value
    }

    mutating func addTransaction(_ receipt: Receipt, to slot: Int) {
        self.transactions.insert(receipt.number, other: receipt.day, slot: slot)
    }

    /// Notes the unit of a row's quantities, if it must be determined.
    mutating func add(_ unit: UnitID, to slot: Int) {
        if self.tracksUnits { self.units[slot].add(unit) }
    }

    mutating func addProduct(_ product: UInt32, to slot: Int) {
        self.products.insert(UInt64(product), slot)
    }

    func sum(_ sum: Int, of slot: Int) -> Int128 { self.sums[slot * self.sumCount + sum] }

    /// Adds the sums of many rows, each with its sign.
    mutating func add(_ dense: DenseTotals, signs: [Int128]) throws(Refusal) {
        // Slots of different classes may belong to one group.
        let isFirst = self.keys.isEmpty && !dense.splitsGroups
        var moved: [Int: Int] = [:]
        let keepsDistinct = !dense.transactions.isEmpty || !dense.products.isEmpty
        for from in 0..<dense.usedCount where dense.seen[from] != 0 {
            let key = dense.key(from)
            let slot = isFirst ? try self.append(key) : try self.lookUp(key)
            if keepsDistinct { moved[from] = slot }
            if self.tracksUnits, let unit = dense.unit(from) { self.units[slot].add(unit) }
            if dense.countsRows { self.rowCounts[slot] += dense.rowCounts[from] }
            for sum in 0..<self.sumCount {
                self.sums[slot * self.sumCount + sum] += signs[sum] * Int128(dense.sums[sum][from])
            }
        }
        self.transactions.merge(dense.transactions) { moved[$0] ?? 0 }
        self.products.merge(dense.products) { moved[$0] ?? 0 }
    }

    /// Adds the groups of another part of the rows.
    mutating func merge(_ other: SetTotals) throws(Refusal) {
        if self.keys.isEmpty {
            self = other
            return
        }
        var moved: [Int] = []
        moved.reserveCapacity(other.count)
        for (from, key) in other.keys.enumerated() {
            let slot = try self.lookUp(key)
            moved.append(slot)
            self.rowCounts[slot] += other.rowCounts[from]
            if self.tracksUnits { self.units[slot].add(other.units[from]) }
            for sum in 0..<self.sumCount {
                self.sums[slot * self.sumCount + sum] += other.sums[from * self.sumCount + sum]
            }
        }
        self.transactions.merge(other.transactions) { moved[$0] }
        self.products.merge(other.products) { moved[$0] }
    }
}

extension SetTotals {
    /// Stops the process unless each group has one slot, with all its sums.
    ///
    /// - Complexity: O(groups)
    func checkInvariants() {
        let count = self.keys.count
        precondition(count <= InsightLimits.groupsMax, "\(count) groups")
        precondition(Set(self.keys).count == count, "a group has two slots")
        precondition(self.slots.count <= count, "\(self.slots.count) slots of \(count) groups")
        for slot in 0..<self.slots.count {
            precondition(self.slots[self.keys[slot]] == slot, "the group in slot \(slot)")
        }
        if let recent = self.recent {
            precondition(self.keys[recent.slot] == recent.key, "the last slot is \(recent.slot)")
        }
        precondition(self.sums.count == count * self.sumCount, "\(self.sums.count) sums")
        precondition(self.rowCounts.count == count, "\(self.rowCounts.count) counts of rows")
        let unitCount = self.tracksUnits ? count : 0
        precondition(self.units.count == unitCount, "\(self.units.count) of \(unitCount) units")
        self.transactions.checkInvariants(slotCount: count)
        self.products.checkInvariants(slotCount: count)
    }
}
