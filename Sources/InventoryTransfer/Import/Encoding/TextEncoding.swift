/// The character encoding of a file.
///
///     bytes ─▶ detected or named encoding ─▶ UTF-8 ─▶ RecordReader
///
/// Decoding never invents a character: a byte that has no meaning in the encoding becomes
/// ``invalidByte``, which no UTF-8 has, and the row with it is refused by number.
package enum TextEncoding: String, CaseIterable, Sendable {
    case utf8 = "utf-8"
    case utf16LittleEndian = "utf-16le"
    case utf16BigEndian = "utf-16be"
    case windows1252 = "windows-1252"
    case latin1 = "iso-8859-1"
    case latin9 = "iso-8859-15"

    /// What a byte or code unit without meaning is decoded as.
    static let invalidByte: UInt8 = 0xFF

    /// The names that ``init(named:)`` accepts besides the raw values.
    private static let aliases: [String: TextEncoding] = [
        "utf8": .utf8, "ascii": .utf8, "us-ascii": .utf8, "utf-8-sig": .utf8,
        "utf-16": .utf16LittleEndian, "utf16": .utf16LittleEndian, "utf-16-le": .utf16LittleEndian,
        "utf-16-be": .utf16BigEndian, "cp1252": .windows1252, "windows1252": .windows1252,
        "ansi": .windows1252, "latin1": .latin1, "latin-1": .latin1, "iso8859-1": .latin1,
        "latin9": .latin9, "latin-9": .latin9, "iso8859-15": .latin9,
    ]

    /// Creates the encoding with a usual name, in any case; `nil` if the name is unknown.
    package init?(named name: String) {
        let name = name.lowercased().replacing("_", with: "-")
        guard let known = Self(rawValue: name) ?? Self.aliases[name] else { return nil }
        self = known
    }

    /// The encoding's byte order mark; empty if it has none.
    private var mark: [UInt8] {
        switch self {
        case .utf8: [0xEF, 0xBB, 0xBF]
        case .utf16LittleEndian: [0xFF, 0xFE]
        case .utf16BigEndian: [0xFE, 0xFF]
        case .windows1252, .latin1, .latin9: []
        }
    }

    private static let marked: [TextEncoding] = [.utf8, .utf16LittleEndian, .utf16BigEndian]

    // MARK: - Detection

    /// Returns the encoding that a file has by its byte order mark, its zero bytes, or whether it is UTF-8.
    ///
    /// A file without a mark whose bytes beyond ASCII are mostly no UTF-8 is Windows-1252. Any other is UTF-8, and
    /// a row with a byte that belongs to no character is refused.
    static func detect(_ bytes: UnsafeRawBufferPointer) -> TextEncoding {
        if let marked = Self.marked.first(where: { bytes.starts(with: $0.mark) }) { return marked }
        if let wide = Self.wide(bytes.prefix(4_096)) { return wide }
        let check = UTF8Check(bytes)
        return check.wideByteCount >= check.invalidCount ? .utf8 : .windows1252
    }

    /// Returns UTF-16 if every second byte of most of the characters is zero.
    private static func wide(_ head: Slice<UnsafeRawBufferPointer>) -> TextEncoding? {
        guard head.count >= 4 else { return nil }
        var zeros = [0, 0]
        for (index, byte) in head.enumerated() where byte == 0 { zeros[index & 1] += 1 }
        let enough = head.count / 5
        if zeros[1] > enough, zeros[0] * 4 < zeros[1] { return .utf16LittleEndian }
        if zeros[0] > enough, zeros[1] * 4 < zeros[0] { return .utf16BigEndian }
        return nil
    }

    // MARK: - Decoding

    /// Returns a file's bytes in UTF-8; the same object if they are in it already.
    ///
    /// UTF-16 without a stated byte order takes it from the file's mark.
    func decoded(_ file: FileBytes) -> FileBytes {
        let bytes = file.bytes
        switch self {
        case .utf8: return file
        case .utf16LittleEndian, .utf16BigEndian:
            let marked = Self.marked.first { $0 != .utf8 && bytes.starts(with: $0.mark) }
            let isBig = (marked ?? self) == .utf16BigEndian
            return UTF16Decoder(isBigEndian: isBig).decoded(bytes.dropFirst(marked == nil ? 0 : 2))
        case .windows1252: return Self.decoded(bytes, Self.upper1252)
        case .latin1: return Self.decoded(bytes, [])
        case .latin9: return Self.decoded(bytes, Self.upperLatin9)
        }
    }

    /// Decodes an encoding of one byte a character: Latin 1 except for some characters, 0 for none.
    private static func decoded(
        _ bytes: UnsafeRawBufferPointer,
        _ others: [(byte: UInt8, scalar: UInt16)]
    ) -> FileBytes {
        var table = (0...255).map { UInt16($0) }
        for other in others { table[Int(other.byte)] = other.scalar }
        let result = FileBytes()
        let writer = UTF8Writer(result)
        for byte in bytes {
            let scalar = table[Int(byte)]
            if scalar == 0, byte != 0 {
                writer.write(byte: Self.invalidByte)
            } else {
                writer.write(UInt32(scalar))
            }
        }
        writer.flush()
        return result
    }

    /// 0x80 to 0x9F of Windows-1252 (the WHATWG's index, without its control characters).
    private static let upper1252: [(byte: UInt8, scalar: UInt16)] = {
        let scalars: [UInt16] = [
            0x20AC, 0, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
            0x2039, 0x0152, 0, 0x017D, 0, 0, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
            0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0, 0x017E, 0x0178,
        ]
        return scalars.enumerated().map { (UInt8(0x80 + $0.offset), $0.element) }
    }()

    /// Where ISO 8859-15 differs from ISO 8859-1.
    private static let upperLatin9: [(byte: UInt8, scalar: UInt16)] = [
        (0xA4, 0x20AC), (0xA6, 0x0160), (0xA8, 0x0161), (0xB4, 0x017D), (0xB8, 0x017E),
        (0xBC, 0x0152), (0xBD, 0x0153), (0xBE, 0x0178),
    ]
}

