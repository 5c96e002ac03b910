internal import ColumnStore
internal import Inventory

/// When a scan by segments is worth its while, and how much memory one may take.
///
/// No answer depends on them.
package struct ScanLimits: Sendable {
    /// Rows at least; fewer are added one by one, since a scan has to make its tables first.
    package var rowsMin = 4_096
    /// Slots of one grouping set at most.
    package var slotsMax = 1 << 22
    /// Bytes of sums of one grouping set at most.
    package var byteCountMax = 256 << 20

    package init() {}
}

/// Adds many rows of the ledger at once, a segment at a time.
///
///     segment ─▶ zone maps ─▶ filters ─▶ sold │ returned ─▶ blocks of time ─▶ slots ─▶ sums
///                (passed over)  (a pick)
///
/// What every row of a segment has in common (one kind, one day, one location) is seen in the zone map
/// and not looked at row by row.
struct LedgerScan {
    private let plan: QueryPlan
    private let limits: ScanLimits
    private let ledger: MovementLedger
    private var buffers = ScanBuffers()
    private let isSales: Bool
    private(set) var sets: [DenseTotals]
    private var timeKeys: [TimeKey]
    private var caches: [BlockCache]
    /// Where amounts that were never added to 64 bits went.
    private(set) var poured: [SetTotals]
    /// The largest that the magnitude of any slot's sums can have become.
    private var used: UInt64 = 0
    /// What was poured on the way, to see whether this way is any good.
    private var pouredCount = 0
    private var rowCount = 0
    /// Whether there are rows enough for it to be worth to remember blocks, which takes a large table.
    private var isLong = false
    /// Rows that have to be added one by one.
    private(set) var left: [Range<Int>] = []
    private let categories: [UInt32]
    private let kindMask: [UInt8]
    private let reasonMask: [UInt8]

    /// Nothing for a plan that has a set with too many groups for it.
    init?(_ plan: QueryPlan, _ view: ReadView, _ limits: ScanLimits) {
        self.plan = plan
        self.limits = limits
        self.ledger = view.tables.ledger
        self.isSales = plan.query.source == .sales
        var sets: [DenseTotals] = []
        for set in plan.sets {
            guard let totals = DenseTotals(set, plan, view, limits) else { return nil }
            sets.append(totals)
        }
        self.sets = sets
        self.timeKeys = plan.sets.map { TimeKey($0) }
        self.caches = plan.sets.map { _ in BlockCache() }
        self.poured = plan.sets.map { _ in SetTotals(sumCount: plan.sums.count) }
        let products = view.tables.products
        let needsCategories = plan.sets.contains { $0.hasCategory && !$0.hasProduct }
        self.categories =
            needsCategories ? (0..<products.rowCount).map { products.categories[$0] } : []
        self.kindMask = Self.mask(plan.filter.kinds)
        self.reasonMask = Self.mask(plan.filter.reasons)
    }

    /// A byte for each code that a byte may be, from a bit for each of the first 32.
    private static func mask(_ bits: UInt32) -> [UInt8] {
        (0..<256).map { $0 < 32 && bits >> UInt32($0) & 1 == 1 ? 1 : 0 }
    }

    /// The same scan before any row was added, with room of its own.
    func anew() -> LedgerScan {
        var scan = self
        scan.buffers = ScanBuffers()
        return scan
    }

    // MARK: - Segments

    private static let longRowsMin = 16 * SegmentSize.capacity

    /// Adds rows; those that are left are in ``left``.
    mutating func add(_ rows: Range<Int>) throws(Refusal) {
        self.isLong = rows.count >= Self.longRowsMin
        var row = rows.lowerBound
        while row < rows.upperBound {
            // Times that are so mixed that blocks are poured for a handful of rows each.
            if self.pouredCount > 4 * self.rowCount + 4 * self.limits.slotsMax {
                self.left.append(row..<rows.upperBound)
                return
            }
            let segment = row >> SegmentSize.shift
            let start = segment << SegmentSize.shift
            let end = min(rows.upperBound, start + SegmentSize.capacity)
            if try !self.add(segment, (row - start)..<(end - start)) { self.left.append(row..<end) }
            row = end
        }
    }

