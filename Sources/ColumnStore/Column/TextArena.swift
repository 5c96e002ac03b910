internal import Bytes

/// The bytes of strings, appended to immutable chunks of 64 KiB.
///
/// A string never crosses chunks, and its position stays valid. Copies share the chunks; as in
/// ``LedgerColumn``, a writer appends beyond what a copy can see.
struct TextArena: Sendable {
    static let chunkByteCount = 1 << 16
    private static let capacityAtFirst = 256

    /// `@unchecked Sendable` for the same reasons as ``SegmentStorage``.
    private final class Chunk: @unchecked Sendable {
        let base: UnsafeMutableRawPointer
        let capacity: Int
        var filled: Int

        init(capacity: Int, copying source: UnsafeRawPointer?, count: Int) {
            self.base = .allocate(byteCount: capacity, alignment: 16)
            self.capacity = capacity
            self.filled = count
            if let source, count > 0 { self.base.copyMemory(from: source, byteCount: count) }
        }

        deinit { self.base.deallocate() }
    }

    private var full: [(chunk: Chunk, count: Int, epoch: UInt64)] = []
    private var tail = Chunk(capacity: TextArena.capacityAtFirst, copying: nil, count: 0)
    private var tailCount = 0
    private var tailEpoch: UInt64 = 0
    private var epoch: UInt64 = 1

    /// Appends a string of at most ``chunkByteCount`` bytes and returns its position.
    mutating func append(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        precondition(bytes.count <= Self.chunkByteCount, "a text of \(bytes.count) bytes")
        if self.tailCount + bytes.count > Self.chunkByteCount {
            self.full.append((self.tail, self.tailCount, self.tailEpoch))
            self.tail = Chunk(capacity: Self.chunkByteCount, copying: nil, count: 0)
            self.tailCount = 0
        }
        let needed = self.tailCount + bytes.count
        if needed > self.tail.capacity || self.tail.filled != self.tailCount {
            let grown = max(needed, needed > self.tail.capacity ? self.tail.capacity * 4 : 0)
            self.tail = Chunk(
                capacity: min(max(grown, self.tail.capacity), Self.chunkByteCount),
                copying: self.tail.base,
                count: self.tailCount
            )
        }
        let position = UInt64(self.full.count) << 16 | UInt64(self.tailCount)
        if let source = bytes.baseAddress, bytes.count > 0 {
            (self.tail.base + self.tailCount).copyMemory(from: source, byteCount: bytes.count)
        }
        self.tailCount = needed
        self.tail.filled = needed
        self.tailEpoch = self.epoch
        return position
    }

    /// Calls `body` with `count` bytes from a position.
    @inline(__always)
    func withBytes<Result>(
        at position: UInt64,
        count: Int,
        _ body: (UnsafeRawBufferPointer) -> Result
    ) -> Result {
        let index = Int(position >> 16)
        let offset = Int(position & 0xFFFF)
        let isTail = index == self.full.count
        let chunk = isTail ? self.tail : self.full[index].chunk
        let filled = isTail ? self.tailCount : self.full[index].count
        precondition(offset + count <= filled, "text at \(position) of \(count) bytes")
        return body(UnsafeRawBufferPointer(start: chunk.base + offset, count: count))
    }

    /// Returns whether `count` bytes lie at that position.
    func contains(position: UInt64, count: Int) -> Bool {
        let index = Int(clamping: position >> 16)
        guard index <= self.full.count else { return false }
        let filled = index == self.full.count ? self.tailCount : self.full[index].count
        return Int(position & 0xFFFF) + count <= filled
    }
}

extension TextArena: ColumnImaging {
    var imageRowCount: Int? { nil }
    var imageSegmentCount: Int { self.full.count + (self.tailCount > 0 ? 1 : 0) }
    func imageSegmentStride(_ segment: Int) -> Int { 1 }

    func imageSegmentEpoch(_ segment: Int) -> UInt64 {
        segment < self.full.count ? self.full[segment].epoch : self.tailEpoch
    }

    func writeImageSegment(_ segment: Int, into writer: inout ByteWriter) {
        let isTail = segment == self.full.count
        let chunk = isTail ? self.tail : self.full[segment].chunk
        let count = isTail ? self.tailCount : self.full[segment].count
        writer.write(bytes: UnsafeRawBufferPointer(start: chunk.base, count: count))
    }

    /// Closes the preceding chunk at its end, so that positions stay valid.
    mutating func appendImageSegment(_ reader: inout ByteReader) throws(ByteReaderError) {
        let count = reader.remaining
        guard count >= 1, count <= Self.chunkByteCount else {
            throw .tooLong(
                offset: reader.offset,
                length: UInt64(count),
                limit: Self.chunkByteCount
            )
        }
        if self.tailCount > 0 {
            self.full.append((self.tail, self.tailCount, self.tailEpoch))
        }
        let bytes = try reader.readBytes(count)
        self.tail = Chunk(capacity: Self.chunkByteCount, copying: bytes.baseAddress, count: count)
        self.tailCount = count
        self.tailEpoch = 0
    }

    /// Returns 0: strings are summed through their references.
    func checksum(ofPart part: UInt32) -> UInt64 { 0 }

    mutating func beginEpoch(_ epoch: UInt64) { self.epoch = epoch }
}
