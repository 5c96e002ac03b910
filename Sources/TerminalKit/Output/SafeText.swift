/// Text of data, files and arguments without the characters that steer a terminal.
///
/// Those are the control characters (C0, DEL and C1: escape sequences begin with one), the embeddings,
/// overrides and isolates of bidirectional text, which reorder what follows them, and the line and paragraph
/// separators. Joiners and directional marks stay: scripts and emoji need them.
package enum SafeText {
    /// What takes the place of a character that is not shown.
    private static let replacement: Unicode.Scalar = "\u{FFFD}"

    /// Returns the text on one line: white space as blanks, other unsafe characters as U+FFFD.
    package static func line(_ text: String) -> String {
        self.isPlain(text) ? text : self.replaced(text, keeping: "")
    }

    /// Returns the text with its newlines and tabs, other unsafe characters replaced.
    package static func lines(_ text: String) -> String {
        self.isPlain(text) ? text : self.replaced(text, keeping: "\n\t")
    }

    /// Returns whether every character of the text may be written to a terminal.
    package static func isSafe(_ text: String) -> Bool {
        self.isPlain(text) || text.unicodeScalars.allSatisfy { !self.isUnsafe($0) }
    }

    /// Whether no byte of it can belong to an unsafe character, as in nearly all text.
    private static func isPlain(_ text: String) -> Bool {
        // 0xC2 and 0xE2 begin those above 0x7F.
        text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F && $0 != 0xC2 && $0 != 0xE2 }
    }

    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    private static func replaced(_ text: String, keeping kept: String) -> String {
        var safe = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if !self.isUnsafe(scalar) || kept.unicodeScalars.contains(scalar) {
                safe.append(scalar)
            } else {
                safe.append(scalar.properties.isWhitespace ? " " : self.replacement)
            }
        }
        return String(safe)
    }
}
