/// Why bytes could not be read as what they were said to be.
///
/// Offsets count from the first byte that the reader was given.
public enum ByteReaderError: Error, Equatable, Sendable {
    /// The bytes end before the value does.
    case truncated(offset: Int, needed: Int, available: Int)
    /// A variable-length integer that runs on past 64 bits, or that is longer than it must be.
    case overlongInteger(offset: Int)
    /// Text that is not UTF-8.
    case invalidText(offset: Int)
    /// A count or length above the limit its place allows.
    case tooLong(offset: Int, length: UInt64, limit: Int)
    /// A text, or other bytes, longer than its field allows, which is whole and can be named.
    case fieldTooLong(offset: Int, byteCount: UInt64, limit: Int, what: String)
    /// A number above the limit of its field, which is whole and can be named.
    case outOfRange(offset: Int, value: UInt64, limit: UInt64, what: String)
    /// A code that stands for nothing here.
    case unknownCode(offset: Int, code: UInt64, what: String)
    /// Bytes left over after everything was read.
    case trailingBytes(offset: Int, count: Int)
}

extension ByteReaderError: CustomStringConvertible {
    /// What is wrong and where, for people: the byte, the value and what it may be.
    public var description: String {
        func bytes(_ count: Int) -> String { count == 1 ? "1 byte" : "\(count) bytes" }
        switch self {
        case .truncated(let offset, let needed, let available):
            let verb = needed == 1 ? "is" : "are"
            return "byte \(offset): \(bytes(needed)) \(verb) needed, and \(available) are left"
        case .overlongInteger(let offset):
            return "byte \(offset): a number longer than it may be"
        case .invalidText(let offset):
            return "byte \(offset): a text that is not UTF-8"
        case .tooLong(let offset, let length, let limit):
            return "byte \(offset): a length of \(length); at most \(limit) is allowed"
        case .fieldTooLong(let offset, let byteCount, let limit, let what):
            return "byte \(offset): \(what) has \(byteCount) bytes; at most \(limit) are allowed"
        case .outOfRange(let offset, let value, let limit, let what):
            return "byte \(offset): \(what) is \(value); at most \(limit) is allowed"
        case .unknownCode(let offset, let code, let what):
            return "byte \(offset): \(code) is no \(what)"
        case .trailingBytes(let offset, let count):
            return "byte \(offset): \(bytes(count)) more than there should be"
        }
    }
}

/// A cursor over borrowed bytes with typed, checked reads: the mirror of ``ByteWriter``.
///
/// A reader is valid only inside the closure that lent it its bytes. Every read checks the bytes
/// that are left before it touches them, and no length is believed before it was compared with
/// what is there, so a hostile length allocates nothing.
public struct ByteReader {
    @usableFromInline let bytes: UnsafeRawBufferPointer
    @usableFromInline var position = 0

    @inlinable
    public init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Where the next read begins.
    @inlinable public var offset: Int { self.position }

    @inlinable public var remaining: Int { self.bytes.count - self.position }

    @inlinable @inline(__always)
    func require(_ byteCount: Int) throws(ByteReaderError) {
        if self.bytes.count - self.offset < byteCount {
            throw .truncated(offset: self.offset, needed: byteCount, available: self.remaining)
        }
    }

    @inlinable @inline(__always)
    public mutating func readUInt8() throws(ByteReaderError) -> UInt8 {
        try self.require(1)
        defer { self.position += 1 }
        return self.bytes[self.offset]
    }

    @inlinable
    public mutating func readBool() throws(ByteReaderError) -> Bool {
        let offset = self.offset
        switch try self.readUInt8() {
        case 0: return false
        case 1: return true
        case let code: throw .unknownCode(offset: offset, code: UInt64(code), what: "boolean")
        }
    }

    @inlinable
    public mutating func readUInt16() throws(ByteReaderError) -> UInt16 { try self.readFixed() }
    @inlinable
    public mutating func readUInt32() throws(ByteReaderError) -> UInt32 { try self.readFixed() }
    @inlinable
    public mutating func readUInt64() throws(ByteReaderError) -> UInt64 { try self.readFixed() }
    @inlinable
    public mutating func readInt64() throws(ByteReaderError) -> Int64 { try self.readFixed() }
    @inlinable
    public mutating func readLSN() throws(ByteReaderError) -> LSN { LSN(try self.readFixed()) }

    @inlinable @inline(__always)
    mutating func readFixed<T: FixedWidthInteger>() throws(ByteReaderError) -> T {
        let size = MemoryLayout<T>.size
        try self.require(size)
        defer { self.position += size }
        return T(littleEndian: self.bytes.loadUnaligned(fromByteOffset: self.offset, as: T.self))
    }

    /// An unsigned LEB128 integer of at most 64 bits, in its shortest form: every value has one
    /// encoding, so equal values are equal bytes.
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
                // Nearly all ids, and most of the rest, take two.
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

    /// A zigzag-folded LEB128 integer.
    @inlinable @inline(__always)
    public mutating func readSignedVarint() throws(ByteReaderError) -> Int64 {
        let folded = try self.readVarint()
        return Int64(bitPattern: (folded >> 1) ^ (0 &- (folded & 1)))
    }

    /// A varint count that must not exceed `limit`.
    @inlinable @inline(__always)
    public mutating func readCount(limit: Int) throws(ByteReaderError) -> Int {
        let start = self.offset
        let count = try self.readVarint()
        guard count <= UInt64(limit) else {
            throw .tooLong(offset: start, length: count, limit: limit)
        }
        return Int(count)
    }

    /// The byte count of what `what` names, which must not exceed `limit`.
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

    /// UTF-8 text after its byte count, which must not exceed `limit`.
    ///
    /// `what`: The field that it is, for the error.
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
        // Nearly every text is ASCII, which needs no validation: measured 10 ns instead of 70.
        if Self.isASCII(bytes) { return String(decoding: bytes, as: UTF8.self) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .invalidText(offset: start)
        }
        return text
    }

    /// Looks at eight bytes at a time.
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

    /// Lends the next `count` bytes without copying them.
    @inlinable
    public mutating func readBytes(
        _ count: Int
    ) throws(ByteReaderError) -> UnsafeRawBufferPointer {
        precondition(count >= 0, "\(count) bytes")
        try self.require(count)
        defer { self.position += count }
        return UnsafeRawBufferPointer(rebasing: self.bytes[self.offset..<(self.offset + count)])
    }

    /// Checks that everything was read.
    @inlinable
    public func finish() throws(ByteReaderError) {
        if self.remaining > 0 { throw .trailingBytes(offset: self.offset, count: self.remaining) }
    }
}
