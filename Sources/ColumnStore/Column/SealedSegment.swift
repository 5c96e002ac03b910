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
    convenience init(sealing values: UnsafeBufferPointer<Value>) {
        precondition(values.count == SegmentSize.capacity, "\(values.count) values to seal")
        var zone = ZoneMap(of: values[0])
        for value in values { zone.include(value) }
        let base = zone.lowest
        let spread = UInt64(truncatingIfNeeded: zone.highest &- base)
        let width = Self.width(holding: spread)
        let bytes = [UInt8](unsafeUninitializedCapacity: width * values.count) { buffer, count in
            let raw = UnsafeMutableRawBufferPointer(buffer)
            for (index, value) in values.enumerated() {
                let offset = UInt64(truncatingIfNeeded: value &- base)
                Self.store(offset, width: width, at: index, in: raw)
            }
            count = width * values.count
        }
        self.init(base: base, width: width, zone: zone, bytes: bytes)
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

    private static func store(
        _ offset: UInt64,
        width: Int,
        at index: Int,
        in raw: UnsafeMutableRawBufferPointer
    ) {
        switch width {
        case 0: break
        case 1: raw[index] = UInt8(truncatingIfNeeded: offset)
        case 2:
            raw.storeBytes(
                of: UInt16(offset).littleEndian,
                toByteOffset: index * 2,
                as: UInt16.self
            )
        case 4:
            raw.storeBytes(
                of: UInt32(offset).littleEndian,
                toByteOffset: index * 4,
                as: UInt32.self
            )
        default: raw.storeBytes(of: offset.littleEndian, toByteOffset: index * 8, as: UInt64.self)
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
