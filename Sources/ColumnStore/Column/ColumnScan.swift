internal import Bytes

/// A column that can be scanned: random access by row, and a zone map per segment.
///
/// Scans skip the segments that the zone map excludes, and visit the others value by value, ascending or
/// descending.
public protocol ScannableColumn<Value>: Sendable {
    associatedtype Value: FixedWidthInteger & Sendable
    /// The number of rows.
    var count: Int { get }
    /// The value at `row`, from 0.
    subscript(row: Int) -> Value { get }
    /// Returns bounds of the segment's values, possibly too wide; the segment must have rows.
    func zoneMap(ofSegment segment: Int) -> ZoneMap<Value>
}

extension Column: ScannableColumn {
    /// Returns bounds of the segment's values, possibly too wide; the segment must have rows.
    @inlinable
    public func zoneMap(ofSegment segment: Int) -> ZoneMap<Value> { self.zone(segment) }
}

extension LedgerColumn: ScannableColumn {
    /// Returns the exact bounds of a sealed segment; those of the open one may be too wide.
    @inlinable
    public func zoneMap(ofSegment segment: Int) -> ZoneMap<Value> { self.zone(segment) }
}

extension ScannableColumn {
    /// Visits the rows in segments that may hold a value in a range, segment by segment.
    ///
    /// The visited rows are candidates: the caller checks each value.
    ///
    /// - Parameters:
    ///   - rows: The rows to visit; those that do not exist are ignored.
    ///   - range: The range; `nil` for every value.
    ///   - descending: Whether the last segment comes first.
    ///   - visit: Receives the rows of a segment, and returns whether to continue.
    /// - Complexity: O(segments) for skipped segments, O(rows) for the others.
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

    /// Returns the number of values of `rows` that lie in `range`.
    @inlinable
    public func count(in range: ClosedRange<Value>, rows: Range<Int>? = nil) -> Int {
        var total = 0
        self.scanSegments(of: rows ?? 0..<self.count, mayContain: range) { rows in
            for row in rows where range.contains(self[row]) { total += 1 }
            return true
        }
        return total
    }

    /// Returns the sum of the values of `rows`, or `nil` on overflow.
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
    /// Returns the part's sum in a `StateChecksum`.
    ///
    /// - Parameter part: The part's number.
    /// - Returns: The sum, modulo 2^64.
    /// - Complexity: O(rows)
    public func checksum(ofPart part: UInt32) -> UInt64 {
        var sum = StateChecksum.count(self.count, ofPart: part)
        for segment in 0..<self.imageSegmentCount {
            let first = segment << SegmentSize.shift
            sum &+= self.open(segment).withValues {
                SegmentKernels.checksum($0, ofPart: part, from: first)
            }
        }
        return sum
    }
}

extension LedgerColumn {
    /// Returns the part's sum in a `StateChecksum`; the sums of sealed segments are computed once.
    ///
    /// - Parameter part: The part's number, always the same for a column.
    /// - Returns: The sum, modulo 2^64.
    /// - Complexity: O(segments), and O(rows) of those that were never summed
    public func checksum(ofPart part: UInt32) -> UInt64 {
        var sum = StateChecksum.count(self.count, ofPart: part)
        for (segment, sealed) in self.sealed.enumerated() {
            sum &+= sealed.checksum(ofPart: part, from: segment << SegmentSize.shift)
        }
        let first = self.sealed.count << SegmentSize.shift
        return sum
            &+ self.tail.withValues { SegmentKernels.checksum($0, ofPart: part, from: first) }
    }
}
