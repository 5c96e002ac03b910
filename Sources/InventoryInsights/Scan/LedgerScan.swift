internal import ColumnStore
internal import InventoryEngine
internal import InventoryModel

/// Thresholds of the scan by segments, and its memory limits.
///
/// They do not affect any answer.
package struct ScanLimits: Sendable {
    /// The minimum number of rows; fewer are added one by one, since a scan must create its tables first.
    package var rowsMin = 4_096
    /// The maximum number of slots of one grouping set.
    package var slotsMax = 1 << 22
    /// The maximum bytes of sums of one grouping set.
    package var byteCountMax = 256 << 20
    /// Whether segment aggregates are cached and used.
    package var cachesAggregates = true

    package init() {}
}

/// Aggregates many rows of the ledger, a segment at a time.
///
///     segment ─▶ zone maps ─▶ filters ─▶ sold │ returned ─▶ blocks of time ─▶ slots ─▶ sums
///                (skipped)      (a pick)
///
/// Values common to all rows of a segment (one kind, one day, one location) are detected by the zone map
/// and not checked row by row.
struct LedgerScan {
    let plan: QueryPlan
    let limits: ScanLimits
    let ledger: MovementLedger
    let token: WorkToken?
    var buffers = ScanBuffers()
    let isSales: Bool
    var sets: [DenseTotals]
    var timeKeys: [TimeKey]
    var caches: [BlockCache]
    /// The targets of sums moved out of 64 bits.
    var movedOut: [SetTotals]
    /// The largest possible magnitude of any slot's sums.
    var used: UInt64 = 0
    /// The number of moved sums, to decide whether the scan is efficient.
    var movedOutCount = 0
    var rowCount = 0
    /// Whether there are enough rows to justify the large table of cached blocks.
    var isLong = false
    /// Rows that must be added one by one.
    var left: [Range<Int>] = []
    /// The class of each product, if it is needed.
    let classes: ProductClasses?
    /// The receipts of all rows, if transactions are counted.
    var receipts: Receipts?
    /// The cached segment aggregates, if they apply to the query.
    let cached: CachedSegments?
    /// The aggregates that this scan has computed.
    var found: [Int: SegmentAggregateCache.Finding] = [:]
    let kindMask: [UInt8]
    let reasonMask: [UInt8]

    /// Returns `nil` for a plan with a set of too many groups.
    init?(
        _ plan: QueryPlan,
        of view: ReadView,
        limits: ScanLimits,
        receipts: Receipts?
    ) {
        self.plan = plan
        self.receipts = receipts
        self.limits = limits
        self.ledger = view.tables.ledger
        self.token = view.token
        self.isSales = plan.query.source == .sales
        let needsClasses =
            plan.filter.categories != nil
            || plan.sets.contains {
                $0.hasCategory && !$0.hasProduct || plan.tracksUnits($0)
            }
        let classes = needsClasses ? ProductClasses(view) : nil
        self.classes = classes
        var sets: [DenseTotals] = []
        for set in plan.sets {
            guard
                let totals = DenseTotals(
                    set,
                    plan: plan,
                    of: view,
                    limits: limits,
                    classes: classes
                )
            else { return nil }
            sets.append(totals)
        }
        self.sets = sets
        self.timeKeys = plan.sets.map { TimeKey($0) }
        self.caches = plan.sets.map { _ in BlockCache() }
        self.movedOut = plan.sets.map {
            SetTotals(sumCount: plan.sums.count, tracksUnits: plan.tracksUnits($0))
        }
        self.cached =
            limits.cachesAggregates
            ? CachedSegments(plan, classes: classes, ledger: self.ledger) : nil
        self.kindMask = Self.mask(plan.filter.kinds)
        self.reasonMask = Self.mask(plan.filter.reasons)
    }

    /// Returns a byte for each code that fits a byte, from a bit for each of the first 32.
    static func mask(_ bits: UInt32) -> [UInt8] {
        (0..<256).map { $0 < 32 && bits >> UInt32($0) & 1 == 1 ? 1 : 0 }
    }

    /// Returns the same scan before any row was added, with its own buffers.
    func emptyCopy() -> LedgerScan {
        var scan = self
        scan.buffers = ScanBuffers()
        return scan
    }

    // MARK: - Segments

    static let longRowsMin = 16 * SegmentSize.capacity