    /// - Returns: Whether the rows were added: not if their sums alone could leave 64 bits.
    private mutating func add(_ segment: Int, _ offsets: Range<Int>) throws(Refusal) -> Bool {
        guard let pick = self.pick(segment, offsets), pick.count > 0 else { return true }
        guard try self.makeHeadroom(segment, pick.count) else { return false }
        self.rowCount += pick.count
        try self.addPicked(segment, pick)
        return true
    }

    private mutating func addPicked(_ segment: Int, _ pick: RowPick) throws(Refusal) {
        guard self.isSales else {
            try self.add(segment, pick, isReturn: nil)
            return
        }
        let kinds = self.ledger.kinds.zoneMap(ofSegment: segment)
        if kinds.lowest == kinds.highest, kinds.lowest == MovementKind.sale.rawValue {
            try self.add(segment, pick, isReturn: false)
            return
        }
        var counts = (
            sold: self.list(segment, pick, .sale, self.buffers.sold),
            returned: self.list(segment, pick, .return, self.buffers.returned)
        )
        let undoing = self.list(segment, pick, .reversal, self.buffers.undoing)
        for index in 0..<undoing {
            let offset = self.buffers.undoing[index]
            switch self.ledger.isReturn(segment << SegmentSize.shift + Int(offset)) {
            case .some(false):
                self.buffers.sold[counts.sold] = offset
                counts.sold += 1
            case .some(true):
                self.buffers.returned[counts.returned] = offset
                counts.returned += 1
            case .none: break
            }
        }
        let sold = UnsafeBufferPointer(start: self.buffers.sold, count: counts.sold)
        let returned = UnsafeBufferPointer(start: self.buffers.returned, count: counts.returned)
        if counts.sold > 0 { try self.add(segment, .list(sold), isReturn: false) }
        if counts.returned > 0 { try self.add(segment, .list(returned), isReturn: true) }
    }

    private func list(
        _ segment: Int,
        _ pick: RowPick,
        _ kind: MovementKind,
        _ list: UnsafeMutablePointer<UInt16>
    ) -> Int {
        let raw = Int64(kind.rawValue)
        return self.ledger.kinds.filter(segment, pick, in: raw...raw, into: list)
    }

    // MARK: - Filters

    /// The rows of a segment that count; nothing if none can.
    private func pick(_ segment: Int, _ offsets: Range<Int>) -> RowPick? {
        let filter = self.plan.filter
        let last = max(filter.span.from, filter.span.to - 1)
        var pick = RowPick.run(offsets)
        guard
            self.narrow(&pick, self.ledger.occurredAt, segment, filter.span.from...last),
            self.narrow(&pick, self.ledger.kinds, segment, self.kindMask, isNeeded: true),
            self.narrow(
                &pick,
                self.ledger.reasons,
                segment,
                self.reasonMask,
                isNeeded: filter.reasons != .max
            ),
            self.narrow(
                &pick,
                self.ledger.locations,
                segment,
                filter.locations ?? [],
                isNeeded: filter.locations != nil
            ),
            self.narrow(
                &pick,
                self.ledger.products,
                segment,
                filter.products ?? [],
                isNeeded: filter.products != nil
            ),
            self.narrow(&pick, self.ledger.references, segment, filter.reference.range),
            self.narrow(&pick, self.ledger.actors, segment, filter.actor.range)
        else { return nil }
        return pick
    }

    /// Leaves the rows whose value is in a range.
    ///
    /// - Returns: Whether there are any.
    private func narrow<Value: FixedWidthInteger & Sendable>(
        _ pick: inout RowPick,
        _ column: LedgerColumn<Value>,
        _ segment: Int,
        _ range: ClosedRange<Int64>
    ) -> Bool {
        let zone = column.zoneMap(ofSegment: segment)
        let lowest = Int64(clamping: zone.lowest)
        let highest = Int64(clamping: zone.highest)
        if highest < range.lowerBound || lowest > range.upperBound { return false }
        if range.contains(lowest), range.contains(highest) { return true }
        let count = column.filter(segment, pick, in: range, into: self.buffers.passed)
        pick = .list(UnsafeBufferPointer(start: self.buffers.passed, count: count))
        return count > 0
    }

