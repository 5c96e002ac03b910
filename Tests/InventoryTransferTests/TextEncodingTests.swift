import Testing

@testable import InventoryTransfer

/// Bytes become UTF-8 without inventing a character.
@Suite struct TextEncodingTests {
    private static let text = "sku,name\nCRÈME,Œuf à 2 €\n"

    private static func decoded(_ bytes: [UInt8], _ encoding: TextEncoding? = nil) -> [UInt8] {
        let text = (encoding ?? Self.detected(bytes)).decoded(FileBytes(bytes))
        return withExtendedLifetime(text) { Array(text.bytes) }
    }

    private static func detected(_ bytes: [UInt8]) -> TextEncoding {
        bytes.withUnsafeBytes { TextEncoding.detect($0) }
    }

    private static func utf16(_ text: String, isBig: Bool) -> [UInt8] {
        text.utf16.flatMap { unit in
            let bytes = [UInt8(unit >> 8), UInt8(unit & 0xFF)]
            return isBig ? bytes : bytes.reversed()
        }
    }

    /// Windows-1252 of È, Œ, à and €.
    private static var windows: [UInt8] {
        let others: [Character: UInt8] = ["È": 0xC8, "Œ": 0x8C, "à": 0xE0, "€": 0x80]
        return Self.text.map { others[$0] ?? $0.asciiValue ?? 0 }
    }

    @Test func `each encoding is detected and decodes to the same text`() {
        let utf8 = Array(Self.text.utf8)
        let cases: [(bytes: [UInt8], encoding: TextEncoding)] = [
            (utf8, .utf8), ([0xEF, 0xBB, 0xBF] + utf8, .utf8), (Self.windows, .windows1252),
            ([0xFF, 0xFE] + Self.utf16(Self.text, isBig: false), .utf16LittleEndian),
            ([0xFE, 0xFF] + Self.utf16(Self.text, isBig: true), .utf16BigEndian),
            (Self.utf16(Self.text, isBig: false), .utf16LittleEndian),
            (Self.utf16(Self.text, isBig: true), .utf16BigEndian),
        ]
        for (bytes, encoding) in cases {
            #expect(Self.detected(bytes) == encoding)
            let plain = Self.decoded(bytes)
            #expect(plain.suffix(utf8.count) == utf8[...], "\(encoding)")
        }
    }

    @Test func `names are read in any case, and unknown ones are refused`() {
        let names: [(String, TextEncoding?)] = [
            ("UTF-8", .utf8), ("utf8", .utf8), ("utf-16", .utf16LittleEndian),
            ("UTF-16BE", .utf16BigEndian), ("Windows-1252", .windows1252), ("cp1252", .windows1252),
            ("latin1", .latin1), ("iso_8859-15", .latin9), ("klingon", nil), ("", nil),
        ]
        for (name, encoding) in names { #expect(TextEncoding(named: name) == encoding, "\(name)") }
    }

    @Test func `the latin encodings differ where they are said to`() {
        #expect(Self.decoded([0xA4, 0xE9], .latin1) == Array("¤é".utf8))
        #expect(Self.decoded([0xA4, 0xBD, 0xE9], .latin9) == Array("€œé".utf8))
    }

    @Test func `what has no meaning stays no UTF-8`() {
        #expect(Self.decoded([0x41, 0x81, 0x42], .windows1252) == [0x41, 0xFF, 0x42])
        // A high surrogate before a letter, a low one alone, half a unit.
        #expect(Self.decoded([0x3D, 0xD8, 0x41, 0x00], .utf16LittleEndian) == [0xFF, 0x41])
        #expect(Self.decoded([0x00, 0xDC], .utf16LittleEndian) == [0xFF])
        #expect(Self.decoded([0x41, 0x00, 0x42], .utf16LittleEndian) == [0x41, 0xFF])
        #expect(
            Self.decoded([0x3D, 0xD8, 0x00, 0xDE], .utf16LittleEndian) == Array("\u{1F600}".utf8)
        )
    }

    @Test func `one damaged byte in a file of UTF-8 is no other encoding`() {
        let damaged = Array("Ähre,Öl,Käse".utf8) + [0xFF] + Array("\nZoë".utf8)
        #expect(Self.detected(damaged) == .utf8)
        var records = try? RecordReader(FileBytes(Array("a,b,c\n".utf8) + damaged))
        #expect((try? records?.next()) == true)
        #expect(records?.problem?.contains("no character") == true)
        #expect((try? records?.next()) == true)
        #expect(records?.problem == nil)
    }

    @Test func `a file is another encoding only if most of its other bytes are no UTF-8`() {
        let cases: [(bytes: [UInt8], encoding: TextEncoding)] = [
            // One character and one bad byte; one and two; two bytes cut off.
            (Array("Käse,".utf8) + [0xE4], .utf8),
            (Array("Käse,".utf8) + [0xE4, 0x2C, 0xF6], .utf8),
            (Array("5 €, ".utf8) + Array("€".utf8.dropLast()), .utf8),
            // All, or most of them.
            ([0x4B, 0xE4, 0x73, 0x65], .windows1252),
            ([0x4B, 0xE4, 0x73, 0xF6, 0x2C, 0xDF, 0x2C] + Array("ä".utf8), .windows1252),
            ([0x41, 0x80], .windows1252),
        ]
        for (bytes, encoding) in cases { #expect(Self.detected(bytes) == encoding, "\(bytes)") }
    }

    @Test func `well-formed UTF-8 is told from all other bytes`() {
        let scalars: [UInt32] = [
            0, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF,
        ]
        for scalar in scalars.compactMap(Unicode.Scalar.init) {
            let bytes = Array(String(Character(scalar)).utf8)
            // At each place of a word and after one.
            for padding in [0, 1, 7, 31, 32, 33] {
                let padded = Array(repeating: UInt8(0x41), count: padding) + bytes
                let check = padded.withUnsafeBytes { UTF8Check($0) }
                #expect(check.invalidCount == 0, "\(scalar)")
                let cut = padded.dropLast().withUnsafeBytes { UTF8Check($0) }
                #expect((cut.invalidCount == 0) == (bytes.count == 1), "\(scalar) cut")
            }
        }
        let wrong: [[UInt8]] = [
            [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80],
            [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0x80],
            [0xFF], [0xE2, 0x41],
        ]
        for bytes in wrong {
            #expect(bytes.withUnsafeBytes { UTF8Check($0) }.firstInvalid == 0, "\(bytes)")
        }
    }
}
