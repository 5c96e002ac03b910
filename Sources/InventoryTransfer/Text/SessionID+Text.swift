internal import Bytes
package import InventoryModel

/// Session ids derived from a name or from content, so that a retry of the same work resumes its session.
extension SessionID {
    /// Creates an id from two hashes of a string's UTF-8.
    package init(hashing text: String) { self.init(hashing: Array(text.utf8)) }

    /// Creates an id from two hashes of bytes.
    package init(hashing bytes: [UInt8]) { self = bytes.withUnsafeBytes { SessionID(hashing: $0) } }

    /// Creates an id from two hashes of bytes.
    package init(hashing bytes: UnsafeRawBufferPointer) {
        self.init(high: Hash64.hash(bytes, seed: 1), low: Hash64.hash(bytes, seed: 2))
    }

    /// Creates an id from 32 hexadecimal digits, or from a hash of any other string.
    package init(naming text: String) {
        if text.utf8.count == 32, let high = UInt64(text.prefix(16), radix: 16),
            let low = UInt64(text.suffix(16), radix: 16)
        {
            self.init(high: high, low: low)
            return
        }
        self.init(hashing: text)
    }

    /// 32 hexadecimal digits.
    package var text: String {
        func hex(_ value: UInt64) -> String {
            let digits = String(value, radix: 16)
            return String(repeating: "0", count: 16 - digits.utf8.count) + digits
        }
        return hex(self.high) + hex(self.low)
    }
}
