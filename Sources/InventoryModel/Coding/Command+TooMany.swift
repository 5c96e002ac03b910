internal import Bytes

/// Refusals of commands that announce more lines or commands than a request may have.
///
/// They are refused by the name of what is too many, without being decoded, so that they cost no more than
/// their bytes.
extension Command {
    /// Returns why an encoded command that cannot be decoded is refused, instead of being malformed.
    ///
    /// - Returns: `nil` unless the command, or one of its batch, announces too many commands or lines, and
    ///   the bytes could contain them.
    public static func refusalOfTooMany(_ bytes: UnsafeRawBufferPointer) -> Refusal? {
        do throws(ByteReaderError) {
            var reader = ByteReader(bytes)
            let tag = try reader.readCase(CommandTag.self, "command")
            guard tag == .batch else { return try Self.refusalOfLines(tag, &reader) }
            return try Self.refusalOfCommands(&reader, mayContainBatches: true)
        } catch {
            return nil
        }
    }

    /// Returns why a batch is refused for its commands or for the lines of one; `reader` is behind its tag.
    private static func refusalOfCommands(
        _ reader: inout ByteReader,
        mayContainBatches: Bool
    ) throws(ByteReaderError) -> Refusal? {
        _ = try reader.readCase(BatchMode.self, "batch mode")
        let count = try reader.readVarint()
        // A command has at least two bytes.
        if count > UInt64(Limits.batchMax) {
            return Self.refusal(
                "commands",
                count: count,
                byteCountMin: 2,
                limit: Limits.batchMax,
                reader: reader
            )
        }
        for _ in 0..<count {
            var ahead = reader
            do throws(ByteReaderError) {
                _ = try Command(from: &reader)
            } catch {
                let tag = try ahead.readCase(CommandTag.self, "command")
                if tag == .batch, mayContainBatches {
                    return try Self.refusalOfCommands(&ahead, mayContainBatches: false)
                }
                return try Self.refusalOfLines(tag, &ahead)
            }
        }
        return nil
    }

    /// Returns why a command other than a batch is refused for its lines.
    private static func refusalOfLines(
        _ tag: CommandTag,
        _ reader: inout ByteReader
    ) throws(ByteReaderError) -> Refusal? {
        switch tag {
        case .sell, .returnSale, .restock, .reserve, .extendReservation, .commitReservation,
            .releaseReservation, .receiveTransfer, .cancelTransfer, .recordPastSale:
            break
        case .dispatchTransfer:
            _ = try reader.readLocationID()
            _ = try reader.readLocationID()
        case .createCategory, .renameCategory, .archiveCategory, .createLocation, .updateLocation,
            .archiveLocation, .createProduct, .createExtendedProduct, .updateProduct,
            .deleteProduct, .adjust, .count, .setUnavailable, .expectIncoming, .setFloor,
            .setReorderPoint, .writeOff, .reverse, .inferProduct, .recordImportRun,
            .describeImportRun, .batch:
            return nil
        }
        let count = try reader.readVarint()
        guard count > UInt64(Limits.batchLinesMax) else { return nil }
        // A line has at least an id and a mask.
        return Self.refusal(
            "lines",
            count: count,
            byteCountMin: 2,
            limit: Limits.linesMax,
            reader: reader
        )
    }

    private static func refusal(
        _ field: String,
        count: UInt64,
        byteCountMin: UInt64,
        limit: Int,
        reader: ByteReader
    ) -> Refusal? {
        guard count <= UInt64(reader.remaining) / byteCountMin else { return nil }
        return Refusal(
            .tooManyLines,
            .range(field, value: Int64(count), lowest: 1, highest: Int64(limit))
        )
    }
}