    /// Leaves the rows whose value is marked.
    ///
    /// - Returns: Whether there are any.
    private func narrow<Value: FixedWidthInteger & Sendable>(
        _ pick: inout RowPick,
        _ column: LedgerColumn<Value>,
        _ segment: Int,
        _ mask: [UInt8],
        isNeeded: Bool
    ) -> Bool {
        guard isNeeded else { return true }
        let zone = column.zoneMap(ofSegment: segment)
        let values = Int(zone.lowest)...Int(zone.highest)
        // A few values are looked up before any row is.
        if values.count <= 16 {
            let marked = values.count(where: { mask[$0] != 0 })
            if marked == 0 { return false }
            if marked == values.count { return true }
        }
        let count = mask.withUnsafeBufferPointer {
            column.filter(segment, pick, mask: $0, into: self.buffers.passed)
        }
        pick = .list(UnsafeBufferPointer(start: self.buffers.passed, count: count))
        return count > 0
    }

    // MARK: - Sums

    private mutating func add(
        _ segment: Int,
        _ pick: RowPick,
        isReturn: Bool?
    ) throws(Refusal) {
        for index in self.sets.indices {
            if self.plan.sets[index].cutsTime {
                try self.addByTime(index, segment, pick, isReturn)
            } else {
                self.add(index, segment, pick, isReturn, block: 0)
            }
        }
    }

    /// Pours what there is if the sums could leave 64 bits with those of this segment.
    ///
    /// - Returns: Whether these fit at all.
    private mutating func makeHeadroom(_ segment: Int, _ count: Int) throws(Refusal) -> Bool {
        var largest: UInt64 = 0
        for sum in self.plan.sums {
            largest = max(largest, self.column(of: sum).largestMagnitude(ofSegment: segment))
        }
        let (needed, overflow) = largest.multipliedReportingOverflow(by: UInt64(count))
        let limit = UInt64(Int64.max)
        guard !overflow, needed <= limit else { return false }
        if self.used + needed > limit {
            for index in self.sets.indices { try self.pour(index) }
            self.used = 0
        }
        self.used += needed
        return true
    }

    mutating func pour(_ index: Int) throws(Refusal) {
        self.pouredCount += self.sets[index].usedCount
        try self.poured[index].pour(self.sets[index], signs: self.plan.sums.map(\.sign))
        self.sets[index].clear()
        self.caches[index].clear()
    }

    /// Adds what another thread came to.
    mutating func merge(_ other: LedgerScan) throws(Refusal) {
        let (used, overflow) = self.used.addingReportingOverflow(other.used)
        let fits = !overflow && used <= UInt64(Int64.max)
        self.left += other.left
        for index in self.sets.indices {
            try self.poured[index].merge(other.poured[index])
            if fits, self.sets[index].merge(other.sets[index]) { continue }
            try self.pour(index)
            _ = self.sets[index].merge(other.sets[index])
        }
        self.used = fits ? used : other.used
    }

    /// Everything that was added, for good.
    mutating func finish() throws(Refusal) -> [SetTotals] {
        for index in self.sets.indices { try self.pour(index) }
        return self.poured
    }

    /// The column that a sum adds up.
    private func column(of sum: Sum) -> LedgerColumn<Int64> {
        switch sum {
        case .soldUnits, .returnedUnits, .onHandChange: self.ledger.onHandDeltas
        case .gross, .returns: self.ledger.amounts
        case .cost, .valueChange: self.ledger.costs
        default: preconditionFailure("\(sum) is not of the ledger")
        }
    }

    /// Adds the rows of one block.
    private mutating func add(
        _ index: Int,
        _ segment: Int,
        _ pick: RowPick,
        _ isReturn: Bool?,
        block: Int
    ) {
        let first = block * self.sets[index].width
        if self.sets[index].codes.isEmpty {
            for (at, sum) in self.plan.sums.enumerated() where sum.takes(isReturn) {
                self.sets[index].add(self.column(of: sum).sum(segment, pick), to: at, of: first)
            }
            self.sets[index].countRows(pick.count, of: first)
            self.countDistinct(index, segment, pick, isReturn) { _ in first }
            return
        }
        self.makeCodes(index, segment, pick)
        self.addSlots(index, segment, pick, isReturn, first: first)
    }

