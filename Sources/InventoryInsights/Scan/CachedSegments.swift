internal import ColumnStore
internal import InventoryEngine
internal import InventoryModel

/// The use of cached segment aggregates by one query about sales.
///
/// They apply to a segment whose rows all pass the filter according to its zone maps, except for the filter
/// of categories; in grouping sets that make it one group, or one for each class of products.
final class CachedSegments: Sendable {
    /// The findings at the start of the scan.
    let known: SegmentAggregateCache.Findings
    /// The class of each product; `nil` if sums of whole segments suffice.
    let classes: ProductClasses?
    /// By class: 1 if it matches; `nil` if all do.
    let marks: [UInt8]?
    /// The sums of the query, one bit each.
    let kinds: UInt32

    /// Returns `nil` for a query to which cached sums do not apply.
    init?(_ plan: QueryPlan, classes: ProductClasses?, ledger: MovementLedger) {
        let filter = plan.filter
        guard plan.query.source == .sales, !plan.countsTransactions, !plan.countsProducts,
            plan.sets.allSatisfy({ $0.isByCategoryAtMost }),
            filter.products == nil || filter.categories != nil,
            [MovementKind.sale, .return, .reversal, .costVariance].allSatisfy({
                filter.kinds >> UInt32($0.rawValue) & 1 == 1
            })
        else { return nil }
        if let classes, classes.limit > SegmentAggregateCache.codesMax { return nil }
        self.classes = classes
        self.marks = filter.categories.flatMap { classes?.marks($0) }
        self.kinds = plan.sums.reduce(0) { $0 | 1 << UInt32($1.rawValue) }
        if let classes {
            self.known = ledger.aggregateCache.byCode(of: classes.map)
        } else {
            self.known = ledger.aggregateCache.whole
        }
    }

    @inline(__always)
    func takes(_ number: Int) -> Bool {
        guard let marks = self.marks else { return true }
        return number < marks.count && marks[number] != 0
    }

    /// Returns the sum of the values of matching classes, wrapping.
    func sum(_ values: UnsafeBufferPointer<Int64>) -> Int64 {
        var sum: Int64 = 0
        for number in values.indices where self.takes(number) { sum &+= values[number] }
        return sum
    }
}

extension GroupingSet {
    /// Whether it has no dimensions but the category and time.
    fileprivate var isByCategoryAtMost: Bool {
        !self.hasProduct && !self.hasLocation && !self.hasReason && !self.hasKind
    }
}

extension LedgerScan {
    /// Adds a whole segment from the cache, or after computing its aggregates for the cache.
    ///
    /// - Returns: Whether it was done.
    mutating func addCached(_ segment: Int, _ offsets: Range<Int>) throws(Refusal) -> Bool {
        guard let cached = self.cached, offsets.count == SegmentSize.capacity,
            self.takesAll(segment), self.isOfOneBlock(segment),
            let finding = self.finding(segment, cached)
        else { return false }
        try self.makeHeadroom(for: finding.headroom)
        self.rowCount += offsets.count
        for index in self.sets.indices {
            guard let block = try self.block(index) else { return false }
            self.sets[index].add(finding, of: self.plan.sums, to: block, cached)
        }
        return true
    }

    /// Whether every row of a segment passes the filter, except for that of products.
    private func takesAll(_ segment: Int) -> Bool {
        let filter = self.plan.filter
        func isWithin<Value>(_ column: LedgerColumn<Value>, _ range: ClosedRange<Int64>) -> Bool {
            let zone = column.zoneMap(ofSegment: segment)
            return Int64(clamping: zone.lowest) >= range.lowerBound
                && Int64(clamping: zone.highest) <= range.upperBound
        }
        func isOne<Value>(_ column: LedgerColumn<Value>, of marks: [UInt8]) -> Bool {
            let zone = column.zoneMap(ofSegment: segment)
            return zone.lowest == zone.highest && marks[Int(zone.lowest)] != 0
        }
        let zone = self.ledger.occurredAt.zoneMap(ofSegment: segment)
        return filter.span.contains(zone.lowest) && filter.span.contains(zone.highest)
            && (filter.reasons == .max || isOne(self.ledger.reasons, of: self.reasonMask))
            && filter.locations.map { isOne(self.ledger.locations, of: $0) } ?? true
            && (filter.reference.takesAll
                || isWithin(self.ledger.references, filter.reference.range))
            && (filter.actor.takesAll || isWithin(self.ledger.actors, filter.actor.range))
    }

