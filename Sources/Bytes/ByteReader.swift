/// The reason why bytes could not be decoded.
///
/// Offsets count from the first byte given to the reader.
public enum ByteReaderError: Error, Equatable, Sendable {
    /// The bytes end before the value does.
    case truncated(offset: Int, needed: Int, available: Int)
    /// A variable-length integer that exceeds 64 bits or is not in its shortest form.
    case overlongInteger(offset: Int)
    /// Text that is not UTF-8.
    case invalidText(offset: Int)
    /// A count or length above the allowed limit.
    case tooLong(offset: Int, length: UInt64, limit: Int)
    /// A string or byte field longer than its field allows; the field is complete, and `what` names it.
    case fieldTooLong(offset: Int, byteCount: UInt64, limit: Int, what: String)
    /// A number above the limit of its field; the field is complete, and `what` names it.
    case outOfRange(offset: Int, value: UInt64, limit: UInt64, what: String)
    /// A code without a meaning in this place.
    case unknownCode(offset: Int, code: UInt64, what: String)
    /// Bytes that remain after the last value was read.
    case trailingBytes(offset: Int, count: Int)
}

extension ByteReaderError: CustomStringConvertible {
    /// A message for people: the byte, the value and the limit.
    public var description: String {
        func bytes(_ count: Int) -> String { count == 1 ? "1 byte" : "\(count) bytes" }
        switch self {
        case .truncated(let offset, let needed, let available):
            let verb = needed == 1 ? "is" : "are"
            return "byte \(offset): \(bytes(needed)) \(verb) needed, and \(available) are left"
        case .overlongInteger(let offset):
            return "byte \(offset): an overlong integer"
        case .invalidText(let offset):
            return "byte \(offset): text that is not UTF-8"
        case .tooLong(let offset, let length, let limit):
            return "byte \(offset): a length of \(length); at most \(limit) is allowed"
        case .fieldTooLong(let offset, let byteCount, let limit, let what):
            return "byte \(offset): \(what) has \(byteCount) bytes; at most \(limit) are allowed"
        case .outOfRange(let offset, let value, let limit, let what):
            return "byte \(offset): \(what) is \(value); at most \(limit) is allowed"
        case .unknownCode(let offset, let code, let what):
            return "byte \(offset): unknown \(what) \(code)"
        case .trailingBytes(let offset, let count):
            return "byte \(offset): \(bytes(count)) too many"
        }
    }
}

/// A cursor over borrowed bytes with typed, checked reads: the counterpart of ``ByteWriter``.
///
/// A reader is valid only inside the closure that provides its bytes. Every read checks the remaining bytes
/// first, and every length is compared with them before use, so a malicious length allocates nothing.
public struct ByteReader {
    @usableFromInline let bytes: UnsafeRawBufferPointer
    @usableFromInline var position = 0

    /// Starts at the first byte.
    ///
    /// - Parameter bytes: The bytes to read, which must outlive the reader.
    @inlinable
    public init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// The offset of the next read.
    @inlinable public var offset: Int { self.position }

    /// The number of bytes not read yet.
    @inlinable public var remaining: Int { self.bytes.count - self.position }

    @inlinable @inline(__always)
    func require(_ byteCount: Int) throws(ByteReaderError) {
        if self.bytes.count - self.offset < byteCount {
            throw .truncated(offset: self.offset, needed: byteCount, available: self.remaining)
        }
    }

    /// Reads one byte.
    @inlinable @inline(__always)
    public mutating func readUInt8() throws(ByteReaderError) -> UInt8 {
        try self.require(1)
        defer { self.position += 1 }
        return self.bytes[self.offset]
    }

    /// Reads one byte, 0 or 1; throws ``ByteReaderError/unknownCode(offset:code:what:)`` for any other.
    @inlinable
    public mutating func readBool() throws(ByteReaderError) -> Bool {
        let offset = self.offset
        switch try self.readUInt8() {
        case 0: return false
        case 1: return true
        case let code: throw .unknownCode(offset: offset, code: UInt64(code), what: "boolean")
        }
    }

    /// Reads two bytes, little-endian.
    @inlinable
    public mutating func readUInt16() throws(ByteReaderError) -> UInt16 { try self.readFixed() }
    /// Reads four bytes, little-endian.
    @inlinable
    public mutating func readUInt32() throws(ByteReaderError) -> UInt32 { try self.readFixed() }
    /// Reads eight bytes, little-endian.
    @inlinable
    public mutating func readUInt64() throws(ByteReaderError) -> UInt64 { try self.readFixed() }
    /// Reads eight bytes, little-endian, in two's complement.
    @inlinable
    public mutating func readInt64() throws(ByteReaderError) -> Int64 { try self.readFixed() }
    /// Reads eight bytes, little-endian.
    @inlinable
    public mutating func readLSN() throws(ByteReaderError) -> LSN { LSN(try self.readFixed()) }

    @inlinable @inline(__always)
    mutating func readFixed<T: FixedWidthInteger>() throws(ByteReaderError) -> T {
        let size = MemoryLayout<T>.size
        try self.require(size)
        defer { self.position += size }
        return T(littleEndian: self.bytes.loadUnaligned(fromByteOffset: self.offset, as: T.self))
    }

