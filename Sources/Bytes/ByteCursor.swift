/// Writes into memory that was reserved beforehand: the fast path of ``ByteWriter`` for values with a known
/// maximum size.
///
///     writer.append(atMost: 30) { cursor in … }      one capacity check, then only stores
///
/// A log step is about fifty values of a few bytes each. Checking the capacity for each value costs more
/// than writing it. The cursor writes the same bytes as the writer.
public struct ByteCursor: ~Copyable {
    @usableFromInline let start: UnsafeMutableRawPointer
    @usableFromInline var next: UnsafeMutableRawPointer

    @inlinable
    init(_ start: UnsafeMutableRawPointer) {
        self.start = start
        self.next = start
    }

    /// The number of bytes written so far.
    @inlinable public var count: Int { self.next - self.start }

    /// Calls `body` with the bytes written so far.
    @inlinable @inline(__always)
    public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        body(UnsafeRawBufferPointer(start: self.start, count: self.count))
    }

    @inlinable @inline(__always)
    mutating func store<Value: FixedWidthInteger>(_ value: Value) {
        self.next.storeBytes(of: value.littleEndian, as: Value.self)
        self.next += MemoryLayout<Value>.size
    }

    /// Writes one byte.
    @inlinable @inline(__always)
    public mutating func write(_ value: UInt8) { self.store(value) }
    /// Writes two bytes, little-endian.
    @inlinable @inline(__always)
    public mutating func write(_ value: UInt16) { self.store(value) }
    /// Writes four bytes, little-endian.
    @inlinable @inline(__always)
    public mutating func write(_ value: UInt32) { self.store(value) }
    /// Writes eight bytes, little-endian.
    @inlinable @inline(__always)
    public mutating func write(_ value: UInt64) { self.store(value) }
    /// Writes eight bytes, little-endian, in two's complement.
    @inlinable @inline(__always)
    public mutating func write(_ value: Int64) { self.store(value) }
    /// Writes the number of `lsn` in eight bytes, little-endian.
    @inlinable @inline(__always)
    public mutating func write(_ lsn: LSN) { self.store(lsn.value) }

    /// Writes an unsigned LEB128 integer of at most ``VarintCoding/byteCountMax`` bytes.
    @inlinable @inline(__always)
    public mutating func writeVarint(_ value: UInt64) {
        if value < 0x80 {
            self.store(UInt8(truncatingIfNeeded: value))
        } else if value < 1 << 14 {
            self.store(UInt16(truncatingIfNeeded: value & 0x7F | 0x80 | (value >> 7) << 8))
        } else {
            self.next += VarintCoding.store(value, at: self.next)
        }
    }

    /// Writes a zigzag-encoded LEB128 integer of at most ``VarintCoding/byteCountMax`` bytes.
    @inlinable @inline(__always)
    public mutating func writeVarint(_ value: Int64) {
        self.writeVarint(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }

    /// Writes the byte count as a varint, then the UTF-8 bytes.
    @inlinable @inline(__always)
    public mutating func writeText(_ text: String) {
        if text.isEmpty {
            self.store(0 as UInt8)
            return
        }
        var text = text
        text.withUTF8 { utf8 in
            self.writeVarint(UInt64(utf8.count))
            self.write(bytes: UnsafeRawBufferPointer(utf8))
        }
    }

    /// Writes the byte count as a varint, then the UTF-8 bytes of a string.
    @inlinable @inline(__always)
    public mutating func writeText(utf8: UnsafeRawBufferPointer) {
        self.writeVarint(UInt64(utf8.count))
        self.write(bytes: utf8)
    }

    /// A position reserved for a value that is written later.
    public struct Place {
        @usableFromInline let address: UnsafeMutableRawPointer

        @inlinable
        init(_ address: UnsafeMutableRawPointer) { self.address = address }
    }

    /// Reserves four bytes for ``fill(_:with:)``.
    @inlinable @inline(__always)
    public mutating func leaveUInt32() -> Place {
        self.next += 4
        return Place(self.next - 4)
    }

    /// Writes four bytes, little-endian, at a reserved position.
    @inlinable @inline(__always)
    public func fill(_ place: Place, with value: UInt32) {
        place.address.storeBytes(of: value.littleEndian, as: UInt32.self)
    }

    /// Fills a reserved position with the number of bytes written after it.
    @inlinable @inline(__always)
    public func fillWithByteCount(_ place: Place) {
        self.fill(place, with: UInt32(truncatingIfNeeded: self.next - place.address - 4))
    }

    /// Copies the bytes as they are, without a count.
    @inlinable @inline(__always)
    public mutating func write(bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress else { return }
        self.next.copyMemory(from: source, byteCount: bytes.count)
        self.next += bytes.count
    }
}

