/// A growing run of bytes with typed appends: how every value leaves memory, for the disk and for
/// the network alike.
///
/// Integers are little-endian. Variable-length integers are LEB128: seven bits a byte, least
/// significant first, the top bit set on all but the last; signed ones are zigzag-folded before, so
/// that small magnitudes stay short. A writer owns its memory and keeps it when cleared, so one
/// writer serves a hot path for ever without allocating. What a hot path calls is inlined into it:
/// a step of the log is some fifty appends of a few bytes each.
public struct ByteWriter: ~Copyable, @unchecked Sendable {
    @usableFromInline var base: UnsafeMutableRawPointer
    @usableFromInline var capacity: Int
    @usableFromInline var end: Int

    /// How many bytes were written since the last ``removeAll()``.
    @inlinable public var count: Int { self.end }

    public init(capacity: Int = 256) {
        precondition(capacity >= 0, "capacity \(capacity)")
        self.capacity = max(capacity, 16)
        self.base = .allocate(byteCount: self.capacity, alignment: 16)
        self.end = 0
    }

    deinit { self.base.deallocate() }

    /// Forgets the content and keeps the memory.
    @inlinable
    public mutating func removeAll() { self.end = 0 }

    /// Forgets everything from `count` on: takes back what was written since it was read.
    public mutating func truncate(to count: Int) {
        precondition(count >= 0 && count <= self.count, "truncate to \(count) of \(self.count)")
        self.end = count
    }

    /// Forgets the first `count` bytes; what follows moves to the front.
    public mutating func removeFirst(_ count: Int) {
        precondition(count >= 0 && count <= self.count, "remove \(count) of \(self.count)")
        self.base.copyMemory(from: self.base + count, byteCount: self.count - count)
        self.end -= count
    }

    /// Makes room for `byteCount` more bytes.
    ///
    /// - Complexity: O(1) amortised: the room at least doubles when it grows.
    @inlinable @inline(__always)
    public mutating func reserve(_ byteCount: Int) {
        if self.capacity - self.count < byteCount { self.grow(by: byteCount) }
    }

    @inline(never) @usableFromInline
    mutating func grow(by byteCount: Int) {
        let wanted = max(self.count + byteCount, self.capacity * 2)
        let larger = UnsafeMutableRawPointer.allocate(byteCount: wanted, alignment: 16)
        larger.copyMemory(from: self.base, byteCount: self.count)
        self.base.deallocate()
        self.base = larger
        self.capacity = wanted
    }

    // MARK: - Appending

    @inlinable
    public mutating func write(_ value: UInt8) {
        self.reserve(1)
        self.base.storeBytes(of: value, toByteOffset: self.count, as: UInt8.self)
        self.end += 1
    }

    @inlinable
    public mutating func write(_ value: Bool) { self.write(value ? 1 as UInt8 : 0) }

    @inlinable
    public mutating func write(_ value: UInt16) { self.writeFixed(value) }
    @inlinable
    public mutating func write(_ value: UInt32) { self.writeFixed(value) }
    @inlinable
    public mutating func write(_ value: UInt64) { self.writeFixed(value) }
    @inlinable
    public mutating func write(_ value: Int64) { self.writeFixed(UInt64(bitPattern: value)) }
    @inlinable
    public mutating func write(_ lsn: LSN) { self.writeFixed(lsn.value) }

    @inlinable @inline(__always)
    mutating func writeFixed<T: FixedWidthInteger>(_ value: T) {
        let size = MemoryLayout<T>.size
        self.reserve(size)
        self.base.storeBytes(of: value.littleEndian, toByteOffset: self.count, as: T.self)
        self.end += size
    }

    /// An unsigned LEB128 integer, 1 to 10 bytes.
    @inlinable
    public mutating func writeVarint(_ value: UInt64) {
        if value < 0x80 {
            self.write(UInt8(truncatingIfNeeded: value))
        } else {
            self.writeLongVarint(value)
        }
    }

    @inline(never) @usableFromInline
    mutating func writeLongVarint(_ value: UInt64) {
        self.reserve(VarintCoding.byteCountMax)
        self.end += VarintCoding.store(value, at: self.base + self.end)
    }

    /// A signed integer, zigzag-folded (0, −1, 1, −2 … become 0, 1, 2, 3 …), then LEB128.
    @inlinable
    public mutating func writeVarint(_ value: Int64) {
        self.writeVarint(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }

    /// UTF-8 bytes after their count as a varint.
    @inlinable
    public mutating func writeText(_ text: String) {
        var text = text
        text.withUTF8 { utf8 in
            self.writeVarint(UInt64(utf8.count))
            self.write(bytes: UnsafeRawBufferPointer(utf8))
        }
    }

    @inlinable
    public mutating func write(bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress, bytes.count > 0 else { return }
        self.reserve(bytes.count)
        (self.base + self.count).copyMemory(from: source, byteCount: bytes.count)
        self.end += bytes.count
    }

    public mutating func write(bytes: [UInt8]) {
        bytes.withUnsafeBytes { self.write(bytes: $0) }
    }

    @inlinable
    public mutating func writeZeros(_ byteCount: Int) {
        precondition(byteCount >= 0, "\(byteCount) zeros")
        self.reserve(byteCount)
        (self.base + self.count).initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
        self.end += byteCount
    }

    /// Appends `byteCount` bytes that `fill` initialises in place.
    public mutating func write(
        byteCount: Int,
        fillingWith fill: (UnsafeMutableRawBufferPointer) -> Void
    ) {
        self.reserve(byteCount)
        fill(UnsafeMutableRawBufferPointer(start: self.base + self.count, count: byteCount))
        self.end += byteCount
    }

    // MARK: - Going back

    /// Writes over four bytes that were written before: for a length known only afterwards.
    @inlinable
    public mutating func overwrite(_ value: UInt32, at offset: Int) {
        precondition(offset >= 0 && offset + 4 <= self.count, "offset \(offset) of \(self.count)")
        self.base.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt32.self)
    }

    // MARK: - Looking

    /// Lends the bytes written so far; the pointer is valid inside `body` only.
    @inlinable
    public borrowing func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(start: self.base, count: self.count))
    }

    /// A copy of the bytes written so far.
    public borrowing func array() -> [UInt8] { self.withBytes { [UInt8]($0) } }
}
