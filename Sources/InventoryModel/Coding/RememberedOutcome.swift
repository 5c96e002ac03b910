public import Bytes

/// The change that remembers the outcome of a request, with the outcome's bytes borrowed from their buffer.
///
/// It encodes ``Change/sessionAdvanced(number:sequence:digest:outcome:)`` or
/// ``Change/keyRemembered(_:digest:outcome:)``.
public struct RememberedOutcome {
    /// How a retry of the request is recognised.
    public enum Name: Sendable {
        /// By its session's number and its sequence number.
        case session(UInt32, sequence: UInt64)
        /// By the fingerprint of its idempotency key.
        case key(KeyFingerprint)
    }

    @usableFromInline package let name: Name
    /// The hash of the request's body.
    @usableFromInline package let digest: UInt64
    @usableFromInline package let outcome: UnsafeRawBufferPointer

    /// Creates a change.
    ///
    /// - Parameters:
    ///   - name: The session or key that the outcome is remembered under.
    ///   - digest: The hash of the body of the request.
    ///   - outcome: The encoded outcome, which must stay valid while the change is used.
    public init(_ name: Name, digest: UInt64, outcome: UnsafeRawBufferPointer) {
        self.name = name
        self.digest = digest
        self.outcome = outcome
    }

    /// The largest byte count of its encoding.
    @inlinable
    package var byteCountMax: Int { 25 + 3 * VarintCoding.byteCountMax + self.outcome.count }

    func encode(into writer: inout ByteWriter) {
        writer.append(atMost: self.byteCountMax) { self.encode(into: &$0) }
    }

    @inlinable @inline(__always)
    package func encode(into cursor: inout ByteCursor) {
        switch self.name {
        case .session(let number, let sequence):
            cursor.write(ChangeTag.sessionAdvanced.rawValue)
            cursor.writeVarint(UInt64(number))
            cursor.writeVarint(sequence)
        case .key(let fingerprint):
            cursor.write(ChangeTag.keyRemembered.rawValue)
            fingerprint.encode(into: &cursor)
        }
        cursor.write(self.digest)
        cursor.writeVarint(UInt64(self.outcome.count))
        cursor.write(bytes: self.outcome)
    }

    /// Reads what follows the tag, which must be one of the two.
    package init(_ tag: ChangeTag, from reader: inout ByteReader) throws(ByteReaderError) {
        if tag == .keyRemembered {
            self.name = .key(try KeyFingerprint(from: &reader))
        } else {
            precondition(tag == .sessionAdvanced, "\(tag) remembers no outcome")
            self.name = .session(
                try reader.readVarint(as: UInt32.self, "session number"),
                sequence: try reader.readVarint()
            )
        }
        self.digest = try reader.readUInt64()
        self.outcome = try reader.readBytes(try reader.readCount(limit: .max))
    }

    /// Reads the change if it is one of the two.
    ///
    /// - Returns: `nil` for another change; the reader must not be used after that.
    package init?(change reader: inout ByteReader) throws(ByteReaderError) {
        switch try reader.readUInt8() {
        case ChangeTag.sessionAdvanced.rawValue: try self.init(.sessionAdvanced, from: &reader)
        case ChangeTag.keyRemembered.rawValue: try self.init(.keyRemembered, from: &reader)
        default: return nil
        }
    }
}
