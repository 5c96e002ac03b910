public import Bytes
public import InventoryModel

/// Bytes on the network that are not a frame, or a frame that is not a message.
///
/// An error of the framing ends the connection, because the start of the next frame is unknown.
/// An error inside a complete frame is answered, and the connection continues.
public enum WireError: Error, Equatable, Sendable {
    /// The header does not match its checksum.
    case badHeaderChecksum
    /// The body does not match its checksum; the opcode, if it is known.
    case badBodyChecksum(Opcode?)
    /// The framing has another version than ``FrameHeader/version``.
    case unsupportedVersion(UInt8)
    /// The flags, which are reserved, are not 0.
    case reservedNotZero(UInt16)
    /// The body exceeds the limit, in bytes.
    case frameTooLarge(byteCount: Int, limit: Int)
    /// A complete frame with an unknown opcode.
    case unknownOpcode(UInt8)
    /// A complete frame whose body does not match its opcode.
    case malformedBody(Opcode, ByteReaderError)

    /// Whether the connection must end because the next frame cannot be found.
    public var endsConnection: Bool {
        switch self {
        case .badHeaderChecksum, .badBodyChecksum, .unsupportedVersion, .reservedNotZero,
            .frameTooLarge:
            true
        case .unknownOpcode, .malformedBody: false
        }
    }

    /// The refusal that is sent to the peer.
    public var refusal: Refusal {
        switch self {
        case .badHeaderChecksum:
            Refusal(.malformedFrame, .message("invalid header checksum"))
        case .badBodyChecksum:
            Refusal(.malformedFrame, .message("invalid body checksum"))
        case .reservedNotZero(let flags):
            Refusal(.malformedFrame, .message("reserved flags are \(flags), not 0"))
        case .unsupportedVersion(let version):
            Refusal(
                .unsupportedVersion,
                .range(
                    "version",
                    value: Int64(version),
                    lowest: Int64(FrameHeader.version),
                    highest: Int64(FrameHeader.version)
                )
            )
        case .frameTooLarge(let byteCount, let limit):
            Refusal(
                .frameTooLarge,
                .range("length", value: Int64(byteCount), lowest: 0, highest: Int64(limit))
            )
        case .unknownOpcode(let opcode):
            Refusal(.unknownOperation, .id(UInt64(opcode)))
        case .malformedBody(_, .outOfRange(_, let value, let limit, let what)):
            Refusal(
                .outOfRange,
                .range(
                    what,
                    value: Int64(clamping: value),
                    lowest: 0,
                    highest: Int64(clamping: limit)
                )
            )
        case .malformedBody(_, .fieldTooLong(_, let byteCount, let limit, let what)):
            Refusal(
                .invalidField,
                .field(what, problem: "has \(byteCount) bytes; at most \(limit) are allowed")
            )
        case .malformedBody(let opcode, let error):
            Refusal(.malformedFrame, .message("body of \(opcode): \(error)"))
        }
    }
}

extension WireError: CustomStringConvertible {
    /// The error in words, for people.
    public var description: String {
        switch self {
        case .badHeaderChecksum: "a frame with an invalid header checksum"
        case .badBodyChecksum(.none): "a frame with an invalid body checksum"
        case .badBodyChecksum(.some(let opcode)):
            "a frame of \(opcode) with an invalid body checksum"
        case .unsupportedVersion(let version):
            "a frame of version \(version); only version \(FrameHeader.version) is supported"
        case .reservedNotZero(let flags): "a frame whose reserved flags are \(flags), not 0"
        case .frameTooLarge(let byteCount, let limit):
            "a frame of \(byteCount) bytes; at most \(limit) are allowed"
        case .unknownOpcode(let opcode): "a frame with the unknown opcode \(opcode)"
        case .malformedBody(let opcode, let error): "body of \(opcode): \(error)"
        }
    }
}