/// Decodes UTF-16; an unpaired surrogate becomes ``TextEncoding/invalidByte``.
private struct UTF16Decoder {
    let isBigEndian: Bool

    func decoded(_ bytes: Slice<UnsafeRawBufferPointer>) -> FileBytes {
        let result = FileBytes()
        let writer = UTF8Writer(result)
        let bytes = UnsafeRawBufferPointer(rebasing: bytes)
        var high: UInt32?
        for offset in stride(from: 0, to: bytes.count - 1, by: 2) {
            let (first, second) = (UInt32(bytes[offset]), UInt32(bytes[offset + 1]))
            let unit = self.isBigEndian ? first << 8 | second : second << 8 | first
            if let pending = high {
                high = nil
                if unit & 0xFC00 == 0xDC00 {
                    writer.write(0x10000 + (pending & 0x3FF) << 10 + (unit & 0x3FF))
                    continue
                }
                writer.write(byte: TextEncoding.invalidByte)
            }
            switch unit & 0xFC00 {
            case 0xD800: high = unit
            case 0xDC00: writer.write(byte: TextEncoding.invalidByte)
            default: writer.write(unit)
            }
        }
        if high != nil || bytes.count & 1 == 1 { writer.write(byte: TextEncoding.invalidByte) }
        writer.flush()
        return result
    }
}

/// Appends characters to a file in UTF-8, some thousand bytes at a time.
private final class UTF8Writer {
    private let file: FileBytes
    private var pending: [UInt8] = []
    private static let pendingMax = 1 << 16

    init(_ file: FileBytes) {
        self.file = file
        self.pending.reserveCapacity(Self.pendingMax + 4)
    }

    func write(byte: UInt8) {
        self.pending.append(byte)
        if self.pending.count >= Self.pendingMax { self.flush() }
    }

    /// Appends a Unicode scalar value that is not a surrogate.
    func write(_ scalar: UInt32) {
        guard scalar >= 0x80 else { return self.write(byte: UInt8(scalar)) }
        if scalar < 0x800 {
            self.write(byte: UInt8(0xC0 | scalar >> 6))
        } else {
            if scalar < 0x10000 {
                self.write(byte: UInt8(0xE0 | scalar >> 12))
            } else {
                self.write(byte: UInt8(0xF0 | scalar >> 18))
                self.write(byte: UInt8(0x80 | scalar >> 12 & 0x3F))
            }
            self.write(byte: UInt8(0x80 | scalar >> 6 & 0x3F))
        }
        self.write(byte: UInt8(0x80 | scalar & 0x3F))
    }

    func flush() {
        self.file.append(self.pending)
        self.pending.removeAll(keepingCapacity: true)
    }
}