    /// Whether every set with a time dimension has the whole segment in one block, to which its time key
    /// moves.
    private mutating func isOfOneBlock(_ segment: Int) -> Bool {
        let zone = self.ledger.occurredAt.zoneMap(ofSegment: segment)
        for index in self.sets.indices where self.plan.sets[index].cutsTime {
            if !self.timeKeys[index].span.contains(zone.lowest) {
                self.timeKeys[index].move(to: zone.lowest, self.plan.calendar)
            }
            guard self.timeKeys[index].span.contains(zone.highest) else { return false }
        }
        return true
    }

    /// Returns the block of a set's time key; `nil` if there is no space for it.
    private mutating func block(_ index: Int) throws(Refusal) -> Int? {
        guard self.plan.sets[index].cutsTime else { return 0 }
        if let block = self.sets[index].block(self.blockTime(index)) { return block }
        try self.moveOut(index)
        return self.sets[index].block(self.blockTime(index))
    }

    // MARK: - Computing

    /// Returns the aggregates of a segment for this query; `nil` for an open one.
    private mutating func finding(
        _ segment: Int,
        _ cached: CachedSegments
    ) -> SegmentAggregateCache.Finding? {
        let known = cached.known[segment, self.ledger.products]
        if let known, known.kinds & cached.kinds == cached.kinds { return known }
        // A new kind of sum is computed together with the known ones.
        let kinds = cached.kinds | (known?.kinds ?? 0)
        let sums = Sum.allCases.filter { kinds >> UInt32($0.rawValue) & 1 == 1 }
        guard let headroom = self.headroom(sums, segment: segment, count: SegmentSize.capacity)
        else { return nil }
        let space = self.buffers.groups
        space.begin(codes: cached.classes?.limit ?? 1, sums: sums.count)
        for (saleRow, rows) in self.split(segment, .run(0..<SegmentSize.capacity)) {
            self.addGroups(
                segment,
                pick: rows,
                classes: cached.classes?.map,
                sums: sums,
                saleRow: saleRow
            )
        }
        guard
            let finding = SegmentAggregateCache.Finding(
                segment,
                of: self.ledger.products,
                kinds: kinds,
                headroom: headroom,
                space
            )
        else { return nil }
        self.found[segment] = finding
        return finding
    }

    /// Adds the picked rows by class, or all of them together.
    private func addGroups(
        _ segment: Int,
        pick: RowPick,
        classes: CodeMap?,
        sums: [Sum],
        saleRow: SaleRow
    ) {
        let space = self.buffers.groups
        if let classes {
            self.ledger.products.addGroups(
                segment,
                pick,
                by: classes,
                of: self.columns(of: sums, saleRow),
                to: space
            )
            return
        }
        space[0][0] += Int64(pick.count)
        for (column, row) in self.columns(of: sums, saleRow) {
            space[row][0] &+= column.sum(segment, pick)
        }
    }

    /// Returns the columns of those sums that include such rows of sales, and their rows in a group space.
    func columns(
        of sums: [Sum],
        _ saleRow: SaleRow?
    ) -> [(column: LedgerColumn<Int64>, row: Int)] {
        sums.indices.filter { sums[$0].takes(saleRow) }.map { (self.column(of: sums[$0]), 1 + $0) }
    }

    /// Caches the computed aggregates for later queries.
    func cacheFindings() {
        guard let cached = self.cached else { return }
        self.ledger.aggregateCache.keep(
            self.found,
            wholeSegments: cached.classes == nil,
            after: cached.known
        )
    }
}

extension DenseTotals {
    /// Adds the aggregates of a whole segment to the slots of one block.
    fileprivate mutating func add(
        _ finding: SegmentAggregateCache.Finding,
        of sums: [Sum],
        to block: Int,
        _ cached: CachedSegments
    ) {
        let first = block * self.width
        if self.isByClass {
            finding.withCounts { self.countRows($0, from: first, where: cached.takes) }
            for (at, sum) in sums.enumerated() {
                finding.withSums(sum.rawValue) {
                    self.add($0, to: at, from: first, where: cached.takes)
                }
            }
        } else {
            let count = finding.withCounts { cached.sum($0) }
            guard count > 0 else { return }
            self.countRows(Int(count), of: first)
            for (at, sum) in sums.enumerated() {
                self.add(finding.withSums(sum.rawValue) { cached.sum($0) }, to: at, of: first)
            }
        }
    }
}
