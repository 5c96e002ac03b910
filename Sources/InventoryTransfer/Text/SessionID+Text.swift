internal import Bytes
package import InventoryModel

/// Sessions that are named by what they do, so that the same work is the same session again.
extension SessionID {
    /// A session that a text names: two hashes of it.
    package init(hashing text: String) { self.init(hashing: Array(text.utf8)) }

    package init(hashing bytes: [UInt8]) { self = bytes.withUnsafeBytes { SessionID(hashing: $0) } }

    package init(hashing bytes: UnsafeRawBufferPointer) {
        self.init(high: Hash64.hash(bytes, seed: 1), low: Hash64.hash(bytes, seed: 2))
    }

    /// 32 hexadecimal digits as they are; any other text by a hash of it.
    package init(naming text: String) {
        if text.utf8.count == 32, let high = UInt64(text.prefix(16), radix: 16),
            let low = UInt64(text.suffix(16), radix: 16)
        {
            self.init(high: high, low: low)
            return
        }
        self.init(hashing: text)
    }

    package var text: String {
        func hex(_ value: UInt64) -> String {
            let digits = String(value, radix: 16)
            return String(repeating: "0", count: 16 - digits.utf8.count) + digits
        }
        return hex(self.high) + hex(self.low)
    }
}
