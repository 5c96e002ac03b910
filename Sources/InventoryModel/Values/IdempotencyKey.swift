public import Bytes

/// Identifies one request so that it is executed once, however often it is sent.
///
/// 1 to ``Limits/keyByteCountMax`` bytes of UTF-8 without control characters. Keys are compared byte by byte,
/// without trimming or case folding, and belong to the database, not to a client. A client that generates one
/// uses 16 random bytes, written as 32 hexadecimal digits.
public struct IdempotencyKey: Hashable, Sendable, CustomStringConvertible {
    /// The key as the client sent it.
    public let text: String

    /// Creates a key.
    ///
    /// - Parameter text: The key; `nil` is returned if it is empty, too long or has a control character.
    public init?(_ text: String) {
        guard Self.permits(text) else { return nil }
        self.text = text
    }

    /// Creates the key of 16 bytes: their 32 lowercase hexadecimal digits.
    ///
    /// - Parameters:
    ///   - high: The first eight bytes.
    ///   - low: The last eight bytes.
    public init(high: UInt64, low: UInt64) {
        func hex(_ value: UInt64) -> String {
            let digits = String(value, radix: 16)
            return String(repeating: "0", count: 16 - digits.utf8.count) + digits
        }
        self.text = hex(high) + hex(low)
    }

    private static func permits(_ text: String) -> Bool {
        FieldBounds.key.contains(text.utf8.count)
            && !NormalizedText.hasControlCharacter(text)
    }

    /// The same as ``text``.
    public var description: String { self.text }

    /// Writes the key: the length of its UTF-8 bytes, then the bytes.
    public func encode(into writer: inout ByteWriter) { writer.writeText(self.text) }

    /// Reads a key.
    ///
    /// - Throws: `Bytes/ByteReaderError` if the bytes end early, or the text is not UTF-8 or not a valid key.
    public init(from reader: inout ByteReader) throws(ByteReaderError) {
        let offset = reader.offset
        let text = try reader.readText(limit: Limits.keyByteCountMax, "key")
        guard Self.permits(text) else { throw .invalidText(offset: offset) }
        self.text = text
    }

    /// The hash that represents the key in the log and in memory.
    public var fingerprint: KeyFingerprint {
        var text = self.text
        return text.withUTF8 { KeyFingerprint(hashing: UnsafeRawBufferPointer($0)) }
    }
}

/// A 128-bit hash that represents an ``IdempotencyKey``.
///
/// The probability that two of a billion keys collide is 10⁻²¹. Part of the log format: it never changes.
public struct KeyFingerprint: Hashable, Sendable {
    /// The hash of the key's UTF-8 bytes with seed 3.
    public let high: UInt64
    /// The hash of the key's UTF-8 bytes with seed 4.
    public let low: UInt64

    /// Creates a fingerprint from its two halves, as the log has them.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    init(hashing bytes: UnsafeRawBufferPointer) {
        self.init(high: Hash64.hash(bytes, seed: 3), low: Hash64.hash(bytes, seed: 4))
    }

    package static let byteCount = 16

    @inlinable @inline(__always)
    func encode(into cursor: inout ByteCursor) {
        cursor.write(self.high)
        cursor.write(self.low)
    }

    init(from reader: inout ByteReader) throws(ByteReaderError) {
        self.init(high: try reader.readUInt64(), low: try reader.readUInt64())
    }
}
