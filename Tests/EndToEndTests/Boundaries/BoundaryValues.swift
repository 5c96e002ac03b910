import Bytes
import InventoryModel

/// Boundary values for arithmetic, in each encoding of PROTOCOL.md.
///
/// For each width {min, min + 1, −1, 0, 1, max − 1, max}, signed and unsigned, and the largest values
/// that the model accepts, since those are added up.
enum BoundaryValues {
    /// Limits of the model: each is tried with the numbers before and after it.
    private static let limits: [Int64] = [
        Limits.quantityMax, -Limits.quantityMax, Limits.moneyMax, -Limits.moneyMax,
        Self.firstInstant, Self.lastInstant, Limits.reservationSecondsMax,
    ]

    /// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59.999999Z, in microseconds since 1970.
    static let firstInstant: Int64 = -62_135_596_800_000_000
    static let lastInstant: Int64 = 253_402_300_799_999_999

    private static func signed<Value: FixedWidthInteger & SignedInteger>(
        _ type: Value.Type
    ) -> [Int64] {
        [.min, .min + 1, -1, 0, 1, .max - 1, .max].map { (value: Value) in Int64(value) }
    }

    private static func unsigned<Value: FixedWidthInteger & UnsignedInteger>(
        _ type: Value.Type
    ) -> [UInt64] {
        [0, 1, .max / 2, .max / 2 + 1, .max - 1, .max].map { (value: Value) in UInt64(value) }
    }

    /// The replacements of a number of a fixed width.
    static func fixed(byteCount: Int) -> [[UInt8]] {
        let numbers: [Int64] =
            switch byteCount {
            case 1: Self.signed(Int8.self) + [2, 3, 4, 5, 8, 16]
            case 2: Self.signed(Int16.self)
            case 4: Self.signed(Int32.self)
            default:
                Self.signed(Int64.self) + Self.limits.flatMap { [$0 - 1, $0, $0 + 1] }
            }
        return Self.distinct(
            numbers.map { number in
                withUnsafeBytes(of: number.littleEndian) { Array($0.prefix(byteCount)) }
            }
        )
    }

    /// The replacements of a varint: unsigned, and zigzag-encoded for signed numbers.
    static let varints: [[UInt8]] = {
        let limits = Self.limits.flatMap { [$0, $0 + $0.signum()] }
        let folded = (Self.signed(Int32.self) + Self.signed(Int64.self) + limits).map {
            UInt64(bitPattern: ($0 << 1) ^ ($0 >> 63))
        }
        let plain =
            [2, UInt64(UInt16.max), UInt64(UInt16.max) + 1] + Self.unsigned(UInt32.self)
            + [UInt64(UInt32.max) + 1] + Self.unsigned(UInt64.self)
        return Self.distinct(
            (plain + folded).map { number in
                var writer = ByteWriter()
                writer.writeVarint(number)
                return writer.array()
            }
        )
    }()

    /// All encodings of the values: a fuzzer's dictionary.
    static let dictionary: [[UInt8]] =
        distinct([1, 2, 4, 8].flatMap { fixed(byteCount: $0) } + varints)

    private static func distinct(_ encodings: [[UInt8]]) -> [[UInt8]] {
        var seen: Set<[UInt8]> = []
        return encodings.filter { seen.insert($0).inserted }
    }
}
