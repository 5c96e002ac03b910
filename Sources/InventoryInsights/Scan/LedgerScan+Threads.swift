internal import ColumnStore
internal import Dispatch
internal import Inventory
internal import Synchronization

extension LedgerScan {
    /// Scans rows by so many threads.
    ///
    /// - Returns: What all of them came to; nothing for a plan that is not scanned by segments.
    static func run(
        _ plan: QueryPlan,
        _ view: ReadView,
        _ rows: Range<Int>,
        _ limits: ScanLimits,
        threads: Int
    ) throws(Refusal) -> LedgerScan? {
        guard var whole = LedgerScan(plan, view, limits) else { return nil }
        let parts = Self.parts(of: rows, threads: threads)
        guard parts.count > 1 else {
            try whole.add(rows)
            return whole
        }
        let results = Mutex<[Result<LedgerScan, Refusal>?]>(parts.map { _ in nil })
        let empty = whole
        DispatchQueue.concurrentPerform(iterations: parts.count) { index in
            let result = Result { () throws(Refusal) -> LedgerScan in
                var scan = empty.anew()
                try scan.add(parts[index])
                return scan
            }
            results.withLock { $0[index] = result }
        }
        for result in results.withLock({ $0 }) {
            if let result { try whole.merge(result.get()) }
        }
        return whole
    }

    /// Cuts rows into as many parts as there are threads, at the borders of segments.
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
