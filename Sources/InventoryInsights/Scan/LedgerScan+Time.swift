internal import ColumnStore
internal import InventoryEngine
internal import InventoryModel

/// Adding rows to the blocks of their times.
extension LedgerScan {
    /// Adds rows to the blocks of their times: run by run if consecutive rows belong to one span, else each
    /// to its own.
    mutating func addByTime(
        _ index: Int,
        segment: Int,
        pick: RowPick,
        saleRow: SaleRow?
    ) throws(Refusal) {
        let zone = self.ledger.occurredAt.zoneMap(ofSegment: segment)
        let lowest = max(zone.lowest, self.plan.filter.span.from)
        let highest = min(zone.highest, self.plan.filter.span.to - 1)
        if let block = try self.block(index, lowest, mayPour: true),
            self.timeKeys[index].span.contains(lowest),
            self.timeKeys[index].span.contains(highest)
        {
            self.add(index, segment: segment, pick: pick, saleRow: saleRow, block: block)
            return
        }
        self.ledger.occurredAt.read(segment, pick, into: self.buffers.values)
        try self.addMixed(index, segment: segment, pick: pick, saleRow: saleRow)
    }

    /// Adds rows whose times were read: a long run of one span as a block, the rows between such runs one
    /// by one.
    private mutating func addMixed(
        _ index: Int,
        segment: Int,
        pick: RowPick,
        saleRow: SaleRow?
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
                self.addPending(
                    index,
                    segment: segment,
                    pick: pick.part(pending..<row),
                    saleRow: saleRow,
                    from: pending
                )
                pending = row
                try self.moveOut(index)
                continue
            }
            var end = row + 1
            if self.timeKeys[index].span.contains(times[row]) {
                let span = self.timeKeys[index].span
                while end < pick.count, span.contains(times[end]) { end += 1 }
            }
            if end - row >= Self.runMin {
                self.addPending(
                    index,
                    segment: segment,
                    pick: pick.part(pending..<row),
                    saleRow: saleRow,
                    from: pending
                )
                self.add(
                    index,
                    segment: segment,
                    pick: pick.part(row..<end),
                    saleRow: saleRow,
                    block: block
                )
                pending = end
            } else {
                for at in row..<end { self.buffers.blocks[at] = UInt32(block) &* width }
            }
            row = end
        }
        self.addPending(
            index,
            segment: segment,
            pick: pick.part(pending..<row),
            saleRow: saleRow,
            from: pending
        )
    }

    /// The minimum number of rows of one span that are added at once.
    private static let runMin = 128

    /// Adds rows from `start`, each to the block noted for it.
    private mutating func addPending(
        _ index: Int,
        segment: Int,
        pick: RowPick,
        saleRow: SaleRow?,
        from start: Int
    ) {
        guard pick.count > 0 else { return }
        let slots = self.buffers.slots
        let blocks = self.buffers.blocks + start
        if self.sets[index].codes.isEmpty {
            for row in 0..<pick.count { slots[row] = blocks[row] }
        } else {
            self.makeCodes(index, segment: segment, pick: pick)
            for row in 0..<pick.count { slots[row] &+= blocks[row] }
        }
        self.addSlots(index, segment: segment, pick: pick, saleRow: saleRow, first: 0)
    }

    /// Returns the block of an instant; `nil` if there is no space for it.
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
            if self.isLong { self.remember(index, block: block, instant: instant) }
            return block
        }
        guard mayPour else { return nil }
        try self.moveOut(index)
        return self.sets[index].block(self.blockTime(index))
    }

    func blockTime(_ index: Int) -> DenseTotals.BlockTime {
        DenseTotals.BlockTime(
            time: self.timeKeys[index].time,
            clock: self.timeKeys[index].clock
        )
    }

    /// Caches the blocks of an instant's cell, if they are one or two and there is space for both.
    private mutating func remember(_ index: Int, block: Int, instant: Int64) {
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
        // One border: the other span covers the rest of the cell.
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
}
