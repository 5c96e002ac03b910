extension TextWidth {
    /// The columns by which the further lines of a folded line are indented beyond its first one.
    private static let hang = 2

    /// Returns a text whose lines are broken at blanks where they are longer than `width` columns.
    ///
    ///     sold 1 line   39.98 EUR   LSN 57          sold 1 line   39.98 EUR   LSN 57
    ///     (40 columns)   LAP-01 7 left        ─▶      LAP-01 7 left
    ///
    /// Blanks within a line stay as they are; those where it is broken are dropped. A longer word has its
    /// own line, which the terminal breaks.
    ///
    /// - Parameters:
    ///   - text: The text, which may have several lines.
    ///   - width: The columns of a line.
    ///   - start: The columns that something else occupies before the first line.
    /// - Returns: The text; further lines of a broken one are indented by two columns more than its first.
    package static func folded(_ text: String, to width: Int, behind start: Int = 0) -> String {
        var start = start
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            defer { start = 0 }
            return self.foldedLine(String(line), to: width, behind: start)
        }.joined(separator: "\n")
    }

    private static func foldedLine(_ line: String, to width: Int, behind start: Int) -> String {
        guard start + self.of(line) > width else { return line }
        let lead = start > 0 ? 0 : line.prefix { $0 == " " }.count
        let indent = lead + Self.hang < width / 2 ? lead + Self.hang : 0
        return self.wrapped(line, to: width, firstIndent: start, indent: indent)
            .joined(separator: "\n")
    }

    /// Returns a line broken at blanks.
    ///
    /// - Parameters:
    ///   - line: The line; blanks at its start stay.
    ///   - width: The columns of a line.
    ///   - firstIndent: The columns that something else occupies before the first line.
    ///   - indent: The columns by which further lines are indented.
    /// - Returns: The lines, at least one.
    static func wrapped(
        _ line: String,
        to width: Int,
        firstIndent: Int,
        indent: Int
    ) -> [String] {
        var lines = [""]
        var used = firstIndent
        var isEmpty = true
        var blanks = 0
        for part in line.split(separator: " ", omittingEmptySubsequences: false) {
            defer { blanks += 1 }
            guard !part.isEmpty else { continue }
            let word = String(part)
            let wordWidth = self.of(word)
            if !isEmpty, used + blanks + wordWidth > width {
                lines.append(String(repeating: " ", count: indent))
                used = indent
            } else {
                lines[lines.count - 1] += String(repeating: " ", count: blanks)
                used += blanks
            }
            lines[lines.count - 1] += word
            used += wordWidth
            isEmpty = false
            blanks = 0
        }
        return lines
    }
}