    /// Adds each picked row to its slot, counted from `first`.
    private mutating func addSlots(
        _ index: Int,
        _ segment: Int,
        _ pick: RowPick,
        _ isReturn: Bool?,
        first: Int
    ) {
        let slots = self.buffers.slots
        var isMarked = false
        for (at, sum) in self.plan.sums.enumerated() where sum.takes(isReturn) {
            let column = self.column(of: sum)
            self.sets[index].withTotals(at) { totals, seen in
                column.add(segment, pick, slots: slots, to: totals + first, marking: seen + first)
            }
            isMarked = true
        }
        if !isMarked || self.sets[index].countsRows {
            self.sets[index].countRows(
                UnsafeBufferPointer(start: slots, count: pick.count),
                from: first
            )
        }
        self.countDistinct(index, segment, pick, isReturn) { first + Int(slots[$0]) }
    }

    private func makeCodes(_ index: Int, _ segment: Int, _ pick: RowPick) {
        let slots = self.buffers.slots
        var isFirst = true
        for code in self.sets[index].codes {
            let multiplier = isFirst ? 0 : UInt32(code.count)
            isFirst = false
            switch code.part {
            case .product:
                self.ledger.products.appendCodes(segment, pick, multiplier: multiplier, to: slots)
            case .category:
                self.categories.withUnsafeBufferPointer {
                    self.ledger.products.appendCodes(
                        segment,
                        pick,
                        multiplier: multiplier,
                        map: $0,
                        to: slots
                    )
                }
            case .location:
                self.ledger.locations.appendCodes(segment, pick, multiplier: multiplier, to: slots)
            case .reason:
                self.ledger.reasons.appendCodes(segment, pick, multiplier: multiplier, to: slots)
            case .kind:
                self.ledger.kinds.appendCodes(segment, pick, multiplier: multiplier, to: slots)
            }
        }
    }

    // MARK: - Time

    /// Adds rows to the blocks of when they happened: run by run where rows of one span follow one
    /// another, else each to its own.
    private mutating func addByTime(
        _ index: Int,
        _ segment: Int,
        _ pick: RowPick,
        _ isReturn: Bool?
    ) throws(Refusal) {
        let zone = self.ledger.occurredAt.zoneMap(ofSegment: segment)
        let lowest = max(zone.lowest, self.plan.filter.span.from)
        let highest = min(zone.highest, self.plan.filter.span.to - 1)
        if let block = try self.block(index, lowest, mayPour: true),
            self.timeKeys[index].span.contains(lowest),
            self.timeKeys[index].span.contains(highest)
        {
            self.add(index, segment, pick, isReturn, block: block)
            return
        }
        self.ledger.occurredAt.read(segment, pick, into: self.buffers.values)
        try self.addMixed(index, segment, pick, isReturn)
    }

    /// Adds rows whose times were read: a long run of one span as a block, what lies between such runs
    /// row by row.
    private mutating func addMixed(
        _ index: Int,
        _ segment: Int,
        _ pick: RowPick,
        _ isReturn: Bool?
    ) throws(Refusal) {
        let times = self.buffers.values
        let width = UInt32(self.sets[index].width)
        // Rows from here on have their blocks noted and are not added yet.
        var pending = 0
        var row = 0
        while row < pick.count {
            let block: Int
            if let known = try self.block(index, times[row], mayPour: false) {
                block = known
            } else {
                self.addPending(index, segment, pick.part(pending..<row), isReturn, from: pending)
                pending = row
                try self.pour(index)
                continue
            }
            var end = row + 1
            if self.timeKeys[index].span.contains(times[row]) {
                let span = self.timeKeys[index].span
                while end < pick.count, span.contains(times[end]) { end += 1 }
            }
            if end - row >= Self.runMin {
                self.addPending(index, segment, pick.part(pending..<row), isReturn, from: pending)
                self.add(index, segment, pick.part(row..<end), isReturn, block: block)
                pending = end
            } else {
                for at in row..<end { self.buffers.blocks[at] = UInt32(block) &* width }
            }
            row = end
        }
        self.addPending(index, segment, pick.part(pending..<row), isReturn, from: pending)
    }

    /// Rows of one span that are worth to be added at once.
    private static let runMin = 128

