public import Bytes

/// What scans need of a column: rows by number, and a zone map a segment.
///
/// Scans pass over the segments whose zone map rules them out, and visit the rest value by value,
/// ascending or descending.
public protocol ScannableColumn<Value>: Sendable {
    associatedtype Value: FixedWidthInteger & Sendable
    var count: Int { get }
    subscript(row: Int) -> Value { get }
    /// The smallest and largest value the segment can hold; only asked for segments with rows.
    func zoneMap(ofSegment segment: Int) -> ZoneMap<Value>
}

extension Column: ScannableColumn {
    @inlinable
    public func zoneMap(ofSegment segment: Int) -> ZoneMap<Value> { self.zone(segment) }
}

extension LedgerColumn: ScannableColumn {
    @inlinable
    public func zoneMap(ofSegment segment: Int) -> ZoneMap<Value> { self.zone(segment) }
}

extension ScannableColumn {
    /// Visits the rows of `rows` whose segments may hold a value in `range`, segment by segment.
    ///
    /// The rows handed out are candidates: the caller looks at each value. The order is that of
    /// `descending`; returning `false` ends the scan.
    ///
    /// - Complexity: O(segments) for what is passed over, O(rows) for the rest.
    @inlinable
    public func scanSegments(
        of rows: Range<Int>,
        mayContain range: ClosedRange<Value>?,
        descending: Bool = false,
        _ visit: (Range<Int>) -> Bool
    ) {
        let rows = rows.clamped(to: 0..<self.count)
        guard !rows.isEmpty else { return }
        let first = rows.lowerBound >> SegmentSize.shift
        let last = (rows.upperBound - 1) >> SegmentSize.shift
        for step in 0...(last - first) {
            let segment = descending ? last - step : first + step
            if let range, !self.zoneMap(ofSegment: segment).mayContain(range) { continue }
            let start = segment << SegmentSize.shift
            if !visit(rows.clamped(to: start..<(start + SegmentSize.capacity))) { return }
        }
    }

    /// How many values of `rows` lie in `range`.
    @inlinable
    public func count(in range: ClosedRange<Value>, rows: Range<Int>? = nil) -> Int {
        var total = 0
        self.scanSegments(of: rows ?? 0..<self.count, mayContain: range) { rows in
            for row in rows where range.contains(self[row]) { total += 1 }
            return true
        }
        return total
    }

    /// The sum of the values of `rows`; nothing if it does not fit.
    @inlinable
    public func sum(rows: Range<Int>? = nil) -> Int64? {
        var total: Int64 = 0
        for row in (rows ?? 0..<self.count).clamped(to: 0..<self.count) {
            guard let value = Int64(exactly: self[row]) else { return nil }
            let (sum, overflow) = total.addingReportingOverflow(value)
            if overflow { return nil }
            total = sum
        }
        return total
    }
}

extension Column {
    /// Feeds every value, in order, into a digest.
    public func digest(into digest: inout StateDigest) {
        digest.feed(UInt64(self.count))
        for segment in 0..<self.imageSegmentCount {
            self.open(segment).withValues { SegmentKernels.feed($0, into: &digest) }
        }
    }
}

extension LedgerColumn {
    /// Feeds every value, in order, into a digest.
    public func digest(into digest: inout StateDigest) {
        digest.feed(UInt64(self.count))
        for segment in self.sealed { segment.withValues { SegmentKernels.feed($0, into: &digest) } }
        self.tail.withValues { SegmentKernels.feed($0, into: &digest) }
    }
}
