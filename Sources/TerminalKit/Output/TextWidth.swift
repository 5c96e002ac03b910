/// The width of text on a terminal, and text clipped or padded to a width.
package enum TextWidth {
    /// Returns the terminal columns that a text occupies.
    ///
    /// A combining character counts 0, an East Asian wide character or an emoji 2, any other 1.
    package static func of(_ text: String) -> Int {
        // Nearly everything is ASCII.
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
        return text.reduce(0) { $0 + self.of($1) }
    }

    /// Returns the width of a character, which is that of its widest scalar: joined emoji are one glyph.
    package static func of(_ character: Character) -> Int {
        character.unicodeScalars.reduce(0) { max($0, self.of($1)) }
    }

    private static func of(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x300...0x36F, 0x200B...0x200F, 0x20D0...0x20FF,
            0xFE00...0xFE0F:
            0
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97C,
            0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
            0xFFE0...0xFFE6, 0x1F1E6...0x1F1FF, 0x1F300...0x1F64F, 0x1F680...0x1F6FF,
            0x1F900...0x1FAFF, 0x20000...0x3FFFD:
            2
        default: 1
        }
    }

    /// Returns the text clipped to `width` columns, its end replaced by … if it is longer.
    package static func clipped(_ text: String, to width: Int) -> String {
        guard self.of(text) > width else { return text }
        guard width > 0 else { return "" }
        var clipped = ""
        var used = 0
        for character in text {
            let next = self.of(character)
            if used + next > width - 1 { break }
            clipped.append(character)
            used += next
        }
        return clipped + "…"
    }

    /// Returns the text clipped or padded to exactly `width` columns.
    package static func padded(_ text: String, to width: Int, isRight: Bool = false) -> String {
        let clipped = self.clipped(text, to: width)
        let padding = String(repeating: " ", count: max(0, width - self.of(clipped)))
        return isRight ? padding + clipped : clipped + padding
    }
}
