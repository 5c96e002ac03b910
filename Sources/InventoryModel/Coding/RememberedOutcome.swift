public import Bytes

/// A request that was decided, as the step that completes it says: what ``Change/sessionAdvanced(number:sequence:digest:outcome:)``
/// or ``Change/keyRemembered(_:digest:outcome:)`` is, with the outcome's bytes borrowed from where they were encoded.
public struct RememberedOutcome {
    /// What the request is found by when it comes again.
    public enum Name: Sendable {
        case session(UInt32, sequence: UInt64)
        case key(KeyFingerprint)
    }

    @usableFromInline package let name: Name
    /// Of the request's body.
    @usableFromInline package let digest: UInt64
    @usableFromInline package let outcome: UnsafeRawBufferPointer

    public init(_ name: Name, digest: UInt64, outcome: UnsafeRawBufferPointer) {
        self.name = name
        self.digest = digest
        self.outcome = outcome
    }

    /// Bytes that it takes at most.
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
    /// - Returns: `nil` if it is another; the reader is then of no more use.
    package init?(change reader: inout ByteReader) throws(ByteReaderError) {
        switch try reader.readUInt8() {
        case ChangeTag.sessionAdvanced.rawValue: try self.init(.sessionAdvanced, from: &reader)
        case ChangeTag.keyRemembered.rawValue: try self.init(.keyRemembered, from: &reader)
        default: return nil
        }
    }
}
