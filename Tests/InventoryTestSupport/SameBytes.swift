internal import Glibc

/// Returns whether two arrays have the same bytes; a hundred times as fast as `==` in unoptimised builds.
package func haveSameBytes(_ one: [UInt8], _ other: [UInt8]) -> Bool {
    guard one.count == other.count else { return false }
    return one.withUnsafeBytes { one in
        other.withUnsafeBytes { other in
            guard let left = one.baseAddress, let right = other.baseAddress else { return true }
            return memcmp(left, right, one.count) == 0
        }
    }
}
