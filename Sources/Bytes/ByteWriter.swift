/// A growing byte buffer with typed appends: all values are encoded with it, for disk and network.
///
/// Integers are little-endian. Variable-length integers are LEB128: seven bits a byte, least significant
/// first, the top bit set on all but the last; signed ones are zigzag-encoded first, so that small
/// magnitudes stay short. A writer owns its memory and keeps it when cleared, so one writer serves a hot
/// path without allocating again. The methods of hot paths are inlinable: a log step is about fifty
/// appends of a few bytes each.
public struct ByteWriter: ~Copyable, @unchecked Sendable {
    @usableFromInline var base: UnsafeMutableRawPointer
    @usableFromInline var capacity: Int
    @usableFromInline var end: Int

    /// The number of bytes written since the last ``removeAll()``.
    @inlinable public var count: Int { self.end }

    /// Creates an empty writer with memory for at least `capacity` bytes.
    public init(capacity: Int = 256) {
        precondition(capacity >= 0, "capacity \(capacity)")
        self.capacity = max(capacity, 16)
        self.base = .allocate(byteCount: self.capacity, alignment: 16)
        self.end = 0
    }

    deinit { self.base.deallocate() }

    /// Removes the content and keeps the memory.
    @inlinable
    public mutating func removeAll() { self.end = 0 }

    /// Removes everything from offset `count` on.
    public mutating func truncate(to count: Int) {
        precondition(count >= 0 && count <= self.count, "truncate to \(count) of \(self.count)")
        self.end = count
    }

    /// Removes the first `count` bytes and moves the rest to the front.
    public mutating func removeFirst(_ count: Int) {
        precondition(count >= 0 && count <= self.count, "remove \(count) of \(self.count)")
        self.base.copyMemory(from: self.base + count, byteCount: self.count - count)
        self.end -= count
    }

    /// Reserves capacity for `byteCount` more bytes.
    ///
    /// - Complexity: O(1) amortised: the capacity at least doubles when it grows.
    @inlinable @inline(__always)
    public mutating func reserve(_ byteCount: Int) {
        if self.capacity - self.count < byteCount { self.grow(by: byteCount) }
    }

    @inline(never) @usableFromInline
    mutating func grow(by byteCount: Int) {
        let capacity = max(self.count + byteCount, self.capacity * 2)
        let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
        larger.copyMemory(from: self.base, byteCount: self.count)
        self.base.deallocate()
        self.base = larger
        self.capacity = capacity
    }

    // MARK: - Appending

    /// Appends one byte.
    @inlinable
    public mutating func write(_ value: UInt8) {
        self.reserve(1)
        self.base.storeBytes(of: value, toByteOffset: self.count, as: UInt8.self)
        self.end += 1
    }

    /// Appends one byte, 0 or 1.
    @inlinable
    public mutating func write(_ value: Bool) { self.write(value ? 1 as UInt8 : 0) }

    /// Appends two bytes, little-endian.
    @inlinable
    public mutating func write(_ value: UInt16) { self.writeFixed(value) }
    /// Appends four bytes, little-endian.
    @inlinable
    public mutating func write(_ value: UInt32) { self.writeFixed(value) }
    /// Appends eight bytes, little-endian.
    @inlinable
    public mutating func write(_ value: UInt64) { self.writeFixed(value) }
    /// Appends eight bytes, little-endian, in two's complement.
    @inlinable
    public mutating func write(_ value: Int64) { self.writeFixed(UInt64(bitPattern: value)) }
    /// Appends eight bytes, little-endian.
    @inlinable
    public mutating func write(_ lsn: LSN) { self.writeFixed(lsn.value) }

    @inlinable @inline(__always)
    mutating func writeFixed<T: FixedWidthInteger>(_ value: T) {
        let size = MemoryLayout<T>.size
        self.reserve(size)
        self.base.storeBytes(of: value.littleEndian, toByteOffset: self.count, as: T.self)
        self.end += size
    }

    /// Appends an unsigned LEB128 integer of 1 to 10 bytes.
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

    /// Appends a zigzag-encoded LEB128 integer (0, −1, 1, −2 … become 0, 1, 2, 3 …).
    @inlinable
    public mutating func writeVarint(_ value: Int64) {
        self.writeVarint(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }

    /// Appends the byte count as a varint, then the UTF-8 bytes.
    @inlinable
    public mutating func writeText(_ text: String) {
        var text = text
        text.withUTF8 { utf8 in
            self.writeVarint(UInt64(utf8.count))
            self.write(bytes: UnsafeRawBufferPointer(utf8))
        }
    }

    /// Appends the bytes as they are, without a count.
    @inlinable
    public mutating func write(bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress, bytes.count > 0 else { return }
        self.reserve(bytes.count)
        (self.base + self.count).copyMemory(from: source, byteCount: bytes.count)
        self.end += bytes.count
    }

    /// Appends the bytes as they are, without a count.
    public mutating func write(bytes: [UInt8]) {
        bytes.withUnsafeBytes { self.write(bytes: $0) }
    }

    /// Appends `byteCount` bytes of 0.
    @inlinable
    public mutating func writeZeros(_ byteCount: Int) {
        precondition(byteCount >= 0, "\(byteCount) zeros")
        self.reserve(byteCount)
        (self.base + self.count).initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
        self.end += byteCount
    }

    /// Appends bytes that a closure initialises in place.
    ///
    /// - Parameters:
    ///   - byteCount: Their number.
    ///   - fill: Initialises all of them.
    public mutating func write(
        byteCount: Int,
        fillingWith fill: (UnsafeMutableRawBufferPointer) -> Void
    ) {
        self.reserve(byteCount)
        fill(UnsafeMutableRawBufferPointer(start: self.base + self.count, count: byteCount))
        self.end += byteCount
    }

    // MARK: - Overwriting

    /// Overwrites four bytes written before, for a length known only afterwards.
    @inlinable
    public mutating func overwrite(_ value: UInt32, at offset: Int) {
        precondition(offset >= 0 && offset + 4 <= self.count, "offset \(offset) of \(self.count)")
        self.base.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt32.self)
    }

    // MARK: - Reading

    /// Calls a closure with the bytes written so far.
    ///
    /// - Parameter body: The closure; the pointer is valid only inside it.
    /// - Returns: What the closure returns.
    /// - Throws: The error of the closure.
    @inlinable
    public borrowing func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(start: self.base, count: self.count))
    }

    /// Returns a copy of the bytes written so far.
    public borrowing func array() -> [UInt8] { self.withBytes { [UInt8]($0) } }
}
