internal import ColumnStore
internal import InventoryEngine
internal import InventoryModel

/// How sums that were kept of whole segments serve one question about sales.
///
/// They serve a segment of which every row passes the filter, as its zone maps tell, but for that of
/// categories; in grouping sets that make one group of it, or one for each class of products.
final class CachedSegments: Sendable {
    /// What was known when the scan began.
    let known: SegmentAggregateCache.Findings
    /// The class of each product; `nil` if sums of whole segments will do.
    let classes: ProductClasses?
    /// By class: 1 for those that count; `nil` if all do.
    let marks: [UInt8]?
    /// The sums that the question is made of, a bit for each.
    let kinds: UInt32

    /// Nothing for a question that kept sums cannot serve.
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

    /// The sum of the values of those classes that count, wrapping.
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
    /// Adds a whole segment by what is known about it, or by what is found out for the next time.
    ///
    /// - Returns: Whether it was done.
    mutating func addCached(_ segment: Int, _ offsets: Range<Int>) throws(Refusal) -> Bool {
        guard let kept = self.kept, offsets.count == SegmentSize.capacity,
            self.takesAll(segment), self.isOfOneBlock(segment),
            let finding = self.finding(segment, kept)
        else { return false }
        try self.makeHeadroom(for: finding.headroom)
        self.rowCount += offsets.count
        for index in self.sets.indices {
            guard let block = try self.block(index) else { return false }
            self.sets[index].add(finding, of: self.plan.sums, to: block, kept)
        }
        return true
    }

    /// Whether every row of a segment passes the filter, but for that of products.
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

    /// Whether every set that cuts time has all of a segment in one block, to which its time key moves.
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

    /// The block that a set's time key is at; nothing if there is no room for one at all.
    private mutating func block(_ index: Int) throws(Refusal) -> Int? {
        guard self.plan.sets[index].cutsTime else { return 0 }
        if let block = self.sets[index].block(self.blockTime(index)) { return block }
        try self.pour(index)
        return self.sets[index].block(self.blockTime(index))
    }

    // MARK: - Finding out

    /// What there is to know of a segment for this question; nothing for an open one.
    private mutating func finding(
        _ segment: Int,
        _ kept: CachedSegments
    ) -> SegmentAggregateCache.Finding? {
        let known = kept.known[segment, self.ledger.products]
        if let known, known.kinds & kept.kinds == kept.kinds { return known }
        // One more kind of sum is found out together with those that are known.
        let kinds = kept.kinds | (known?.kinds ?? 0)
        let sums = Sum.allCases.filter { kinds >> UInt32($0.rawValue) & 1 == 1 }
        guard let headroom = self.headroom(sums, segment: segment, count: SegmentSize.capacity)
        else { return nil }
        let room = self.buffers.groups
        room.begin(codes: kept.classes?.limit ?? 1, sums: sums.count)
        for (saleRow, rows) in self.split(segment, .run(0..<SegmentSize.capacity)) {
            self.addGroups(
                segment,
                pick: rows,
                classes: kept.classes?.map,
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
                room
            )
        else { return nil }
        self.found[segment] = finding
        return finding
    }

    /// Adds the picked rows for each class, or all of them together.
    private func addGroups(
        _ segment: Int,
        pick: RowPick,
        classes: CodeMap?,
        sums: [Sum],
        saleRow: SaleRow
    ) {
        let room = self.buffers.groups
        if let classes {
            self.ledger.products.addGroups(
                segment,
                pick,
                by: classes,
                of: self.columns(of: sums, saleRow),
                to: room
            )
            return
        }
        room[0][0] += Int64(pick.count)
        for (column, row) in self.columns(of: sums, saleRow) {
            room[row][0] &+= column.sum(segment, pick)
        }
    }

    /// The columns of those sums that such rows of sales are part of, and their rows in
    /// a room for all of them.
    func columns(
        of sums: [Sum],
        _ saleRow: SaleRow?
    ) -> [(column: LedgerColumn<Int64>, row: Int)] {
        sums.indices.filter { sums[$0].takes(saleRow) }.map { (self.column(of: sums[$0]), 1 + $0) }
    }

    /// Keeps what was found out, for later questions.
    func keepFound() {
        guard let kept = self.kept else { return }
        self.ledger.aggregateCache.keep(
            self.found,
            wholeSegments: kept.classes == nil,
            after: kept.known
        )
    }
}

extension DenseTotals {
    /// Adds what is known about a whole segment to the slots of one block.
    fileprivate mutating func add(
        _ finding: SegmentAggregateCache.Finding,
        of sums: [Sum],
        to block: Int,
        _ kept: CachedSegments
    ) {
        let first = block * self.width
        if self.isByClass {
            finding.withCounts { self.countRows($0, from: first, where: kept.takes) }
            for (at, sum) in sums.enumerated() {
                finding.withSums(sum.rawValue) {
                    self.add($0, to: at, from: first, where: kept.takes)
                }
            }
        } else {
            let count = finding.withCounts { kept.sum($0) }
            guard count > 0 else { return }
            self.countRows(Int(count), of: first)
            for (at, sum) in sums.enumerated() {
                self.add(finding.withSums(sum.rawValue) { kept.sum($0) }, to: at, of: first)
            }
        }
    }
}
