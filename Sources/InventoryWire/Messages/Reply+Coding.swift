public import Bytes
internal import InventoryModel

extension ServerMessage {
    /// The opcode of its frame.
    public var opcode: Opcode {
        switch self {
        case .sessionOpened: .sessionOpened
        case .outcome: .outcome
        case .replayedOutcome: .replayedOutcome
        case .resultHeader: .resultHeader
        case .resultRows: .resultRows
        case .resultEnd: .resultEnd
        case .refused: .refused
        case .pong: .pong
        case .subscribed: .subscribed
        case .snapshotRows: .snapshotRows
        case .caughtUp: .caughtUp
        case .entries: .entries
        case .progress: .progress
        case .reset: .reset
        case .closed: .closed
        case .goodbye: .goodbye
        case .snapshotTaken: .snapshotTaken
        case .product: .product
        case .insightHeader: .insightHeader
        case .insightChanged: .insightChanged
        case .digest: .digest
        case .backupPiece: .backupPiece
        case .backupEnd: .backupEnd
        }
    }

    /// The LSN of a snapshot's rows: they belong to no step, so their encoding is relative to LSN 0 and
    /// instant 0.
    public static let snapshotRowLSN: LSN = 0

    /// Writes the body of its frame.
    public func encodeBody(into writer: inout ByteWriter) {
        switch self {
        case .sessionOpened(let status):
            writer.write(status.number)
            writer.write(status.lastSequence)
            writer.write(status.oldestRemembered)
        case .outcome(let outcome), .replayedOutcome(let outcome):
            outcome.encode(into: &writer)
        case .resultHeader(let header):
            writer.write(header.lsn)
            writer.write(header.time.microseconds)
            ResultTable(header.schema).encodeSchema(into: &writer)
        case .resultRows(let block):
            writer.write(bytes: block)
        case .resultEnd(let rowCount):
            writer.write(rowCount)
        case .refused(let refusal), .goodbye(let refusal):
            refusal.encode(into: &writer)
        case .pong(let lsn, let time), .progress(let lsn, let time):
            writer.write(lsn)
            writer.write(time.microseconds)
        case .digest(let lsn, let value):
            writer.write(lsn)
            writer.write(value)
        case .subscribed(let subscribed):
            writer.write(subscribed.lsn)
            writer.write(subscribed.hasSnapshot)
        case .snapshotRows(let changes):
            writer.write(UInt32(changes.count))
            for change in changes {
                let offset = writer.count
                writer.write(0 as UInt32)
                change.encode(into: &writer, lsn: Self.snapshotRowLSN, time: .zero)
                writer.overwrite(UInt32(writer.count - offset - 4), at: offset)
            }
        case .caughtUp(let lsn):
            writer.write(lsn)
        case .entries(let entries):
            for entry in entries { entry.encode(into: &writer) }
        case .reset(let reason):
            writer.write(reason.rawValue)
        case .closed(let refusal, let lsn):
            writer.write(lsn)
            refusal.encode(into: &writer)
        case .product(let product):
            product.encode(into: &writer)
        case .insightHeader(let header):
            header.encode(into: &writer)
        case .insightChanged(let changed):
            changed.encode(into: &writer)
        case .backupPiece(let bytes):
            writer.write(bytes: bytes)
        case .backupEnd(let taken):
            writer.write(taken.image)
            writer.write(taken.last)
            writer.write(taken.byteCount)
            writer.write(taken.checksum.value)
        case .snapshotTaken(let taken):
            writer.write(taken.lsn)
            writer.write(taken.byteCount)
            writer.write(taken.segmentsWritten)
            writer.write(taken.segmentsReused)
            writer.write(taken.milliseconds)
        }
    }

    /// Appends the whole frame.
    public func encodeFrame(requestID: UInt64, into writer: inout ByteWriter) {
        let frame = FrameWriter(self.opcode, requestID: requestID, into: &writer)
        self.encodeBody(into: &writer)
        frame.finish(into: &writer)
    }

    /// Reads a frame from the server.
    ///
    /// - Throws: ``WireError/unknownOpcode(_:)`` for a request, ``WireError/malformedBody(_:_:)`` for
    ///   invalid bytes.
    public init(_ frame: Frame) throws(WireError) {
        guard let opcode = Opcode(rawValue: frame.opcode), !opcode.isRequest else {
            throw .unknownOpcode(frame.opcode)
        }
        var reader = ByteReader(frame.body)
        do throws(ByteReaderError) {
            try self.init(opcode, from: &reader)
            try reader.finish()
        } catch {
            throw .malformedBody(opcode, error)
        }
    }

