public import Bytes

/// The hash by which the server recognises a repeated command under an idempotency key or a session
/// sequence number.
///
/// Without one, the server compares the command's own bytes. A client that builds the command from user input
/// sends the hash of that input instead, because the names in it may refer to other entities, or to none,
/// by the time of a retry. Then a retry gets the first outcome, whatever the names refer to now. The
/// fingerprint precedes the command:
///
///     without   command
///     with      0   fingerprint (8 bytes)   command
public struct RequestFingerprint: Hashable, Sendable {
    /// The hash; any value is valid.
    public let value: UInt64

    /// Creates a fingerprint from a hash that the client computed.
    public init(_ value: UInt64) { self.value = value }

    /// Creates the fingerprint of user input, whose form must not change between client versions.
    public init(hashing bytes: UnsafeRawBufferPointer) { self.value = Hash64.hash(bytes) }

    /// The byte before a fingerprint; no command begins with it.
    package static let tag: UInt8 = 0

    /// Bytes of a fingerprint and its tag.
    public static let byteCount = 9

    /// Writes the tag and the fingerprint.
    public func encode(into writer: inout ByteWriter) {
        writer.write(Self.tag)
        writer.write(self.value)
    }

    /// Reads the fingerprint before a command; returns `nil` and consumes nothing if there is none.
    public static func read(from reader: inout ByteReader) throws(ByteReaderError) -> Self? {
        var ahead = reader
        guard ahead.remaining > 0, try ahead.readUInt8() == Self.tag else { return nil }
        let fingerprint = Self(try ahead.readUInt64())
        reader = ahead
        return fingerprint
    }
}
