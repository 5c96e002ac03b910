public import Bytes

/// What a command under an idempotency key, or under a number of a session, is compared by when it is
/// sent again.
///
/// Without one it is the command's own bytes. A client that makes the command of what people wrote, whose
/// names may stand for something else by the time it is sent again, or for nothing, takes what they
/// wrote: then the repeat is answered as the first was, whatever has become of the names. It goes in front
/// of the command:
///
///     without   command
///     with      0   fingerprint (8 bytes)   command
public struct RequestFingerprint: Hashable, Sendable {
    public let value: UInt64

    public init(_ value: UInt64) { self.value = value }

    /// The fingerprint of what people wrote, whose meaning no other version of a client may change.
    public init(hashing bytes: UnsafeRawBufferPointer) { self.value = Hash64.hash(bytes) }

    /// The byte in front of one, which no command begins with.
    package static let tag: UInt8 = 0

    /// Bytes that one takes in front of a command.
    public static let byteCount = 9

    public func encode(into writer: inout ByteWriter) {
        writer.write(Self.tag)
        writer.write(self.value)
    }

    /// Reads the fingerprint in front of a command; `nil` if there is none.
    public static func read(from reader: inout ByteReader) throws(ByteReaderError) -> Self? {
        var ahead = reader
        guard ahead.remaining > 0, try ahead.readUInt8() == Self.tag else { return nil }
        let fingerprint = Self(try ahead.readUInt64())
        reader = ahead
        return fingerprint
    }
}
