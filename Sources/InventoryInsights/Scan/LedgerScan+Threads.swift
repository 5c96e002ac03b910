internal import Bytes
internal import ColumnStore
internal import Dispatch
internal import InventoryEngine
internal import InventoryModel

extension LedgerScan {
    /// Scans rows with several threads.
    ///
    /// - Returns: The totals of all threads; `nil` for a plan that is not scanned by segments.
    static func run(
        _ plan: QueryPlan,
        of view: ReadView,
        rows: Range<Int>,
        limits: ScanLimits,
        receipts: Receipts?,
        threads: Int
    ) throws(Refusal) -> LedgerScan? {
        guard var whole = LedgerScan(plan, of: view, limits: limits, receipts: receipts) else {
            return nil
        }
        let rows = Self.trimmed(rows, plan: plan, times: view.tables.ledger.occurredAt)
        let parts = Self.parts(of: rows, threads: threads)
        guard parts.count > 1 else {
            try whole.add(rows)
            whole.cacheFindings()
            return whole
        }
        let results = Guarded<[Result<LedgerScan, Refusal>?]>(parts.map { _ in nil })
        let empty = whole
        DispatchQueue.concurrentPerform(iterations: parts.count) { index in
            let result = Result { () throws(Refusal) -> LedgerScan in
                var scan = empty.emptyCopy()
                try scan.add(parts[index])
                return scan
            }
            results.withLock { $0[index] = result }
        }
        for result in results.withLock({ $0 }) {
            if let result { try whole.merge(result.get()) }
        }
        whole.cacheFindings()
        return whole
    }

    /// Returns the rows without segments outside of the window at both ends, so that threads share the actual
    /// work.
    private static func trimmed(
        _ rows: Range<Int>,
        plan: QueryPlan,
        times: LedgerColumn<Int64>
    ) -> Range<Int> {
        let span = plan.filter.span
        let inWindow = span.from...max(span.from, span.to - 1)
        var rows = rows
        while let first = rows.first {
            let segment = first >> SegmentSize.shift
            if times.zoneMap(ofSegment: segment).mayContain(inWindow) { break }
            rows = min(rows.upperBound, (segment + 1) << SegmentSize.shift)..<rows.upperBound
        }
        while let last = rows.last {
            let segment = last >> SegmentSize.shift
            if times.zoneMap(ofSegment: segment).mayContain(inWindow) { break }
            rows = rows.lowerBound..<max(rows.lowerBound, segment << SegmentSize.shift)
        }
        return rows
    }

    /// Divides rows into as many parts as threads, at segment boundaries.
    private static func parts(of rows: Range<Int>, threads: Int) -> [Range<Int>] {
        guard !rows.isEmpty else { return [] }
        let first = rows.lowerBound >> SegmentSize.shift
        let end = (rows.upperBound - 1) >> SegmentSize.shift + 1
        let count = max(1, min(threads, end - first))
        return (0..<count).map { part in
            let from = (first + (end - first) * part / count) << SegmentSize.shift
            let to = (first + (end - first) * (part + 1) / count) << SegmentSize.shift
            return max(from, rows.lowerBound)..<min(to, rows.upperBound)
        }
    }
}
