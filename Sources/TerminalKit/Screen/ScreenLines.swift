/// The escape sequences that draw lines on a screen, each at its row.
///
/// Terminals disagree about the width of some characters: an emoji with a skin tone has two columns on some
/// and four on others. So each line starts at its own position and not where the last one ended, and after
/// such a character the cursor is put where the next one belongs. Wrapping must be off.
struct ScreenLines {
    /// The sequences and the lines.
    private(set) var text = ""

    init(_ lines: [String], columns: Int, rows: Int) {
        let shown = lines.prefix(rows)
        for (row, line) in shown.enumerated() {
            let (positioned, width) = Self.positioned(line)
            self.text += "\u{1B}[\(row + 1);1H" + positioned
            // Behind the last column there is nothing to clear, and the cursor still stands on it.
            if width < columns { self.text += "\u{1B}[\(width + 1)G\u{1B}[K" }
        }
        if shown.count < rows { self.text += "\u{1B}[\(shown.count + 1);1H\u{1B}[J" }
    }

    /// Returns a line with the cursor positioned after each character of doubtful width, and its width.
    private static func positioned(_ line: String) -> (text: String, width: Int) {
        var text = ""
        var width = 0
        var isSequence = false
        for character in line {
            text.append(character)
            if isSequence {
                // `ESC [ 1 m`: a letter ends it.
                isSequence = !character.isLetter
            } else if character == "\u{1B}" {
                isSequence = true
            } else {
                width += TextWidth.of(character)
                if Self.isDoubtful(character) { text += "\u{1B}[\(width + 1)G" }
            }
        }
        return (text, width)
    }

    /// Whether terminals may disagree about the width: several scalars, or a wide one.
    private static func isDoubtful(_ character: Character) -> Bool {
        let scalars = character.unicodeScalars
        guard let first = scalars.first else { return false }
        return first.value >= 0x1100 && TextWidth.of(character) != 1
            || scalars.index(after: scalars.startIndex) != scalars.endIndex
    }
}
