internal import ColumnStore
internal import InventoryWire
internal import NIOCore

/// Events encoded once for all subscriptions that want the same steps.
///
///     header of request 7 ─┐
///     header of request 9 ─┼─▶ one body, its checksum computed once
///     whole frame of the request id that asked first: one buffer that every such socket writes
///
/// Clients number their requests alike, so nearly all take the whole frame.
struct EventBatch {
    /// The last step it tells of, also if nothing of it matched.
    let through: UInt64
    let needsReset: Bool
    /// Nothing if no step matched.
    private let frame: ByteBuffer?
    private let opcode: Opcode
    private let requestID: UInt64
    private let checksum: UInt32

    init(
        _ body: borrowing ByteWriter,
        as opcode: Opcode = .entries,
        requestID: UInt64,
        through: UInt64,
        needsReset: Bool
    ) {
        self.through = through
        self.needsReset = needsReset
        self.opcode = opcode
        self.requestID = requestID
        guard body.count > 0 else {
            self.frame = nil
            self.checksum = 0
            return
        }
        let checksum = body.withBytes { CRC32C.checksum($0) }
        var frame = ByteBufferAllocator().buffer(capacity: FrameHeader.byteCount + body.count)
        frame.writeBytes(
            FrameHeader.bytes(
                opcode,
                requestID: requestID,
                bodyByteCount: body.count,
                bodyChecksum: checksum
            )
        )
        body.withBytes { _ = frame.writeBytes($0) }
        self.checksum = checksum
        self.frame = frame
    }

    var isEmpty: Bool { self.frame == nil }

    var bodyByteCount: Int { (self.frame?.readableBytes ?? 0) - FrameHeader.byteCount }

    /// Hands over the frame for a request, in one buffer or in two.
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
}
