internal import Bytes

extension Expiry {
    /// Writes 1 before an instant, 2 before seconds.
    func encode(into writer: inout ByteWriter) {
        switch self {
        case .at(let instant):
            writer.write(1 as UInt8)
            writer.write(instant)
        case .after(let seconds):
            writer.write(2 as UInt8)
            writer.writeVarint(seconds)
        }
    }

    init(from reader: inout ByteReader) throws(ByteReaderError) {
        let offset = reader.offset
        let tag = try reader.readUInt8()
        switch tag {
        case 1: self = .at(try reader.readInstant())
        case 2: self = .after(seconds: try reader.readSignedVarint())
        default: throw .unknownCode(offset: offset, code: UInt64(tag), what: "expiry")
        }
    }
}
