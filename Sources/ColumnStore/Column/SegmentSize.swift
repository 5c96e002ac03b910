/// How many values a segment holds: 8,192 of 8 bytes are 64 KiB, which fits the second-level cache
/// with room to spare and bounds what one write copies when a view still shares the segment.
public enum SegmentSize {
    public static let shift = 13
    public static let capacity = 1 << SegmentSize.shift
    @usableFromInline static let mask = SegmentSize.capacity - 1
}
