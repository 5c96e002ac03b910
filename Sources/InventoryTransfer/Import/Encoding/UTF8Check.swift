/// Whether bytes are well-formed UTF-8 (Unicode, table 3-7), and how far they are from it.
///
/// Bytes in ASCII are checked 32 at a time.
struct UTF8Check {
    /// The characters of more than one byte.
    private(set) var wideCount = 0
    /// The bytes of these characters.
    private(set) var wideByteCount = 0
    /// The bytes that belong to no character.
    private(set) var invalidCount = 0
    /// The offset of the first such byte; `nil` if there is none.
    private(set) var firstInvalid: Int?

    init(_ bytes: UnsafeRawBufferPointer) {
        var offset = 0
        while offset < bytes.count {
            offset = Self.endOfASCII(bytes, from: offset)
            guard offset < bytes.count else { return }
            let length = Self.length(bytes, at: offset)
            if length == 0 {
                self.invalidCount += 1
                self.firstInvalid = self.firstInvalid ?? offset
            } else {
                self.wideCount += 1
                self.wideByteCount += length
            }
            offset += max(1, length)
        }
    }

    /// Returns the offset of the first byte from `start` on that is not ASCII.
    private static func endOfASCII(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var offset = start
        while offset + 32 <= bytes.count {
            var all: UInt64 = 0
            for word in 0..<4 {
                all |= bytes.loadUnaligned(fromByteOffset: offset + word * 8, as: UInt64.self)
            }
            if all & 0x8080_8080_8080_8080 != 0 { break }
            offset += 32
        }
        while offset < bytes.count, bytes[offset] < 0x80 { offset += 1 }
        return offset
    }

    /// Returns the length of the character of several bytes at `offset`; 0 if there is none.
    private static func length(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int {
        let lead = bytes[offset]
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch lead {
        case 0xC2...0xDF: length = 2
        case 0xE0...0xEF:
            length = 3
            if lead == 0xE0 { second = 0xA0...0xBF }
            if lead == 0xED { second = 0x80...0x9F }
        case 0xF0...0xF4:
            length = 4
            if lead == 0xF0 { second = 0x90...0xBF }
            if lead == 0xF4 { second = 0x80...0x8F }
        default: return 0
        }
        guard offset + length <= bytes.count, second.contains(bytes[offset + 1]) else { return 0 }
        for index in 2..<max(2, length) where bytes[offset + index] & 0xC0 != 0x80 { return 0 }
        return length
    }
}
