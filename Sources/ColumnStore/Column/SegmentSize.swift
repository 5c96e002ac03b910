/// The capacity of a segment: 8,192 values.
///
/// With 8 bytes each these are 64 KiB, which fit the second-level cache and bound what one write copies
/// while a view shares the segment.
public enum SegmentSize {
    /// The segment of a row is `row >> shift`.
    public static let shift = 13
    /// The number of values in a full segment.
    public static let capacity = 1 << SegmentSize.shift
    @usableFromInline static let mask = SegmentSize.capacity - 1
}
