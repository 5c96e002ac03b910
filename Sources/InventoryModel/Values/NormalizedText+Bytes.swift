/// The same rules for a text that is still in its bytes, where it is so plain that they say nothing.
///
/// A catalog's million SKUs and names come in bytes and leave in bytes, to the log and into columns. Eight of
/// them are looked at together:
///
///     byte + 0x60   has its top bit set from 0x20 on        byte + 0x01   from 0x7F on
extension NormalizedText {
    private static let tops: UInt64 = 0x8080_8080_8080_8080

    /// Each byte of a word that has only small ones raised by the same.
    @inline(__always)
    private static func raised(_ word: UInt64, by step: UInt64) -> UInt64 {
        word &+ step &* 0x0101_0101_0101_0101
    }

    /// Whether a text is of one or more printable characters of ASCII without a space at its ends: it is
    /// UTF-8, trimmed, composed, and has no control character.
    package static func isPlain(_ utf8: UnsafeRawBufferPointer) -> Bool {
        guard let first = utf8.first, let last = utf8.last, first > 0x20, last > 0x20 else {
            return false
        }
        var amiss: UInt64 = 0
        var offset = 0
        while utf8.count - offset >= 8 {
            let word = utf8.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            let seven = word & ~self.tops
            amiss |= word | self.raised(seven, by: 0x01) | ~self.raised(seven, by: 0x60)
            offset += 8
        }
        while offset < utf8.count {
            let byte = utf8[offset]
            if byte < 0x20 || byte >= 0x7F { return false }
            offset += 1
        }
        return amiss & self.tops == 0
    }

    /// Appends the key of a text, which is given by its bytes.
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

    /// Writes the key of a text that ``isPlain(_:)``, of as many bytes, to `target`, which may be the text.
    package static func fold(_ plain: UnsafeRawBufferPointer, to target: UnsafeMutableRawPointer) {
        var offset = 0
        while plain.count - offset >= 8 {
            let word = plain.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            // From A on, and not yet beyond Z.
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

    /// Bytes of the longest key that ``foldBarcode(_:to:)`` makes longer than its text.
    package static let gtinByteCount = 14

    /// As ``fold(_:to:)``, of a barcode: ``barcodeKey(_:)``.
    ///
    /// `target` has room for ``gtinByteCount`` bytes and for those of the text.
    ///
    /// - Returns: How many bytes the key has.
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
