/// The checksum of a whole state: a sum of row hashes, modulo 2^64, whose order does not matter.
///
///     cell    fold(fold(value ^ S, (2 × row + 1) × M) ^ part, M), 0 for a value of 0
///     row     the sum of its cells, one for each column, which is a part of the state
///     table   the sum of its rows, and for each column the hash of its count
///
/// Because sums have no order, the sum of a segment that no longer changes is computed once and kept, and a
/// sum over columns equals a sum over rows. Two states with the same checksum are equal, on any machine
/// and after any restart, except with a probability of 2^-64; it is not safe against adversaries.
public struct StateChecksum: Hashable, Sendable {
    /// The sum so far.
    public private(set) var value: UInt64

    /// Creates a checksum from its value; 0 is that of no rows.
    public init(_ value: UInt64 = 0) { self.value = value }

    /// Adds a part's sum.
    public mutating func add(_ sum: UInt64) { self.value &+= sum }

    /// Returns the hash of one value of a column.
    @inlinable @inline(__always)
    public static func cell(ofPart part: UInt32, row: Int, value: UInt64) -> UInt64 {
        if value == 0 { return 0 }
        let position = (2 &* UInt64(truncatingIfNeeded: row) &+ 1) &* Hash64.multiplier
        let inner = Hash64.fold(value ^ Hash64.secret, position)
        return Hash64.fold(inner ^ UInt64(part), Hash64.multiplier)
    }

    /// Returns the hash of the number of rows of a column.
    public static func count(_ count: Int, ofPart part: UInt32) -> UInt64 {
        let inner = Hash64.fold(UInt64(count) ^ Hash64.secret, Hash64.multiplier)
        return Hash64.fold(inner ^ UInt64(part), Hash64.secret)
    }
}

extension StateChecksum: CustomStringConvertible {
    /// The value as 16 hexadecimal digits.
    public var description: String {
        let digits = String(self.value, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
