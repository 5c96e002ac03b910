internal import Bytes

/// A state checksum of a set of levels, with which a subscriber verifies its replica.
///
/// The sum, modulo 2⁶⁴, of the hashes of the levels that have any stock. Therefore it can be updated by
/// subtracting a level's old hash and adding its new one, and the order does not matter. The
/// hash is `Bytes/Hash64` of 40 bytes, little-endian: product and location, 4 bytes each, on
/// hand, unavailable, reserved and incoming, 8 bytes each. A level without any of these counts as 0.
public struct LevelDigest: Hashable, Sendable {
    /// The checksum; 0 for the empty set.
    public private(set) var value: UInt64 = 0

    /// Creates the checksum of the empty set.
    public init() {}

    /// Updates the checksum for a changed level.
    ///
    /// - Parameters:
    ///   - old: The level before; `nil` if it is new.
    ///   - new: The level after.
    public mutating func replace(_ old: Level?, with new: Level) {
        if let old { self.value &-= Self.hash(old) }
        self.value &+= Self.hash(new)
    }

    /// Updates the checksum for a level that left the set.
    public mutating func remove(_ level: Level) { self.value &-= Self.hash(level) }

    static func hash(_ level: Level) -> UInt64 {
        let (onHand, unavailable) = (level.onHand.baseUnits, level.unavailable.baseUnits)
        let (reserved, incoming) = (level.reserved.baseUnits, level.incoming.baseUnits)
        guard onHand | unavailable | reserved | incoming != 0 else { return 0 }
        let ids = UInt64(level.product.value) | UInt64(level.location.value) << 32
        let words: [5 of UInt64] = [
            ids.littleEndian, UInt64(bitPattern: onHand).littleEndian,
            UInt64(bitPattern: unavailable).littleEndian,
            UInt64(bitPattern: reserved).littleEndian,
            UInt64(bitPattern: incoming).littleEndian,
        ]
        return words.span.withUnsafeBytes { Hash64.hash($0) }
    }
}
