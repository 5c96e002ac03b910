public import Bytes

/// The view of a column that snapshots use: numbered segments, each with its bytes and the epoch of its last
/// change.
///
/// A snapshot writes only segments that changed since the last one, according to their epochs. The
/// writer of a snapshot starts a new epoch in the tables when it creates its view. From then on, a segment
/// whose ``imageSegmentEpoch(_:)`` is at most the epoch of an earlier snapshot has the bytes that this
/// snapshot wrote, so the new snapshot refers to them.
///
/// The bytes depend only on the values, not on the order of writes or on sharing with a view.
public protocol ColumnImaging: Sendable {
    /// The number of rows; `nil` if it does not have a value for each row of a table.
    var imageRowCount: Int? { get }

    /// The number of segments; all but the last are full.
    var imageSegmentCount: Int { get }

    /// Returns the byte count of one value in the segment's bytes, for byte-shuffling: 1, 2, 4 or 8.
    func imageSegmentStride(_ segment: Int) -> Int

    /// Returns the epoch in which the segment last changed; 0 if it came from a snapshot unchanged.
    func imageSegmentEpoch(_ segment: Int) -> UInt64

    /// Appends the segment's bytes to `writer`.
    ///
    /// - Complexity: O(values in a segment)
    func writeImageSegment(_ segment: Int, into writer: inout ByteWriter)

    /// Appends a segment read back from a snapshot, in order.
    ///
    /// It throws if the preceding segment is not full, or if the bytes are no segment of this column.
    mutating func appendImageSegment(_ reader: inout ByteReader) throws(ByteReaderError)

    /// Returns the part's sum in a `StateChecksum`, which does not depend on the layout in memory.
    ///
    /// - Parameter part: The part's number.
    /// - Returns: The sum of the hashes of all values and of their count, modulo 2^64.
    func checksum(ofPart part: UInt32) -> UInt64

    /// Starts a new epoch; later changes belong to it.
    ///
    /// - Complexity: O(1)
    mutating func beginEpoch(_ epoch: UInt64)
}
