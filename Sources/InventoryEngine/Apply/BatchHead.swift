internal import Bytes
internal import InventoryModel

/// The start of an encoded batch of independent commands.
struct BatchHead {
    let count: Int
    /// Whether only refusals are answered one by one.
    let isErrorsOnly: Bool

    /// Reads it; `nil` unless the batch is of independent commands, and their number is permitted.
    init?(_ reader: inout ByteReader) throws(ByteReaderError) {
        guard try reader.readUInt8() == CommandTag.batch.rawValue else { return nil }
        let mode = BatchMode(rawValue: try reader.readUInt8())
        guard mode == .independent || mode == .errorsOnly else { return nil }
        self.count = try reader.readCount(limit: Limits.batchMax)
        self.isErrorsOnly = mode == .errorsOnly
        guard self.count > 0, self.count <= reader.remaining else { return nil }
    }
}
