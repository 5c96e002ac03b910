internal import Bytes
internal import InventoryModel

/// What an encoded batch of independent commands begins with.
struct BatchHead {
    let count: Int
    /// Whether only refusals are answered one by one.
    let isErrorsOnly: Bool

    /// Reads it; `nil` unless the batch is of independent commands, and of a permitted number of them.
    init?(_ reader: inout ByteReader) throws(ByteReaderError) {
        guard try reader.readUInt8() == CommandTag.batch.rawValue else { return nil }
        let mode = BatchMode(rawValue: try reader.readUInt8())
        guard mode == .independent || mode == .errorsOnly else { return nil }
        self.count = try reader.readCount(limit: Limits.batchMax)
        self.isErrorsOnly = mode == .errorsOnly
        guard self.count > 0, self.count <= reader.remaining else { return nil }
    }
}
