public import Bytes
public import InventoryModel

/// Bytes on the network that are no frame, or a frame that is no message.
///
/// What breaks the framing ends the connection, since nobody can tell where the next frame begins.
/// What is wrong inside a whole frame is answered, and the connection goes on.
public enum WireError: Error, Equatable, Sendable {
    case badHeaderChecksum
    case badBodyChecksum(Opcode?)
    case unsupportedVersion(UInt8)
    case reservedNotZero(UInt16)
    case frameTooLarge(byteCount: Int, limit: Int)
    /// A whole frame of an operation this side does not know.
    case unknownOpcode(UInt8)
    /// A whole frame whose body is not what its operation says.
    case malformedBody(Opcode, ByteReaderError)

    /// Whether the next frame can still be found.
    public var endsConnection: Bool {
        switch self {
        case .badHeaderChecksum, .badBodyChecksum, .unsupportedVersion, .reservedNotZero,
            .frameTooLarge:
            true
        case .unknownOpcode, .malformedBody: false
        }
    }

    /// What the other side is told.
    public var refusal: Refusal {
        switch self {
        case .badHeaderChecksum:
            Refusal(.malformedFrame, .message("the header's checksum does not hold"))
        case .badBodyChecksum:
            Refusal(.malformedFrame, .message("the body's checksum does not hold"))
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
    /// What is wrong, for people.
    public var description: String {
        switch self {
        case .badHeaderChecksum: "a frame whose header's checksum does not hold"
        case .badBodyChecksum(.none): "a frame whose body's checksum does not hold"
        case .badBodyChecksum(.some(let opcode)):
            "a frame of \(opcode) whose body's checksum does not hold"
        case .unsupportedVersion(let version):
            "a frame of version \(version); this side speaks \(FrameHeader.version)"
        case .reservedNotZero(let flags): "a frame whose reserved flags are \(flags), not 0"
        case .frameTooLarge(let byteCount, let limit):
            "a frame of \(byteCount) bytes; at most \(limit) are allowed"
        case .unknownOpcode(let opcode): "a frame of operation \(opcode), which is not known here"
        case .malformedBody(let opcode, let error): "body of \(opcode): \(error)"
        }
    }
}
