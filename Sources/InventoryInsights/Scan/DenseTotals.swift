internal import InventoryEngine
internal import InventoryModel

/// The sums of one grouping set while many rows are added: a slot for every possible group, addressed by
/// arithmetic instead of a look-up.
///
///     slot = block · width + code
///
/// A block is one span of time (or weekday and hour) with rows; a code is composed of the product or its
/// class, location, reason and kind. So the rows of one day are adjacent in memory.
///
/// Sums wrap in 64 bits: the caller checks the ``headroom``, and moves the sums to ``SetTotals`` before it is
/// exhausted.
struct DenseTotals {
    let set: GroupingSet
    let codes: [DenseCode]
    /// The classes of products, if slots are made of them.
    private let classes: ProductClasses?
    /// The number of codes.
    let width: Int
    private let sumCount: Int
    private let limits: ScanLimits
    let countsRows: Bool
    private(set) var sums: [[Int64]]
    private(set) var seen: [UInt8] = []
    private(set) var rowCounts: [Int64] = []
    var transactions = DistinctValues()
    var products = DistinctValues()
    /// The time of each block.
    private(set) var times: [BlockTime] = []
    private var blocks: [BlockTime: Int] = [:]

    /// A span of time as in the keys of groups.
    struct BlockTime: Hashable {
        var time: Int64
        var clock: UInt8
    }

    /// Returns `nil` for a set with too many codes.
    init?(
        _ set: GroupingSet,
        plan: QueryPlan,
        of view: ReadView,
        limits: ScanLimits,
        classes: ProductClasses?
    ) {
        self.set = set
        self.limits = limits
        let isByClass = set.hasCategory && !set.hasProduct || plan.tracksUnits(set)
        self.classes = isByClass ? classes : nil
        self.codes = DenseCode.codes(of: set, view, self.classes)
        var width = 1
        for code in self.codes {
            let (product, overflow) = width.multipliedReportingOverflow(by: code.count)
            if overflow { return nil }
            width = product
        }
        self.width = width
        self.sumCount = plan.sums.count
        self.countsRows = plan.query.measures.contains(.rows)
        self.sums = Array(repeating: [], count: self.sumCount)
        guard self.mayHaveBlocks(1) else { return nil }
        if !set.cutsTime { _ = self.block(BlockTime(time: 0, clock: 0)) }
    }

    private func mayHaveBlocks(_ count: Int) -> Bool {
        let (slots, overflow) = count.multipliedReportingOverflow(by: self.width)
        return !overflow && slots <= self.limits.slotsMax
            && slots * (self.sumCount + 2) * 8 <= self.limits.byteCountMax
    }

    /// Returns the block of a span of time, creating it if necessary; `nil` if there is no space.
    mutating func block(_ time: BlockTime) -> Int? {
        if let block = self.blocks[time] { return block }
        let block = self.times.count
        guard self.mayHaveBlocks(block + 1) else { return nil }
        self.blocks[time] = block
        self.times.append(time)
        let count = (block + 1) * self.width
        // Grows by many blocks at once, so that many days do not move the sums each time.
        if count > self.seen.count {
            let capacity = self.mayHaveBlocks(2 * (block + 1)) ? 2 * count : count
            for index in self.sums.indices { Self.extend(&self.sums[index], to: capacity) }
            self.seen += [UInt8](repeating: 0, count: capacity - self.seen.count)
            if self.countsRows { Self.extend(&self.rowCounts, to: capacity) }
        }
        return block
    }

    private static func extend(_ values: inout [Int64], to count: Int) {
        values += [Int64](repeating: 0, count: count - values.count)
    }

    /// Clears the sums and keeps the meaning of the slots.
    mutating func clear() {
        for index in self.sums.indices { self.sums[index] = [] }
        self.seen = []
        self.rowCounts = []
        self.times = []
        self.blocks = [:]
        self.transactions = DistinctValues()
        self.products = DistinctValues()
        if !self.set.cutsTime { _ = self.block(BlockTime(time: 0, clock: 0)) }
    }

    /// The number of slots that may be in use.
    var usedCount: Int { self.times.count * self.width }

    // MARK: - Adding

    /// Adds a sum of many rows to one slot.
    mutating func add(_ value: Int64, to sum: Int, of slot: Int) {
        self.sums[sum][slot] &+= value
    }

    mutating func countRows(_ count: Int, of slot: Int) {
        self.seen[slot] = 1
        if self.countsRows { self.rowCounts[slot] += Int64(count) }
    }

    /// Counts a row of each slot; slots are relative to `first`.
    mutating func countRows(_ slots: UnsafeBufferPointer<UInt32>, from first: Int) {
        if self.countsRows {
            for slot in slots { self.rowCounts[first + Int(slot)] += 1 }
        }
        for slot in slots { self.seen[first + Int(slot)] = 1 }
    }

    /// Adds a sum of many rows to the slots of matching codes, relative to `first`.
    ///
    /// Codes beyond the width have no rows.
    @inline(__always)
    mutating func add(
        _ values: UnsafeBufferPointer<Int64>,
        to sum: Int,
        from first: Int,
        where takes: (Int) -> Bool
    ) {
        let count = min(values.count, self.width)
        self.sums[sum].withUnsafeMutableBufferPointer { totals in
            let totals = UnsafeMutableBufferPointer(rebasing: totals[first..<(first + count)])
            for code in 0..<count where takes(code) { totals[code] &+= values[code] }
        }
    }

