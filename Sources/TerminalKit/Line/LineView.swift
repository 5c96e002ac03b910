/// The line being edited as screen rows with a cursor position.
///
///     shop> product list \
///      ...> --sort available
///
/// Rows are wrapped here and not by the terminal, so that all positions are known.
package struct LineView: Equatable, Sendable {
    private(set) var rows: [String] = [""]
    private(set) var cursorRow = 0
    private(set) var cursorColumn = 0

    private let columns: Int
    private var width = 0

    /// Lays out the editor's text after `prompt` on a terminal of that many columns.
    package init(_ editor: LineEditor, prompt: String, columns: Int) {
        // The last column stays empty: terminals differ in how they wrap there.
        self.columns = max(8, columns - 1)
        var prompt = prompt
        if let search = editor.search {
            let word = search.isFailing ? "no match for" : "search"
            prompt = "(\(word) '\(search.text)')> "
        }
        self.put(prompt)
        let indent = max(0, min(TextWidth.of(prompt), self.columns / 2) - 5)
        for (index, character) in editor.text.enumerated() {
            if index == editor.cursor { self.markCursor() }
            if character == "\n" {
                self.newRow()
                self.put(String(repeating: " ", count: indent) + "...> ")
            } else {
                self.put(character)
            }
        }
        if editor.cursor == editor.text.count { self.markCursor() }
    }

    private mutating func markCursor() {
        self.cursorRow = self.rows.count - 1
        self.cursorColumn = self.width
    }

    private mutating func put(_ text: String) {
        for character in text { self.put(character) }
    }

    private mutating func put(_ character: Character) {
        // An entry of the history may have any character.
        let character = SafeText.line(String(character)).first ?? character
        let width = TextWidth.of(character)
        if self.width + width > self.columns { self.newRow() }
        self.rows[self.rows.count - 1].append(character)
        self.width += width
    }

    private mutating func newRow() {
        self.rows.append("")
        self.width = 0
    }

    // MARK: - Escape sequences

    /// Returns the escape sequences that draw this view over `before`.
    ///
    /// The cursor must be where `before` left it.
    package func drawing(over before: LineView?, isBold: Bool) -> String {
        var text = before?.toTop ?? "\r"
        text += "\u{1B}[J"
        for (index, row) in self.rows.enumerated() {
            let isFirst = index == 0
            text += (isFirst ? "" : "\r\n") + (isFirst && isBold ? Self.withBoldPrompt(row) : row)
        }
        let below = self.rows.count - 1 - self.cursorRow
        if below > 0 { text += "\u{1B}[\(below)A" }
        text += "\r"
        if self.cursorColumn > 0 { text += "\u{1B}[\(self.cursorColumn)C" }
        return text
    }

    /// The escape sequence that moves the cursor to the first row.
    private var toTop: String { (self.cursorRow > 0 ? "\u{1B}[\(self.cursorRow)A" : "") + "\r" }

    /// The escape sequence that moves the cursor below the last row.
    package var leave: String {
        let below = self.rows.count - 1 - self.cursorRow
        return (below > 0 ? "\u{1B}[\(below)B" : "") + "\r\n"
    }

    /// Returns the row with its prompt in bold.
    private static func withBoldPrompt(_ row: String) -> String {
        guard let end = row.firstRange(of: "> ")?.upperBound else { return row }
        return "\u{1B}[1m\(row[..<end])\u{1B}[0m\(row[end...])"
    }
}
