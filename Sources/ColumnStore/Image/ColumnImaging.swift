public import Bytes

/// A column as the disk sees it: a run of numbered segments, each of which can be written as bytes
/// and says when it last changed.
///
/// A snapshot writes only segments that changed since the last one; that is what epochs are for.
/// The writer of a snapshot asks the tables to begin a new epoch when it takes its view. From then
/// on a segment whose ``imageSegmentEpoch(_:)`` is at most the epoch of an earlier snapshot has the
/// very bytes that snapshot wrote, so the new snapshot refers to them.
///
/// The bytes depend on the values alone, never on the order of writes or on sharing with a view.
public protocol ColumnImaging: Sendable {
    /// How many segments the column has; all but the last are full.
    var imageSegmentCount: Int { get }

    /// The number of bytes in one value of the segments' bytes, for byte-shuffling: 1, 2, 4 or 8.
    func imageSegmentStride(_ segment: Int) -> Int

    /// The epoch in which the segment last changed; 0 if it came from a snapshot unchanged.
    func imageSegmentEpoch(_ segment: Int) -> UInt64

    /// Appends the segment's bytes to `writer`.
    ///
    /// - Complexity: O(values in a segment)
    func writeImageSegment(_ segment: Int, into writer: inout ByteWriter)

    /// Appends a segment read back from a snapshot; segments arrive in order. A segment that
    /// follows a short one, or bytes that are no segment of this column, are an error.
    mutating func appendImageSegment(_ reader: inout ByteReader) throws(ByteReaderError)

    /// Feeds every value, in order, into a digest: the same for the same values, however they lie
    /// in memory.
    func digest(into digest: inout StateDigest)

    /// Starts a new epoch: later changes are told from those before.
    ///
    /// - Complexity: O(1)
    mutating func beginEpoch(_ epoch: UInt64)
}
