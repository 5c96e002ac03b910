/// A 64-bit hash of bytes: fast, well distributed, the same in every process.
///
/// It is not safe against adversaries.
///
/// Each step folds in eight bytes by a 64 × 64 → 128-bit multiplication and combines the halves; the
/// construction is that of the public-domain wyhash family.
public enum Hash64 {
    @usableFromInline static let multiplier: UInt64 = 0x9E37_79B9_7F4A_7C15
    @usableFromInline static let secret: UInt64 = 0xD1B5_4A32_D192_ED03

    @inlinable @inline(__always)
    static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }

    /// Returns the hash of `bytes`, which differs for every `seed`.
    public static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt64 = 0) -> UInt64 {
        var state = seed ^ self.secret
        var offset = 0
        while bytes.count - offset >= 8 {
            let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian
            state = self.fold(state ^ word, self.multiplier)
            offset += 8
        }
        var rest: UInt64 = 0
        var shift: UInt64 = 0
        while offset < bytes.count {
            rest |= UInt64(bytes[offset]) << shift
            shift += 8
            offset += 1
        }
        state = self.fold(state ^ rest, self.multiplier)
        return self.fold(state ^ UInt64(bytes.count), self.secret)
    }
}

/// A digest of values that are fed in order.
public struct StateDigest: Sendable, Hashable {
    /// The digest of all values fed so far, 0 at first.
    public private(set) var value: UInt64 = 0

    /// Creates the digest of no values.
    public init() {}

    /// Adds a value to the digest.
    public mutating func feed(_ value: UInt64) {
        self.value =
            Hash64.fold(self.value ^ value ^ 0x9E37_79B9_7F4A_7C15, 0xD1B5_4A32_D192_ED03)
            &+ value
    }

    /// Adds the hash of `bytes` to the digest.
    public mutating func feed(_ bytes: UnsafeRawBufferPointer) {
        self.feed(Hash64.hash(bytes))
    }
}
