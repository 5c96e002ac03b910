public import Bytes

/// Names one request, so that it is executed once however often it is sent: 1 to
/// ``Limits/keyByteCountMax`` bytes of UTF-8 without control characters.
///
/// A key is compared byte by byte, neither trimmed nor folded, and belongs to the database, not to a
/// client: whoever draws one at random takes 16 bytes, as 32 hexadecimal digits.
public struct IdempotencyKey: Hashable, Sendable, CustomStringConvertible {
    public let text: String

    /// - Returns: `nil` if the text cannot be a key.
    public init?(_ text: String) {
        guard Self.permits(text) else { return nil }
        self.text = text
    }

    /// The key that 16 bytes are: their 32 hexadecimal digits.
    public init(high: UInt64, low: UInt64) {
        func hex(_ value: UInt64) -> String {
            let digits = String(value, radix: 16)
            return String(repeating: "0", count: 16 - digits.utf8.count) + digits
        }
        self.text = hex(high) + hex(low)
    }

    private static func permits(_ text: String) -> Bool {
        (1...Limits.keyByteCountMax).contains(text.utf8.count)
            && !NormalizedText.hasControlCharacter(text)
    }

    public var description: String { self.text }

    public func encode(into writer: inout ByteWriter) { writer.writeText(self.text) }

    /// Reads a key, and says what is wrong with one that cannot be.
    public init(from reader: inout ByteReader) throws(ByteReaderError) {
        let offset = reader.offset
        let text = try reader.readText(limit: Limits.keyByteCountMax, "key")
        guard Self.permits(text) else { throw .invalidText(offset: offset) }
        self.text = text
    }

    /// What stands for the key in the log and in memory.
    public var fingerprint: KeyFingerprint {
        var text = self.text
        return text.withUTF8 { KeyFingerprint(hashing: UnsafeRawBufferPointer($0)) }
    }
}

/// 128 bits of hash that stand for an ``IdempotencyKey``.
///
/// Among a billion keys two share one with a probability of 10⁻²¹. Part of the log's format: it never
/// changes.
public struct KeyFingerprint: Hashable, Sendable {
    public let high: UInt64
    public let low: UInt64

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
