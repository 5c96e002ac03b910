internal import Foundation

/// Normalization of text for comparison: trimmed, Unicode normalization form C, case folded.
///
/// SKUs, barcodes, names and codes are equal if they differ only in these: "ABC" and "abc ", or a composed
/// and a decomposed "é". Leading zeros are significant. Writes, duplicate checks and look-ups use the same
/// normalization.
///
/// Folding is full upper-casing followed by full lower-casing, which maps both "ß" and "SS" to
/// "ss" (Unicode, section 3.13, default caseless matching, as precise as shops need).
public enum NormalizedText {
    /// Returns `text` without leading and trailing white space, in normalization form C; case is unchanged.
    public static func trimmed(_ text: String) -> String {
        if Self.isPlain(text) { return text }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
            .precomposedStringWithCanonicalMapping
    }

    /// Returns `text` without leading and trailing white space, its other bytes unchanged: for references
    /// and notes.
    public static func withoutOuterSpace(_ text: String) -> String {
        guard self.hasOuterSpace(text) else { return text }
        let scalars = text.unicodeScalars
        guard let first = scalars.firstIndex(where: { !Self.isSpace($0) }),
            let last = scalars.lastIndex(where: { !Self.isSpace($0) })
        else { return "" }
        return String(scalars[first...last])
    }

    /// Whether `text` begins or ends with white space.
    package static func hasOuterSpace(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, let last = text.unicodeScalars.last else {
            return false
        }
        return Self.isSpace(first) || Self.isSpace(last)
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value < 0x80 {
            return scalar.value == 0x20 || (0x09...0x0D).contains(scalar.value)
        }
        return scalar.properties.isWhitespace
    }

    /// Returns the form of `text` that is compared.
    public static func key(_ text: String) -> String {
        if Self.isPlain(text) { return Self.folded(text) }
        let trimmed = Self.trimmed(text)
        if trimmed.utf8.allSatisfy({ $0 < 0x80 }) { return trimmed.lowercased() }
        return trimmed.uppercased().lowercased().precomposedStringWithCanonicalMapping
    }

    /// Returns the form of a barcode that is compared.
    ///
    /// A GTIN of 8, 12, 13 or 14 digits becomes 14 digits with leading zeros; anything else becomes
    /// ``key(_:)``.
    public static func barcodeKey(_ text: String) -> String {
        let key = Self.key(text)
        return Self.withBytes(of: key) { bytes in
            switch bytes.count {
            case 8, 12, 13, 14: break
            default: return key
            }
            for byte in bytes where byte < 0x30 || byte > 0x39 { return key }
            return String(unsafeUninitializedCapacity: 14) { digits in
                let zeros = 14 - bytes.count
                for index in 0..<14 { digits[index] = index < zeros ? 0x30 : bytes[index - zeros] }
                return 14
            }
        }
    }

    /// Returns whether `text` has a control character, which is invalid in names, codes and references.
    public static func hasControlCharacter(_ text: String) -> Bool {
        let isPrintable = Self.withBytes(of: text) { bytes in
            var isPrintable = true
            for byte in bytes { isPrintable = isPrintable && byte >= 0x20 && byte < 0x7F }
            return isPrintable
        }
        if isPrintable { return false }
        return text.unicodeScalars.contains { $0.properties.generalCategory == .control }
    }

    /// Whether `text` is ASCII without white space or a control character at either end: already trimmed
    /// and composed.
    private static func isPlain(_ text: String) -> Bool {
        Self.withBytes(of: text) { bytes in
            guard let first = bytes.first, let last = bytes.last else { return true }
            var all: UInt8 = 0
            for byte in bytes { all |= byte }
            return first > 0x20 && last > 0x20 && all < 0x80
        }
    }

    /// Returns an ASCII text with its capitals in lower case.
    private static func folded(_ text: String) -> String {
        Self.withBytes(of: text) { bytes in
            var hasCapital = false
            for byte in bytes { hasCapital = hasCapital || (byte >= 0x41 && byte <= 0x5A) }
            guard hasCapital else { return text }
            return String(unsafeUninitializedCapacity: bytes.count) { folded in
                for (index, byte) in bytes.enumerated() {
                    folded[index] = byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
                }
                return bytes.count
            }
        }
    }

    /// Calls `body` with the UTF-8 bytes, without a copy if the text stores them contiguously, as nearly
    /// all do.
    @inline(__always)
    private static func withBytes<Result>(
        of text: String,
        _ body: (UnsafeBufferPointer<UInt8>) -> Result
    ) -> Result {
        if let result = text.utf8.withContiguousStorageIfAvailable(body) { return result }
        var text = text
        return text.withUTF8(body)
    }
}
