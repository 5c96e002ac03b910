/// A fast path for UTF-8 bytes that are printable ASCII and therefore already normalized except for case.
///
/// The million SKUs and names of a catalog are read as bytes and written as bytes, to the log and to columns.
/// Eight bytes are checked at a time:
///
///     byte + 0x60   has its top bit set from 0x20 on        byte + 0x01   from 0x7F on
extension NormalizedText {
    private static let tops: UInt64 = 0x8080_8080_8080_8080

    /// Adds `step` to each byte of a word whose bytes are all below 0x80.
    @inline(__always)
    private static func raised(_ word: UInt64, by step: UInt64) -> UInt64 {
        word &+ step &* 0x0101_0101_0101_0101
    }

    /// Returns whether a text is non-empty printable ASCII without a space at its ends.
    ///
    /// Such a text is valid UTF-8, trimmed, composed, and has no control character.
    package static func isPlain(_ utf8: UnsafeRawBufferPointer) -> Bool {
        guard let first = utf8.first, let last = utf8.last, first > 0x20, last > 0x20 else {
            return false
        }
        var unusual: UInt64 = 0
        var offset = 0
        while utf8.count - offset >= 8 {
            let word = utf8.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            let seven = word & ~self.tops
            unusual |= word | self.raised(seven, by: 0x01) | ~self.raised(seven, by: 0x60)
            offset += 8
        }
        while offset < utf8.count {
            let byte = utf8[offset]
            if byte < 0x20 || byte >= 0x7F { return false }
            offset += 1
        }
        return unusual & self.tops == 0
    }

    /// Appends the key (see ``key(_:)``) of a text given as UTF-8 bytes; invalid bytes are replaced by
    /// U+FFFD.
    public static func appendKey(ofUTF8 utf8: UnsafeRawBufferPointer, to keys: inout [UInt8]) {
        guard Self.isPlain(utf8) else {
            keys.append(contentsOf: Self.key(String(decoding: utf8, as: UTF8.self)).utf8)
            return
        }
        let start = keys.count
        keys.append(contentsOf: utf8)
        keys.withUnsafeMutableBytes { keys in
            let key = UnsafeMutableRawBufferPointer(rebasing: keys[start...])
            if let target = key.baseAddress { Self.fold(UnsafeRawBufferPointer(key), to: target) }
        }
    }

    /// Writes the key of a text that ``isPlain(_:)`` accepts to `target`, which may be the text itself.
    ///
    /// The key has as many bytes as the text.
    package static func fold(_ plain: UnsafeRawBufferPointer, to target: UnsafeMutableRawPointer) {
        var offset = 0
        while plain.count - offset >= 8 {
            let word = plain.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            // From A to Z.
            let capitals = self.raised(word, by: 0x3F) & ~self.raised(word, by: 0x25) & self.tops
            target.storeBytes(of: word | capitals >> 2, toByteOffset: offset, as: UInt64.self)
            offset += 8
        }
        while offset < plain.count {
            let byte = plain[offset]
            let folded = byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
            target.storeBytes(of: folded, toByteOffset: offset, as: UInt8.self)
            offset += 1
        }
    }

    /// The length of the longest key that ``foldBarcode(_:to:)`` makes longer than its text.
    package static let gtinByteCount = 14

    /// Writes the key of a barcode (see ``barcodeKey(_:)``) that ``isPlain(_:)`` accepts to `target`.
    ///
    /// `target` must have space for the larger of ``gtinByteCount`` and the text's length.
    ///
    /// - Returns: The byte count of the key.
    package static func foldBarcode(
        _ plain: UnsafeRawBufferPointer,
        to target: UnsafeMutableRawPointer
    ) -> Int {
        let isGTIN =
            [8, 12, 13, 14].contains(plain.count) && plain.allSatisfy { 0x30...0x39 ~= $0 }
        guard isGTIN else {
            self.fold(plain, to: target)
            return plain.count
        }
        let zeros = self.gtinByteCount - plain.count
        target.initializeMemory(as: UInt8.self, repeating: 0x30, count: zeros)
        self.fold(plain, to: target + zeros)
        return self.gtinByteCount
    }
}