    /// Reads an unsigned LEB128 integer of at most 64 bits in its shortest form.
    ///
    /// Every value has one encoding, so equal values are equal bytes.
    @inlinable @inline(__always)
    public mutating func readVarint() throws(ByteReaderError) -> UInt64 {
        let left = self.bytes.count &- self.position
        if left > 0 {
            let first = self.bytes[self.position]
            if first < 0x80 {
                self.position &+= 1
                return UInt64(first)
            }
            if left > 1 {
                // Nearly all ids, and most other values, take two bytes.
                let second = self.bytes[self.position &+ 1]
                if second < 0x80, second > 0 {
                    self.position &+= 2
                    return UInt64(first & 0x7F) | UInt64(second) << 7
                }
            }
        }
        return try self.readLongVarint()
    }

    @inline(never) @usableFromInline
    mutating func readLongVarint() throws(ByteReaderError) -> UInt64 {
        let start = self.offset
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = try self.readUInt8()
            if shift == 63, byte > 1 { throw .overlongInteger(offset: start) }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 {
                if byte == 0, shift > 0 { throw .overlongInteger(offset: start) }
                return value
            }
            shift += 7
            if shift > 63 { throw .overlongInteger(offset: start) }
        }
    }

    /// Reads a zigzag-encoded LEB128 integer.
    @inlinable @inline(__always)
    public mutating func readSignedVarint() throws(ByteReaderError) -> Int64 {
        let folded = try self.readVarint()
        return Int64(bitPattern: (folded >> 1) ^ (0 &- (folded & 1)))
    }

    /// Reads a varint count that must not exceed `limit`.
    @inlinable @inline(__always)
    public mutating func readCount(limit: Int) throws(ByteReaderError) -> Int {
        let start = self.offset
        let count = try self.readVarint()
        guard count <= UInt64(limit) else {
            throw .tooLong(offset: start, length: count, limit: limit)
        }
        return Int(count)
    }

    /// Reads the byte count of a field.
    ///
    /// - Parameters:
    ///   - limit: The largest valid count.
    ///   - what: The name of the field, for the error.
    /// - Returns: The byte count.
    /// - Throws: ``ByteReaderError`` for a larger count or at the end of the bytes.
    @inlinable @inline(__always)
    public mutating func readByteCount(
        limit: Int,
        of what: StaticString
    ) throws(ByteReaderError) -> Int {
        let start = self.offset
        let count = try self.readVarint()
        guard count <= UInt64(limit) else {
            throw Self.tooLong(start, byteCount: count, limit: limit, what: what)
        }
        return Int(count)
    }

    @inline(never) @usableFromInline
    static func tooLong(
        _ offset: Int,
        byteCount: UInt64,
        limit: Int,
        what: StaticString
    ) -> ByteReaderError {
        .fieldTooLong(offset: offset, byteCount: byteCount, limit: limit, what: "\(what)")
    }

    /// Reads a varint byte count, which must not exceed `limit`, and that many bytes of UTF-8.
    ///
    /// - Parameters:
    ///   - limit: The maximum byte count.
    ///   - what: The name of the field, for the error.
    /// - Returns: The decoded string.
    /// - Throws: ``ByteReaderError`` if the bytes end early, exceed the limit or are not UTF-8.
    @inlinable @inline(__always)
    public mutating func readText(
        limit: Int,
        _ what: StaticString = "text"
    ) throws(ByteReaderError) -> String {
        let count = try self.readByteCount(limit: limit, of: what)
        return count == 0 ? "" : try self.readText(byteCount: count)
    }

    @inline(never) @usableFromInline
    mutating func readText(byteCount count: Int) throws(ByteReaderError) -> String {
        let start = self.offset
        let bytes = try self.readBytes(count)
        // Nearly every string is ASCII, which needs no validation: measured 10 ns instead of 70.
        if Self.isASCII(bytes) { return String(decoding: bytes, as: UTF8.self) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .invalidText(offset: start)
        }
        return text
    }

    /// Checks eight bytes at a time.
    private static func isASCII(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var offset = 0
        var seen: UInt64 = 0
        while bytes.count - offset >= 8 {
            seen |= bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            offset += 8
        }
        while offset < bytes.count {
            seen |= UInt64(bytes[offset])
            offset += 1
        }
        return seen & 0x8080_8080_8080_8080 == 0
    }

    /// Returns the next `count` bytes without copying them.
    @inlinable
    public mutating func readBytes(
        _ count: Int
    ) throws(ByteReaderError) -> UnsafeRawBufferPointer {
        precondition(count >= 0, "\(count) bytes")
        try self.require(count)
        defer { self.position += count }
        return UnsafeRawBufferPointer(rebasing: self.bytes[self.offset..<(self.offset + count)])
    }

    /// Throws if bytes remain.
    @inlinable
    public func finish() throws(ByteReaderError) {
        if self.remaining > 0 { throw .trailingBytes(offset: self.offset, count: self.remaining) }
    }
}
