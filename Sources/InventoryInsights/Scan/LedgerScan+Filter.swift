internal import ColumnStore
internal import InventoryEngine
internal import InventoryModel

/// Filtering of a segment's rows: zone maps first, then column by column, each on the rows that passed
/// before.
extension LedgerScan {
    /// Returns the matching rows of a segment; `nil` if none can match.
    func pick(_ segment: Int, _ offsets: Range<Int>) -> RowPick? {
        let filter = self.plan.filter
        let last = max(filter.span.from, filter.span.to - 1)
        var pick = RowPick.run(offsets)
        guard
            self.narrow(
                &pick,
                column: self.ledger.occurredAt,
                segment: segment,
                range: filter.span.from...last
            ),
            self.narrow(
                &pick,
                column: self.ledger.kinds,
                segment: segment,
                mask: self.kindMask,
                isNeeded: true
            ),
            self.narrow(
                &pick,
                column: self.ledger.reasons,
                segment: segment,
                mask: self.reasonMask,
                isNeeded: filter.reasons != .max
            ),
            self.narrow(
                &pick,
                column: self.ledger.locations,
                segment: segment,
                mask: filter.locations ?? [],
                isNeeded: filter.locations != nil
            ),
            self.narrow(
                &pick,
                column: self.ledger.products,
                segment: segment,
                mask: filter.products ?? [],
                isNeeded: filter.products != nil
            ),
            self.narrow(
                &pick,
                column: self.ledger.references,
                segment: segment,
                range: filter.reference.range
            ),
            self.narrow(
                &pick,
                column: self.ledger.actors,
                segment: segment,
                range: filter.actor.range
            )
        else { return nil }
        return pick
    }

    /// Keeps the rows whose value is in a range.
    ///
    /// - Returns: Whether there are any.
    private func narrow<Value: FixedWidthInteger & Sendable>(
        _ pick: inout RowPick,
        column: LedgerColumn<Value>,
        segment: Int,
        range: ClosedRange<Int64>
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

    /// Keeps the rows whose value is marked.
    ///
    /// - Returns: Whether there are any.
    private func narrow<Value: FixedWidthInteger & Sendable>(
        _ pick: inout RowPick,
        column: LedgerColumn<Value>,
        segment: Int,
        mask: [UInt8],
        isNeeded: Bool
    ) -> Bool {
        guard isNeeded else { return true }
        let zone = column.zoneMap(ofSegment: segment)
        let values = Int(zone.lowest)...Int(zone.highest)
        // A few values are checked before any row.
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
}
