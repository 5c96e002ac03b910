import InventoryWire

/// Decodes the frames of replies and events as far as a bench needs.
///
/// Frame checksums are not verified, as the drivers of the peers verify none: a bench measures the
/// server, not the network.
struct BenchFrames {
    private let bytes: UnsafeRawBufferPointer
    /// The bytes of the frames returned so far.
    private(set) var consumed = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    struct Frame {
        var opcode: UInt8
        var requestID: UInt64
        var body: UnsafeRawBufferPointer
    }

    /// Returns the next complete frame; `nil` if the bytes end before it does.
    mutating func next() -> Frame? {
        let rest = self.bytes.count - self.consumed
        guard rest >= FrameHeader.byteCount else { return nil }
        let start = self.consumed
        let length = self.bytes.loadUnaligned(fromByteOffset: start, as: UInt32.self)
        let end = FrameHeader.byteCount + Int(UInt32(littleEndian: length))
        guard rest >= end else { return nil }
        let id = self.bytes.loadUnaligned(fromByteOffset: start + 8, as: UInt64.self)
        self.consumed += end
        return Frame(
            opcode: self.bytes[start + 5],
            requestID: UInt64(littleEndian: id),
            body: UnsafeRawBufferPointer(
                rebasing: self.bytes[(start + FrameHeader.byteCount)..<(start + end)]
            )
        )
    }
}