    /// Adds rows each to the block that was noted for it, from `start` on.
    private mutating func addPending(
        _ index: Int,
        _ segment: Int,
        _ pick: RowPick,
        _ isReturn: Bool?,
        from start: Int
    ) {
        guard pick.count > 0 else { return }
        let slots = self.buffers.slots
        let blocks = self.buffers.blocks + start
        if self.sets[index].codes.isEmpty {
            for row in 0..<pick.count { slots[row] = blocks[row] }
        } else {
            self.makeCodes(index, segment, pick)
            for row in 0..<pick.count { slots[row] &+= blocks[row] }
        }
        self.addSlots(index, segment, pick, isReturn, first: 0)
    }

    /// The block that an instant lies in; nothing if there is no room for one.
    private mutating func block(
        _ index: Int,
        _ instant: Int64,
        mayPour: Bool
    ) throws(Refusal) -> Int? {
        if !self.timeKeys[index].span.contains(instant) {
            if let known = self.caches[index].block(instant) { return Int(known) }
            self.timeKeys[index].move(to: instant, self.plan.calendar)
        }
        if let block = self.sets[index].block(self.blockTime(index)) {
            if self.isLong { self.remember(index, block, instant) }
            return block
        }
        guard mayPour else { return nil }
        try self.pour(index)
        return self.sets[index].block(self.blockTime(index))
    }

    private func blockTime(_ index: Int) -> DenseTotals.BlockTime {
        DenseTotals.BlockTime(
            time: self.timeKeys[index].time,
            clock: self.timeKeys[index].clock
        )
    }

    /// Notes the blocks of an instant's cell, if they are one or two and there is room for both.
    private mutating func remember(_ index: Int, _ block: Int, _ instant: Int64) {
        guard self.caches[index].block(instant) == nil else { return }
        let cell = BlockCache.span(instant)
        let span = self.timeKeys[index].span
        if span.from <= cell.from, cell.to <= span.to {
            self.caches[index].note(UInt32(block), upTo: .max, UInt32(block), at: instant)
            return
        }
        let isFirst = span.from <= cell.from
        var other = self.timeKeys[index]
        other.move(to: isFirst ? span.to : cell.from, self.plan.calendar)
        // One border: the other span has all of the cell that this one does not.
        guard isFirst ? other.span.to >= cell.to : other.span.to >= span.from && span.to >= cell.to,
            let second = self.sets[index].block(
                DenseTotals.BlockTime(time: other.time, clock: other.clock)
            )
        else { return }
        self.caches[index].note(
            UInt32(isFirst ? block : second),
            upTo: isFirst ? span.to : span.from,
            UInt32(isFirst ? second : block),
            at: instant
        )
    }

    // MARK: - Different values

    private mutating func countDistinct(
        _ index: Int,
        _ segment: Int,
        _ pick: RowPick,
        _ isReturn: Bool?,
        _ slot: (Int) -> Int
    ) {
        let first = segment << SegmentSize.shift
        if self.plan.countsProducts {
            for at in 0..<pick.count {
                let product = self.ledger.products[first + pick.offset(at)]
                self.sets[index].products.insert(UInt64(product), slot(at))
            }
        }
        guard self.plan.countsTransactions, isReturn == false else { return }
        for at in 0..<pick.count {
            let row = first + pick.offset(at)
            guard self.ledger.kinds[row] == MovementKind.sale.rawValue else { continue }
            self.sets[index].transactions.insert(self.ledger.transaction(row), slot(at))
        }
    }
}

extension Sum {
    /// Whether rows of sold or of returned goods are among what it adds up; nothing is known of rows of
    /// other sources.
    func takes(_ isReturn: Bool?) -> Bool {
        switch self {
        case .soldUnits, .gross: isReturn == false
        case .returnedUnits, .returns: isReturn == true
        default: true
        }
    }

    /// The sign with which it takes what its column of the ledger has.
    var sign: Int128 {
        switch self {
        case .soldUnits, .returns, .cost: -1
        default: 1
        }
    }
}

extension RowPick {
    func offset(_ index: Int) -> Int {
        switch self {
        case .run(let run): run.lowerBound + index
        case .list(let list): Int(list[index])
        }
    }

    /// Some of the picked rows, by where they are among them.
    func part(_ range: Range<Int>) -> RowPick {
        switch self {
        case .run(let run):
            .run((run.lowerBound + range.lowerBound)..<(run.lowerBound + range.upperBound))
        case .list(let list): .list(UnsafeBufferPointer(rebasing: list[range]))
        }
    }
}