extension ByteWriter {
    /// Appends the bytes that a closure writes.
    ///
    /// - Parameters:
    ///   - byteCount: The most bytes of it; the program stops if it writes more.
    ///   - body: Writes the bytes.
    @inlinable @inline(__always)
    public mutating func append(
        atMost byteCount: Int,
        _ body: (inout ByteCursor) -> Void
    ) {
        // A varint stores eight bytes at once, even if it is shorter.
        self.reserve(byteCount + 8)
        var cursor = ByteCursor(self.base + self.end)
        body(&cursor)
        let written = cursor.count
        if written > byteCount { Self.stop(written, byteCount) }
        self.end += written
    }

    /// Overwrites existing bytes.
    ///
    /// - Parameters:
    ///   - offset: The offset of the first of them.
    ///   - byteCount: Their number.
    ///   - body: Writes exactly that many bytes.
    @inlinable @inline(__always)
    public mutating func overwrite(
        at offset: Int,
        byteCount: Int,
        _ body: (inout ByteCursor) -> Void
    ) {
        precondition(
            offset >= 0 && byteCount >= 0 && offset <= self.count - byteCount,
            "\(byteCount) bytes at \(offset) of \(self.count)"
        )
        var cursor = ByteCursor(self.base + offset)
        body(&cursor)
        if cursor.count != byteCount { Self.stop(cursor.count, byteCount) }
    }

    @inlinable @inline(never)
    static func stop(_ written: Int, _ limit: Int) -> Never {
        preconditionFailure("\(written) bytes in space for \(limit)")
    }
}

/// LEB128 integers of two bytes or more, without a loop over the bytes.
public enum VarintCoding {
    /// The byte count of the longest encoding.
    @inlinable public static var byteCountMax: Int { 10 }

    /// Writes a value above 0 into space for ``byteCountMax`` bytes.
    ///
    /// The groups of seven bits are spread by halves: 28 and 28, then 14, then 7.
    ///
    ///     0 … 0 | gggggggffffffeeeeeeedddddddcccccccbbbbbbbaaaaaaa
    ///     0ggggggg 0ffffff 0eeeeeee 0ddddddd 0ccccccc 0bbbbbbb 0aaaaaaa
    ///
    /// - Returns: The number of bytes written.
    @inlinable @inline(__always)
    static func store(_ value: UInt64, at target: UnsafeMutableRawPointer) -> Int {
        guard value < 1 << 56 else { return self.storeLong(value, at: target) }
        var groups = (value & 0x0FFF_FFFF) | (value & 0x00FF_FFFF_F000_0000) << 4
        groups = (groups & 0x0000_3FFF_0000_3FFF) | (groups & 0x0FFF_C000_0FFF_C000) << 2
        groups = (groups & 0x007F_007F_007F_007F) | (groups & 0x3F80_3F80_3F80_3F80) << 1
        // The last bit of the last group determines the number of groups.
        let count = (71 &- groups.leadingZeroBitCount) / 8
        groups |= 0x8080_8080_8080_8080 & ((1 &<< UInt64(8 &* (count &- 1))) &- 1)
        target.storeBytes(of: groups.littleEndian, as: UInt64.self)
        return count
    }

    @inline(never) @usableFromInline
    static func storeLong(_ value: UInt64, at target: UnsafeMutableRawPointer) -> Int {
        var rest = value
        var count = 0
        while rest >= 0x80 {
            let byte = UInt8(truncatingIfNeeded: rest) | 0x80
            target.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
            count += 1
            rest >>= 7
        }
        let last = UInt8(truncatingIfNeeded: rest)
        target.storeBytes(of: last, toByteOffset: count, as: UInt8.self)
        return count + 1
    }
}