    /// Adds rows; the remaining ones are in ``left``.
    mutating func add(_ rows: Range<Int>) throws(Refusal) {
        self.isLong = rows.count >= Self.longRowsMin
        var row = rows.lowerBound
        while row < rows.upperBound {
            try self.token?.checkpoint()
            // The times are so mixed that blocks are moved out after a handful of rows each.
            if self.movedOutCount > 4 * self.rowCount + 4 * self.limits.slotsMax {
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

    /// - Returns: Whether the rows were added: not if their sums alone could exceed 64 bits.
    mutating func add(_ segment: Int, _ offsets: Range<Int>) throws(Refusal) -> Bool {
        if try self.addCached(segment, offsets) { return true }
        guard let pick = self.pick(segment, offsets), pick.count > 0 else { return true }
        guard try self.makeHeadroom(segment, pick.count) else { return false }
        self.rowCount += pick.count
        try self.addPicked(segment, pick)
        return true
    }

    mutating func addPicked(_ segment: Int, _ pick: RowPick) throws(Refusal) {
        guard self.isSales else {
            try self.add(segment, pick: pick, saleRow: nil)
            return
        }
        for (saleRow, rows) in self.split(segment, pick) where rows.count > 0 {
            try self.add(segment, pick: rows, saleRow: saleRow)
        }
    }

    /// Returns the picked rows of sold goods, those of returned ones, and those of late cost.
    func split(_ segment: Int, _ pick: RowPick) -> [(SaleRow, RowPick)] {
        let kinds = self.ledger.kinds.zoneMap(ofSegment: segment)
        if kinds.lowest == kinds.highest, kinds.lowest == MovementKind.sale.rawValue {
            return [(.sold, pick)]
        }
        let buffers = self.buffers
        var counts = (
            sold: self.list(segment, pick: pick, as: .sale, list: buffers.sold),
            returned: self.list(segment, pick: pick, as: .return, list: buffers.returned),
            late: self.list(segment, pick: pick, as: .costVariance, list: buffers.late)
        )
        let undoing = self.list(segment, pick: pick, as: .reversal, list: buffers.undoing)
        for index in 0..<undoing {
            let offset = buffers.undoing[index]
            switch self.ledger.saleRow(segment << SegmentSize.shift + Int(offset)) {
            case .sold:
                buffers.sold[counts.sold] = offset
                counts.sold += 1
            case .returned:
                buffers.returned[counts.returned] = offset
                counts.returned += 1
            case .lateCost:
                buffers.late[counts.late] = offset
                counts.late += 1
            case nil: break
            }
        }
        func list(_ rows: UnsafeMutablePointer<UInt16>, _ count: Int) -> RowPick {
            RowPick.list(UnsafeBufferPointer(start: rows, count: count))
        }
        return [
            (.sold, list(buffers.sold, counts.sold)),
            (.returned, list(buffers.returned, counts.returned)),
            (.lateCost, list(buffers.late, counts.late)),
        ]
    }

    func list(
        _ segment: Int,
        pick: RowPick,
        as kind: MovementKind,
        list: UnsafeMutablePointer<UInt16>
    ) -> Int {
        let raw = Int64(kind.rawValue)
        guard
            self.ledger.kinds.zoneMap(ofSegment: segment).mayContain(kind.rawValue...kind.rawValue)
        else { return 0 }
        return self.ledger.kinds.filter(segment, pick, in: raw...raw, into: list)
    }

    // MARK: - Headroom of the sums

    /// Moves the sums out if they could exceed 64 bits with those of this segment.
    ///
    /// - Returns: Whether those of the segment fit at all.
    mutating func makeHeadroom(_ segment: Int, _ count: Int) throws(Refusal) -> Bool {
        guard let needed = self.headroom(self.plan.sums, segment: segment, count: count) else {
            return false
        }
        try self.makeHeadroom(for: needed)
        return true
    }

    /// Returns the largest possible magnitude of any sum of `count` rows of a segment; `nil` if it could
    /// exceed 64 bits.
    func headroom(_ sums: [Sum], segment: Int, count: Int) -> UInt64? {
        var largest: UInt64 = 0
        for sum in sums {
            largest = max(largest, self.column(of: sum).largestMagnitude(ofSegment: segment))
        }
        let (needed, overflow) = largest.multipliedReportingOverflow(by: UInt64(count))
        return overflow || needed > UInt64(Int64.max) ? nil : needed
    }

    /// Moves the sums out if they could exceed 64 bits with others of that magnitude.
    mutating func makeHeadroom(for needed: UInt64) throws(Refusal) {
        if self.used + needed > UInt64(Int64.max) {
            for index in self.sets.indices { try self.moveOut(index) }
            self.used = 0
        }
        self.used += needed
    }

    mutating func moveOut(_ index: Int) throws(Refusal) {
        self.movedOutCount += self.sets[index].usedCount
        try self.movedOut[index].add(self.sets[index], signs: self.plan.sums.map(\.sign))
        self.sets[index].clear()
        self.caches[index].clear()
    }

    /// Adds the totals of another thread.
    mutating func merge(_ other: LedgerScan) throws(Refusal) {
        let (used, overflow) = self.used.addingReportingOverflow(other.used)
        let fits = !overflow && used <= UInt64(Int64.max)
        self.left += other.left
        self.found.merge(other.found) { $1 }
        for index in self.sets.indices {
            try self.movedOut[index].merge(other.movedOut[index])
            if fits, self.sets[index].merge(other.sets[index]) { continue }
            try self.moveOut(index)
            _ = self.sets[index].merge(other.sets[index])
        }
        self.used = fits ? used : other.used
    }

    /// Stops the process unless there are totals for each set of the plan, and no sum can have exceeded 64 bits.
    ///
    /// - Complexity: O(slots)
    func checkInvariants() {
        let count = self.plan.sets.count
        precondition(self.sets.count == count, "\(self.sets.count) of \(count) sets")
        precondition(self.timeKeys.count == count, "\(self.timeKeys.count) of \(count) times")
        precondition(self.caches.count == count, "\(self.caches.count) of \(count) caches")
        precondition(self.movedOut.count == count, "\(self.movedOut.count) of \(count) targets")
        precondition(self.used <= UInt64(Int64.max), "sums of up to \(self.used)")
        for set in self.sets { set.checkInvariants(largest: self.used) }
        for set in self.movedOut { set.checkInvariants() }
        for cache in self.caches { cache.checkInvariants() }
        precondition(self.left.allSatisfy { !$0.isEmpty }, "no rows are left in a part")
        self.receipts?.checkInvariants()
    }

    /// Returns all totals and ends the scan.
    mutating func finish() throws(Refusal) -> [SetTotals] {
        for index in self.sets.indices { try self.moveOut(index) }
        return self.movedOut
    }
}
