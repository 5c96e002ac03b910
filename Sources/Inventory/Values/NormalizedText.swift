internal import Foundation

/// Text as it is compared: trimmed, in Unicode normalisation form C, case folded.
///
/// SKUs, barcodes, names and codes that differ only in these are the same: "ABC", "abc " and a
/// composed or decomposed "é". Leading zeros are kept. One normaliser serves writing, the check for
/// duplicates and look-up.
///
/// Folding is full upper-casing followed by full lower-casing, which sends "ß" and "SS" alike to
/// "ss" (Unicode, section 3.13, default caseless matching, to the precision shops need).
public enum NormalizedText {
    /// `text` without white space at its ends, otherwise as it was typed, in form C.
    public static func trimmed(_ text: String) -> String {
        if Self.isPlain(text) { return text }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
            .precomposedStringWithCanonicalMapping
    }

    /// The form of `text` that comparisons use.
    public static func key(_ text: String) -> String {
        let trimmed = Self.trimmed(text)
        if trimmed.utf8.allSatisfy({ $0 < 0x80 }) { return trimmed.lowercased() }
        return trimmed.uppercased().lowercased().precomposedStringWithCanonicalMapping
    }

    /// The form of a barcode that comparisons use: a GTIN of 8, 12, 13 or 14 digits as 14 digits,
    /// anything else as ``key(_:)``.
    public static func barcodeKey(_ text: String) -> String {
        let key = Self.key(text)
        let digits = key.utf8.allSatisfy { (0x30...0x39).contains($0) }
        guard digits, [8, 12, 13, 14].contains(key.utf8.count) else { return key }
        return String(repeating: "0", count: 14 - key.utf8.count) + key
    }

    /// Whether `text` has a control character, which no name, code or reference may.
    public static func hasControlCharacter(_ text: String) -> Bool {
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return false }
        return text.unicodeScalars.contains { $0.properties.generalCategory == .control }
    }

    /// ASCII with no white space or control character at either end: already trimmed and composed.
    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last else { return true }
        return first > 0x20 && last > 0x20 && text.utf8.allSatisfy { $0 < 0x80 }
    }
}

/// Whether `name` is a time zone that this program knows, as "Europe/London" is.
///
/// The zones are those compiled into the Unicode library, so the answer depends on the program and
/// not on the machine.
public func isKnownTimeZone(_ name: String) -> Bool { TimeZone(identifier: name) != nil }