    /// Counts many rows of the slots of matching codes, relative to `first`.
    @inline(__always)
    mutating func countRows(
        _ counts: UnsafeBufferPointer<Int64>,
        from first: Int,
        where takes: (Int) -> Bool
    ) {
        let count = min(counts.count, self.width)
        self.seen.withUnsafeMutableBufferPointer { seen in
            for code in 0..<count where counts[code] > 0 && takes(code) { seen[first + code] = 1 }
        }
        guard self.countsRows else { return }
        for code in 0..<count where takes(code) { self.rowCounts[first + code] += counts[code] }
    }

    /// Whether its slots are the classes of products.
    var isByClass: Bool { self.codes.count == 1 && self.codes[0].part == .productClass }

    /// Whether several slots may belong to one group.
    var splitsGroups: Bool { self.classes?.splitsCategories ?? false }

    /// Returns the unit of a slot's quantities, if it is part of the code.
    func unit(_ slot: Int) -> UnitID? {
        guard let classes = self.classes, let last = self.codes.last else { return nil }
        return classes.unit(slot % self.width % last.count)
    }

    /// Calls `body` with a sum of every slot, and the marks.
    mutating func withTotals(
        _ sum: Int,
        _ body: (UnsafeMutablePointer<Int64>, UnsafeMutablePointer<UInt8>) -> Void
    ) {
        self.sums[sum].withUnsafeMutableBufferPointer { totals in
            self.seen.withUnsafeMutableBufferPointer { seen in
                if let totals = totals.baseAddress, let seen = seen.baseAddress {
                    body(totals, seen)
                }
            }
        }
    }

    /// Adds the sums of another thread for a set of the same plan.
    ///
    /// - Returns: Whether there was space for them.
    mutating func merge(_ other: DenseTotals) -> Bool {
        var moved: [Int] = []
        for time in other.times {
            guard let block = self.block(time) else { return false }
            moved.append(block)
        }
        for (from, to) in moved.enumerated() {
            let source = from * self.width
            let target = to * self.width
            for sum in 0..<self.sumCount {
                for code in 0..<self.width {
                    self.sums[sum][target + code] &+= other.sums[sum][source + code]
                }
            }
            for code in 0..<self.width { self.seen[target + code] |= other.seen[source + code] }
            if self.countsRows {
                for code in 0..<self.width {
                    self.rowCounts[target + code] += other.rowCounts[source + code]
                }
            }
        }
        let width = self.width
        let slot: (Int) -> Int = { moved[$0 / width] * width + $0 % width }
        self.transactions.merge(other.transactions, slot)
        self.products.merge(other.products, slot)
        return true
    }

    /// Returns the group of a slot.
    func key(_ slot: Int) -> GroupKey {
        let time = self.times[slot / self.width]
        var key = GroupKey()
        key.time = time.time
        key.clock = time.clock
        var rest = slot % self.width
        for code in self.codes.reversed() {
            let value = rest % code.count
            rest /= code.count
            switch code.part {
            case .product: key.entity = UInt32(value)
            case .productClass:
                if self.set.hasCategory { key.entity = self.classes?.category(value) ?? 0 }
            case .location: key.location = UInt16(value)
            case .reason: key.reason = UInt8(value)
            case .kind: key.kind = UInt8(value)
            }
        }
        return key
    }
}

extension DenseTotals {
    /// Stops the process unless each block is found by its time, and no sum of its slots exceeds `largest` in
    /// magnitude.
    ///
    /// - Complexity: O(slots)
    func checkInvariants(largest: UInt64) {
        precondition(self.blocks.count == self.times.count, "\(self.blocks.count) blocks")
        for (block, time) in self.times.enumerated() {
            precondition(self.blocks[time] == block, "block \(block) is not found by its time")
        }
        let count = self.usedCount
        precondition(self.mayHaveBlocks(self.times.count), "\(count) slots are too many")
        precondition(self.seen.count >= count, "\(self.seen.count) marks of \(count) slots")
        precondition(
            self.rowCounts.count == (self.countsRows ? self.seen.count : 0),
            "\(self.rowCounts.count) counts of \(self.seen.count) slots"
        )
        for sums in self.sums {
            precondition(sums.count == self.seen.count, "\(sums.count) sums of \(count) slots")
            for slot in sums.indices {
                let isUsed = slot < count && self.seen[slot] != 0
                precondition(isUsed || sums[slot] == 0, "slot \(slot) has a sum and no row")
                precondition(sums[slot].magnitude <= largest, "\(sums[slot]) exceeds \(largest)")
            }
        }
        self.transactions.checkInvariants(slotCount: count)
        self.products.checkInvariants(slotCount: count)
    }
}

/// A part of the code of a group's slot, and its number of values.
struct DenseCode {
    enum Part { case product, productClass, location, reason, kind }

    let part: Part
    let count: Int

    /// Returns the parts of a set's codes, that of products last; a product's category need not be one of
    /// them.
    ///
    /// `classes` are those that slots are made of; `nil` if they are not.
    static func codes(
        of set: GroupingSet,
        _ view: ReadView,
        _ classes: ProductClasses?
    ) -> [DenseCode] {
        var codes: [DenseCode] = []
        func append(_ part: Part, _ count: Int) {
            codes.append(DenseCode(part: part, count: max(count, 1)))
        }
        if set.hasLocation { append(.location, view.tables.locations.rowCount) }
        if set.hasReason { append(.reason, Reason.allCases.count + 1) }
        if set.hasKind { append(.kind, 1 + Int(MovementKind.allCases.map(\.rawValue).max() ?? 0)) }
        if set.hasProduct {
            append(.product, view.tables.products.rowCount)
        } else if let classes {
            append(.productClass, classes.limit)
        }
        return codes
    }
}
