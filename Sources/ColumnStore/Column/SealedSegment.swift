/// A full segment that will never change: its values as offsets from the smallest, in as few bytes
/// as the largest offset needs.
///
///     width 0   all values equal the base
///     width 1, 2, 4, 8   base + unsigned offsets of that many bytes
///
/// Offsets wrap, so the whole range of `Int64` and `UInt64` fits in width 8. Narrow columns save
/// memory, and time too: a scan is bound by how many bytes it reads.
@usableFromInline
final class SealedSegment<Value: FixedWidthInteger & Sendable>: Sendable {
    @usableFromInline let base: Value
    @usableFromInline let width: Int
    @usableFromInline let zone: ZoneMap<Value>
    /// Little-endian offsets; empty for width 0.
    @usableFromInline let bytes: [UInt8]

    @inlinable
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

    /// Narrows a full segment.
    ///
    /// Its exact extremes are found anew, so equal values give equal bytes.
    @inlinable
    convenience init(sealing values: UnsafeBufferPointer<Value>) {
        precondition(values.count == SegmentSize.capacity, "\(values.count) values to seal")
        var lowest = values[0]
        var highest = values[0]
        for index in 0..<values.count {
            lowest = min(lowest, values[index])
            highest = max(highest, values[index])
        }
        let base = lowest
        let width = Self.width(holding: UInt64(truncatingIfNeeded: highest &- base))
        let bytes = [UInt8](unsafeUninitializedCapacity: width * values.count) { buffer, count in
            let raw = UnsafeMutableRawBufferPointer(buffer)
            switch width {
            case 0: break
            case 1: Self.store(values, above: base, as: UInt8.self, in: raw)
            case 2: Self.store(values, above: base, as: UInt16.self, in: raw)
            case 4: Self.store(values, above: base, as: UInt32.self, in: raw)
            default: Self.store(values, above: base, as: UInt64.self, in: raw)
            }
            count = width * values.count
        }
        self.init(
            base: base,
            width: width,
            zone: ZoneMap(lowest: lowest, highest: highest),
            bytes: bytes
        )
    }

    @inlinable
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
    static func store<Offset: FixedWidthInteger>(
        _ values: UnsafeBufferPointer<Value>,
        above base: Value,
        as type: Offset.Type,
        in raw: UnsafeMutableRawBufferPointer
    ) {
        for index in 0..<values.count {
            let offset = Offset(truncatingIfNeeded: values[index] &- base)
            raw.storeBytes(
                of: offset.littleEndian,
                toByteOffset: index * MemoryLayout<Offset>.size,
                as: Offset.self
            )
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
