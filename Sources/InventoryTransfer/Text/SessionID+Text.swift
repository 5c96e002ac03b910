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
        self = SessionID(hexadecimal: text) ?? SessionID(hashing: text)
    }

    /// Creates the id of the session of an import's run, from the run's name.
    package init(ofImport name: String) { self.init(hashing: "import run\n" + name) }

    /// 32 hexadecimal digits.
    package var text: String { self.hexadecimal }
}
