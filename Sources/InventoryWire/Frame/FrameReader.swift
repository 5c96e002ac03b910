public import Bytes

/// A frame in the buffer that it was read from; valid inside the closure that lent the bytes.
public struct Frame {
    /// The opcode as received; it may be unknown to ``Opcode``.
    public let opcode: UInt8
    /// The id that the client chose for its request.
    public let requestID: UInt64
    /// The body, whose checksum was verified.
    public let body: UnsafeRawBufferPointer
}

/// Splits a buffer into frames, in one pass and without copying.
///
///     var frames = FrameReader(bytes, limit: …)
///     while let frame = try frames.next() { … }
///     // frames.consumed bytes are done; the rest is the beginning of a frame
public struct FrameReader {
    private let bytes: UnsafeRawBufferPointer
    private let limit: Int
    /// Bytes of the frames returned so far.
    public private(set) var consumed = 0
    /// The offset from which no frame is returned.
    private var pausesAt = Int.max

    /// Creates a reader of frames.
    ///
    /// - Parameters:
    ///   - bytes: The bytes to read, which must outlive the reader.
    ///   - limit: The most bytes of a body: `requestByteCountMax` on a server, `replyByteCountMax` on a client.
    public init(_ bytes: UnsafeRawBufferPointer, limit: Int) {
        self.bytes = bytes
        self.limit = limit
    }

    /// The opcode of the next frame, even if incomplete; `nil` if fewer than 6 bytes of its header are there.
    ///
    /// It is unverified; ``next()`` verifies it.
    public var nextOpcode: UInt8? {
        self.bytes.count - self.consumed > 5 ? self.bytes[self.consumed + 5] : nil
    }

    /// The byte count of the next frame, including the header; `nil` if its header is incomplete.
    ///
    /// It is unverified until ``next()`` was called.
    public var nextByteCount: Int? {
        guard self.bytes.count - self.consumed >= FrameHeader.byteCount else { return nil }
        let length = self.bytes.loadUnaligned(fromByteOffset: self.consumed, as: UInt32.self)
        return FrameHeader.byteCount + Int(UInt32(littleEndian: length))
    }

    /// Makes ``next()`` pause after further frames of about `byteCount` bytes in total.
    public mutating func pause(after byteCount: Int) { self.pausesAt = self.consumed + byteCount }

    /// Whether ``next()`` has paused, and there are bytes left.
    public var isPaused: Bool {
        self.consumed >= self.pausesAt && self.consumed < self.bytes.count
    }

    /// Returns the next complete frame, or `nil` if the bytes end before it does.
    ///
    /// After an error, no further frame can be read, because its start is unknown.
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

/// Writes frames: it reserves space for the header, the body is written, then the header is completed.
public struct FrameWriter: Sendable {
    private let start: Int
    private let opcode: Opcode
    private let requestID: UInt64

    /// Starts a frame at the writer's end; its body is what is written until ``finish(into:)``.
    public init(_ opcode: Opcode, requestID: UInt64, into writer: inout ByteWriter) {
        self.start = writer.count
        self.opcode = opcode
        self.requestID = requestID
        writer.writeZeros(FrameHeader.byteCount)
    }

    /// Completes the header; traps if the body exceeds ``WireLimits/replyByteCountMax``.
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

    /// Appends a frame whose body was encoded before, for a fan-out to many clients.
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
