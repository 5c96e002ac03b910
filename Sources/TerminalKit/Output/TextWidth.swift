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

    /// Returns the terminal columns of a text that may have the escape sequences of colors.
    package static func ofUncolored(_ text: String) -> Int {
        text.contains("\u{1B}")
            ? self.of(text.replacing(#/\u{1B}\[[0-9;]*m/#, with: "")) : self.of(text)
    }

    /// Returns the width of a character: the sum of its scalars', as a syllable of Devanagari has several
    /// letters; of an emoji, which is one glyph, the largest.
    package static func of(_ character: Character) -> Int {
        let scalars = character.unicodeScalars
        guard let first = scalars.first else { return 0 }
        let isGlyph = self.isEmoji(first) && scalars.count > 1
        if isGlyph, scalars.contains("\u{FE0F}") { return 2 }
        return scalars.reduce(0) { isGlyph ? max($0, self.of($1)) : $0 + self.of($1) }
    }

    /// Whether it may begin a sequence of emoji: with a modifier, joined, as a flag, or as a picture.
    private static func isEmoji(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value > 0x2000 && scalar.properties.isEmoji
    }

    private static func of(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0: return 0
        // Nothing below the combining marks is wide.
        case 0..<0x300: return 1
        // The vowels and final consonants of Hangul join the initial one.
        case 0x1160...0x11FF: return 0
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97C,
            0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
            0xFFE0...0xFFE6, 0x1F1E6...0x1F1FF, 0x1F300...0x1F64F, 0x1F680...0x1F6FF,
            0x1F900...0x1FAFF, 0x20000...0x3FFFD:
            return self.isMark(scalar) ? 0 : 2
        default: return self.isMark(scalar) ? 0 : scalar.properties.isEmojiPresentation ? 2 : 1
        }
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: true
        default: false
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

    /// Returns the text as lines of at most `width` columns, broken at blanks; a longer word has its own line.
    package static func wrapped(_ text: String, to width: Int) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, self.of(last) + 1 + self.of(String(word)) <= width {
                lines[lines.count - 1] = last + " " + word
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }

    /// Returns the text clipped or padded to exactly `width` columns.
    package static func padded(_ text: String, to width: Int, isRight: Bool = false) -> String {
        let clipped = self.clipped(text, to: width)
        let padding = String(repeating: " ", count: max(0, width - self.of(clipped)))
        return isRight ? padding + clipped : clipped + padding
    }
}
