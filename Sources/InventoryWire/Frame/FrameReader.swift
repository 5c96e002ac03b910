public import Bytes

/// One frame in the bytes it was read from; valid inside the closure that lent them.
public struct Frame {
    public let opcode: UInt8
    public let requestID: UInt64
    public let body: UnsafeRawBufferPointer
}

/// Takes frames out of what a read brought, one after another, in one pass and without a copy.
///
///     var frames = FrameReader(bytes, limit: …)
///     while let frame = try frames.next() { … }
///     // frames.consumed bytes are done with; the rest is the beginning of a frame
public struct FrameReader {
    private let bytes: UnsafeRawBufferPointer
    private let limit: Int
    /// Bytes of the frames handed out so far.
    public private(set) var consumed = 0
    /// No frame is handed out that begins here or later.
    private var pausesAt = Int.max

    /// Reads frames whose bodies have at most `limit` bytes: `requestByteCountMax` on a server,
    /// `replyByteCountMax` on a client.
    public init(_ bytes: UnsafeRawBufferPointer, limit: Int) {
        self.bytes = bytes
        self.limit = limit
    }

    /// What the next frame says it is, whole or not; nothing if its header has not begun to say.
    ///
    /// Nothing of it is checked yet: ``next()`` does that.
    public var nextOpcode: UInt8? {
        self.bytes.count - self.consumed > 5 ? self.bytes[self.consumed + 5] : nil
    }

    /// How many bytes the next frame has, header and all; nothing if its header isn't whole.
    ///
    /// Believed once ``next()`` has looked at it.
    public var nextByteCount: Int? {
        guard self.bytes.count - self.consumed >= FrameHeader.byteCount else { return nil }
        let length = self.bytes.loadUnaligned(fromByteOffset: self.consumed, as: UInt32.self)
        return FrameHeader.byteCount + Int(UInt32(littleEndian: length))
    }

    /// Has ``next()`` pause behind the next frames of together about `byteCount` bytes.
    public mutating func pause(after byteCount: Int) { self.pausesAt = self.consumed + byteCount }

    /// Whether ``next()`` has paused, and there are bytes left.
    public var isPaused: Bool {
        self.consumed >= self.pausesAt && self.consumed < self.bytes.count
    }

    /// The next whole frame; nothing if the bytes end before it does.
    ///
    /// After an error there is no next one: nobody can tell where it would begin.
    public mutating func next() throws(WireError) -> Frame? {
        guard self.consumed < self.pausesAt else { return nil }
        let rest = UnsafeRawBufferPointer(rebasing: self.bytes[self.consumed...])
        guard rest.count >= FrameHeader.byteCount else { return nil }
        let header = try FrameHeader(rest, limit: self.limit)
        let end = FrameHeader.byteCount + header.bodyByteCount
        guard rest.count >= end else { return nil }
        let body = UnsafeRawBufferPointer(rebasing: rest[FrameHeader.byteCount..<end])
        guard CRC32C.checksum(body) == header.bodyChecksum else {
            throw .badBodyChecksum(Opcode(rawValue: header.opcode))
        }
        self.consumed += end
        return Frame(opcode: header.opcode, requestID: header.requestID, body: body)
    }
}

/// Puts frames into a writer: the header's place first, the body behind it, then the header.
public struct FrameWriter: Sendable {
    private let start: Int
    private let opcode: Opcode
    private let requestID: UInt64

    /// Begins a frame at the writer's end; its body is what is written until ``finish(into:)``.
    public init(_ opcode: Opcode, requestID: UInt64, into writer: inout ByteWriter) {
        self.start = writer.count
        self.opcode = opcode
        self.requestID = requestID
        writer.writeZeros(FrameHeader.byteCount)
    }

    /// Completes the header.
    public func finish(into writer: inout ByteWriter) {
        let bodyStart = self.start + FrameHeader.byteCount
        let byteCount = writer.count - bodyStart
        precondition(
            byteCount <= WireLimits.replyByteCountMax,
            "a body of \(byteCount) bytes in \(self.opcode)"
        )
        let checksum = writer.withBytes {
            CRC32C.checksum(UnsafeRawBufferPointer(rebasing: $0[bodyStart...]))
        }
        writer.overwrite(at: self.start, byteCount: FrameHeader.byteCount) { cursor in
            FrameHeader.encode(
                self.opcode,
                requestID: self.requestID,
                bodyByteCount: byteCount,
                bodyChecksum: checksum,
                into: &cursor
            )
        }
    }

    /// Appends a frame whose body is there already, encoded once for many.
    public static func append(
        _ opcode: Opcode,
        requestID: UInt64,
        body: UnsafeRawBufferPointer,
        into writer: inout ByteWriter
    ) {
        let frame = FrameWriter(opcode, requestID: requestID, into: &writer)
        writer.write(bytes: body)
        frame.finish(into: &writer)
    }
}
