internal import Synchronization

/// A full, immutable segment: values as offsets from the smallest, as narrow as the largest offset allows.
///
///     width 0   all values equal the base
///     width 1, 2, 4, 8   base + unsigned offsets of that many bytes
///
/// Offsets wrap, so the full range of `Int64` and `UInt64` fits in width 8. Narrow columns save memory
/// and time: a scan is bound by the number of bytes it reads.
@usableFromInline
final class SealedSegment<Value: FixedWidthInteger & Sendable>: Sendable {
    @usableFromInline let base: Value
    @usableFromInline let width: Int
    @usableFromInline let zone: ZoneMap<Value>
    /// Little-endian offsets; empty for width 0.
    @usableFromInline let bytes: [UInt8]
    /// Its sum in a `StateChecksum`; 0 until it is first needed.
    private let sum = Atomic<UInt64>(0)

    init(base: Value, width: Int, zone: ZoneMap<Value>, bytes: [UInt8]) {
        precondition(
            bytes.count == width * SegmentSize.capacity,
            "\(bytes.count) bytes of width \(width)"
        )
        self.base = base
        self.width = width
        self.zone = zone
        self.bytes = bytes
    }

    /// Narrows a full segment with the exact bounds `zone`, so that equal values result in equal bytes.
    @usableFromInline
    convenience init(sealing values: UnsafeBufferPointer<Value>, within zone: ZoneMap<Value>) {
        precondition(values.count == SegmentSize.capacity, "\(values.count) values to seal")
        let (lowest, highest) = (zone.lowest, zone.highest)
        // The difference of signed values can exceed their type, but not the unsigned type of that size.
        let spread = Value.Magnitude(truncatingIfNeeded: highest &- lowest)
        let width = Self.width(holding: UInt64(spread))
        let bytes = [UInt8](unsafeUninitializedCapacity: width * values.count) { buffer, count in
            SegmentKernels.narrow(
                UnsafeRawBufferPointer(values),
                valueSize: MemoryLayout<Value>.size,
                base: UInt64(truncatingIfNeeded: lowest),
                width: width,
                into: UnsafeMutableRawBufferPointer(
                    rebasing: UnsafeMutableRawBufferPointer(buffer)[0..<(width * values.count)]
                )
            )
            count = width * values.count
        }
        self.init(base: lowest, width: width, zone: zone, bytes: bytes)
    }

    /// Creates a full segment from its image.
    ///
    /// Returns `nil` unless sealing the same values would result in these bytes.
    ///
    /// - Complexity: O(values), one pass
    convenience init?(_ head: SegmentImage.Head, _ offsets: UnsafeRawBufferPointer) {
        guard head.count == SegmentSize.capacity else { return nil }
        let (lowest, highest) = SegmentKernels.extremes(ofOffsets: offsets, width: head.width)
        guard lowest == 0, Self.width(holding: highest) == head.width else { return nil }
        let base = Value(truncatingIfNeeded: head.base)
        let zone = ZoneMap(lowest: base, highest: base &+ Value(truncatingIfNeeded: highest))
        // Values that wrap around do not form a range starting at the base.
        guard zone.lowest <= zone.highest else { return nil }
        self.init(base: base, width: head.width, zone: zone, bytes: [UInt8](offsets))
    }

    /// Calls `body` with the widened values.
    ///
    /// - Complexity: O(values)
    func withValues<Result>(_ body: (UnsafeBufferPointer<Value>) -> Result) -> Result {
        withUnsafeTemporaryAllocation(of: Value.self, capacity: SegmentSize.capacity) { values in
            guard let target = values.baseAddress else { return body(UnsafeBufferPointer(values)) }
            self.bytes.withUnsafeBytes { bytes in
                SegmentKernels.widen(
                    bytes,
                    width: self.width,
                    base: UInt64(truncatingIfNeeded: self.base),
                    count: SegmentSize.capacity,
                    valueSize: MemoryLayout<Value>.size,
                    into: target
                )
            }
            return body(UnsafeBufferPointer(values))
        }
    }

    /// Returns the segment's sum in a `StateChecksum`; `part` and `row` are always the same for a segment.
    ///
    /// - Complexity: O(values) the first time, then O(1)
    func checksum(ofPart part: UInt32, from row: Int) -> UInt64 {
        if self.width == 0, self.base == 0 { return 0 }
        let known = self.sum.load(ordering: .relaxed)
        if known != 0 { return known }
        // Two threads may compute it at once; both find the same.
        let sum = self.withValues { SegmentKernels.checksum($0, ofPart: part, from: row) }
        self.sum.store(sum, ordering: .relaxed)
        return sum
    }

    static func width(holding spread: UInt64) -> Int {
        switch spread {
        case 0: 0
        case ...0xFF: 1
        case ...0xFFFF: 2
        case ...0xFFFF_FFFF: 4
        default: 8
        }
    }

    @inlinable
    subscript(offset: Int) -> Value {
        self.bytes.withUnsafeBytes { raw in
            let distance: UInt64 =
                switch self.width {
                case 0: 0
                case 1: UInt64(raw[offset])
                case 2:
                    UInt64(
                        UInt16(littleEndian: raw.load(fromByteOffset: offset * 2, as: UInt16.self))
                    )
                case 4:
                    UInt64(
                        UInt32(littleEndian: raw.load(fromByteOffset: offset * 4, as: UInt32.self))
                    )
                default:
                    UInt64(littleEndian: raw.load(fromByteOffset: offset * 8, as: UInt64.self))
                }
            return self.base &+ Value(truncatingIfNeeded: distance)
        }
    }
}