    private init(_ opcode: Opcode, from reader: inout ByteReader) throws(ByteReaderError) {
        switch opcode {
        case .sessionOpened:
            self = .sessionOpened(
                SessionStatus(
                    number: try reader.readUInt32(),
                    lastSequence: try reader.readSequenceNumber(),
                    oldestRemembered: try reader.readSequenceNumber()
                )
            )
        case .outcome: self = .outcome(try Outcome(from: &reader))
        case .replayedOutcome: self = .replayedOutcome(try Outcome(from: &reader))
        case .resultHeader:
            self = .resultHeader(
                ResultHeader(
                    lsn: try reader.readLSN(),
                    time: Instant(microseconds: try reader.readInt64()),
                    schema: try ResultTable.schema(from: &reader)
                )
            )
        case .resultRows: self = .resultRows([UInt8](try reader.readBytes(reader.remaining)))
        case .resultEnd: self = .resultEnd(rowCount: try reader.readUInt64())
        case .refused: self = .refused(try Refusal(from: &reader))
        case .goodbye: self = .goodbye(try Refusal(from: &reader))
        case .pong:
            self = .pong(
                durable: try reader.readLSN(),
                time: Instant(microseconds: try reader.readInt64())
            )
        case .progress:
            self = .progress(
                lsn: try reader.readLSN(),
                time: Instant(microseconds: try reader.readInt64())
            )
        case .digest:
            self = .digest(lsn: try reader.readLSN(), value: try reader.readUInt64())
        case .subscribed:
            self = .subscribed(
                Subscribed(lsn: try reader.readLSN(), hasSnapshot: try reader.readBool())
            )
        case .snapshotRows: self = .snapshotRows(try Self.readRows(&reader))
        case .caughtUp: self = .caughtUp(lsn: try reader.readLSN())
        case .entries:
            var entries: [Entry] = []
            while reader.remaining > 0 { entries.append(try Entry(from: &reader)) }
            self = .entries(entries)
        case .reset:
            let offset = reader.offset
            let code = try reader.readUInt8()
            guard let reason = ResetReason(rawValue: code) else {
                throw .unknownCode(offset: offset, code: UInt64(code), what: "reset reason")
            }
            self = .reset(reason)
        case .closed:
            let lsn = try reader.readLSN()
            self = .closed(try Refusal(from: &reader), lsn: lsn)
        case .product: self = .product(try StockedProduct(from: &reader))
        case .insightHeader: self = .insightHeader(try InsightHeader(from: &reader))
        case .insightChanged: self = .insightChanged(try InsightChanged(from: &reader))
        case .snapshotTaken:
            self = .snapshotTaken(
                SnapshotTaken(
                    lsn: try reader.readLSN(),
                    byteCount: try reader.readUInt64(),
                    segmentsWritten: try reader.readUInt64(),
                    segmentsReused: try reader.readUInt64(),
                    milliseconds: try reader.readUInt64()
                )
            )
        case .backupPiece: self = .backupPiece([UInt8](try reader.readBytes(reader.remaining)))
        case .backupEnd:
            self = .backupEnd(
                BackupTaken(
                    image: try reader.readLSN(),
                    last: try reader.readLSN(),
                    byteCount: try reader.readUInt64(),
                    checksum: StateChecksum(try reader.readUInt64())
                )
            )
        case .helloAccepted, .hello, .openSession, .command, .query, .subscribe, .unsubscribe,
            .cancel, .ping, .takeSnapshot, .getProduct, .insight, .subscribeInsight,
            .keyedCommand, .keyedOutcome, .backup, .beginDryRun:
            throw .unknownCode(
                offset: 0,
                code: UInt64(opcode.rawValue),
                what: "server message"
            )
        }
    }

    private static func readRows(
        _ reader: inout ByteReader
    ) throws(ByteReaderError) -> [Change] {
        let count = Int(try reader.readUInt32())
        var changes: [Change] = []
        changes.reserveCapacity(min(count, reader.remaining, 1_024))
        for _ in 0..<count {
            var change = ByteReader(try reader.readBytes(Int(try reader.readUInt32())))
            changes.append(try Change(from: &change, lsn: self.snapshotRowLSN, time: .zero))
            try change.finish()
        }
        return changes
    }
}

extension ByteReader {
    /// Reads a sequence number, which must have a successor.
    fileprivate mutating func readSequenceNumber() throws(ByteReaderError) -> UInt64 {
        let offset = self.offset
        let number = try self.readUInt64()
        let limit = UInt64(Int64.max)
        guard number <= limit else {
            throw .outOfRange(offset: offset, value: number, limit: limit, what: "sequence number")
        }
        return number
    }
}
