internal import Bytes
internal import InventoryWire
internal import NIOCore

/// Events encoded once for all subscriptions to the same steps.
///
///     header of request 7 ─┐
///     header of request 9 ─┼─▶ one body, its checksum computed once
///     complete frame of the first request ID: one buffer that every such socket writes
///
/// Clients number their requests alike, so nearly all use the complete frame.
struct EventBatch {
    /// The last LSN that it covers, also if nothing of it matched.
    let through: LSN
    /// `nil` if no step matched.
    private let frame: ByteBuffer?
    private let opcode: Opcode
    private let requestID: UInt64
    private let checksum: UInt32

    init(
        _ body: borrowing ByteWriter,
        as opcode: Opcode = .entries,
        requestID: UInt64,
        through: LSN
    ) {
        self = body.withBytes {
            EventBatch($0, as: opcode, requestID: requestID, through: through)
        }
    }

    init(
        _ body: UnsafeRawBufferPointer,
        as opcode: Opcode = .entries,
        requestID: UInt64,
        through: LSN
    ) {
        self.through = through
        self.opcode = opcode
        self.requestID = requestID
        guard body.count > 0 else {
            self.frame = nil
            self.checksum = 0
            return
        }
        let checksum = CRC32C.checksum(body)
        var frame = ByteBufferAllocator().buffer(capacity: FrameHeader.byteCount + body.count)
        frame.writeBytes(
            FrameHeader.bytes(
                opcode,
                requestID: requestID,
                bodyByteCount: body.count,
                bodyChecksum: checksum
            )
        )
        frame.writeBytes(body)
        self.checksum = checksum
        self.frame = frame
    }

    var isEmpty: Bool { self.frame == nil }

    var byteCount: Int { self.frame?.readableBytes ?? 0 }
    var bodyByteCount: Int { max(0, self.byteCount - FrameHeader.byteCount) }

    /// Passes on the frame for a request, in one buffer or in two.
    func forEachBuffer(of requestID: UInt64, _ visit: (ByteBuffer) -> Void) {
        guard let frame else { return }
        if requestID == self.requestID {
            visit(frame)
            return
        }
        let header = FrameHeader.bytes(
            self.opcode,
            requestID: requestID,
            bodyByteCount: self.bodyByteCount,
            bodyChecksum: self.checksum
        )
        visit(ByteBuffer(bytes: header))
        if let body = frame.getSlice(at: FrameHeader.byteCount, length: self.bodyByteCount) {
            visit(body)
        }
    }

    func withBody(_ body: (UnsafeRawBufferPointer) -> Void) {
        self.frame?.withUnsafeReadableBytes {
            body(UnsafeRawBufferPointer(rebasing: $0[FrameHeader.byteCount...]))
        }
    }

    /// The events after `lsn`: the end of the body, from an entry on.
    func suffix(after lsn: LSN) -> EventBatch {
        guard let frame else { return self }
        return frame.withUnsafeReadableBytes { bytes in
            var offset = FrameHeader.byteCount
            while offset + 12 <= bytes.count {
                let length = bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
                let first = bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt64.self)
                if UInt64(littleEndian: first) > lsn.value { break }
                offset += 4 + Int(UInt32(littleEndian: length))
            }
            return EventBatch(
                UnsafeRawBufferPointer(rebasing: bytes[min(offset, bytes.count)...]),
                as: self.opcode,
                requestID: self.requestID,
                through: self.through
            )
        }
    }
}
