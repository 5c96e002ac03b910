/// A page of help on a terminal narrower than the 80 columns that pages are written for.
///
///     --ref <text>            The number of the         ─▶    --ref <text>
///                             order or invoice.                   The number of the order or
///                                                                 invoice.
///
/// Paragraphs are joined and broken again at blanks. A row of two columns keeps them if the second one has
/// enough space, else its meaning goes below its label. Examples keep their lines, the long ones folded.
package struct PageText {
    /// The columns that pages are written for.
    package static let columnCount = 80

    /// The fewest columns for the meanings of a table beside their labels.
    private static let meaningWidthMin = 24
    /// The columns by which a meaning below its label is indented beyond it.
    private static let meaningIndent = 4
    /// The indent from which lines below each other are a paragraph and not examples.
    private static let proseIndentMin = 6
    /// The column at which the parser writes the meanings of options.
    private static let optionMeaningColumn = 26
    /// A line at least as long as this, with the next word, was broken by the width of the page.
    private static let brokenWidthMin = 68

    private let width: Int
    private var lines: [String] = []
    private var block: Block?

    /// Lines that belong together: words, and where they go.
    private struct Block {
        /// The text before the words: blanks, or the label of a row.
        var head: String
        var words: String
        /// The column at which the page continues the words.
        var column: Int
        /// The width of the last line on the page.
        var lastWidth: Int
    }

    private init(width: Int) { self.width = width }

    /// Returns a page for a terminal of that many columns; the page itself if it fits.
    package static func fitted(_ page: String, to width: Int) -> String {
        guard width < self.columnCount else { return page }
        var text = PageText(width: width)
        for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
            text.take(String(line))
        }
        text.endBlock()
        return text.lines.joined(separator: "\n")
    }

    // MARK: - Blocks

    private mutating func take(_ line: String) {
        if self.block.map({ Self.continues($0, line) }) ?? false {
            self.block?.words += " " + line.drop { $0 == " " }
            self.block?.lastWidth = TextWidth.of(line)
            return
        }
        self.endBlock()
        self.block = Self.block(line)
    }

    private static func block(_ line: String) -> Block? {
        let indent = line.prefix { $0 == " " }.count
        var block = Block(
            head: String(line.prefix(indent)),
            words: String(line.dropFirst(indent)),
            column: indent,
            lastWidth: TextWidth.of(line)
        )
        guard indent > 0, let gap = Self.gap(in: block.words, indent: indent) else { return block }
        let meaning = block.words[gap...].drop { $0 == " " }
        block.head = String(line.dropLast(meaning.count))
        block.words = String(meaning)
        block.column = TextWidth.of(block.head)
        return block
    }

    /// Returns where a label ends: at two blanks, or at the one before the column of meanings that a long
    /// option leaves.
    private static func gap(in words: String, indent: Int) -> String.Index? {
        if let gap = words.firstRange(of: "  ") { return gap.lowerBound }
        let count = self.optionMeaningColumn - 1 - indent
        guard words.hasPrefix("-"), words.count > count else { return nil }
        let index = words.index(words.startIndex, offsetBy: count)
        return words[index] == " " ? index : nil
    }

    /// Returns whether a line of the page continues a block.
    private static func continues(_ block: Block, _ line: String) -> Bool {
        let indent = line.prefix { $0 == " " }.count
        guard !block.words.isEmpty, indent < line.count, indent == block.column else {
            return false
        }
        let words = line.dropFirst(indent)
        if indent >= self.proseIndentMin { return !words.contains("  ") }
        let next = words.prefix { $0 != " " }.count
        return indent == 0 && block.lastWidth + 1 + next > self.brokenWidthMin
    }

    private mutating func endBlock() {
        guard let block = self.block.take() else { return }
        let label = block.head.drop { $0 == " " }
        if !label.isEmpty {
            self.append(row: block)
        } else if block.column == 0 {
            self.append(block.words, indent: 0)
        } else if block.column < Self.proseIndentMin {
            self.lines.append(TextWidth.folded(block.head + block.words, to: self.width))
        } else {
            // A meaning whose label is on the line before, or a paragraph of its own.
            let before = self.lines.last?.prefix { $0 == " " }.count ?? 0
            let isWide = self.width - block.column >= Self.meaningWidthMin
            let indent = isWide ? block.column : before + Self.meaningIndent
            self.append(block.words, indent: min(block.column, indent))
        }
    }

    private mutating func append(row block: Block) {
        if self.width - block.column >= Self.meaningWidthMin {
            let lines = TextWidth.wrapped(
                block.words,
                to: self.width,
                firstIndent: block.column,
                indent: block.column
            )
            self.lines.append(block.head + lines.joined(separator: "\n"))
        } else {
            let indent = block.head.prefix { $0 == " " }.count
            let label = String(repeating: " ", count: indent) + block.head.trimmingBlanks
            self.lines.append(TextWidth.folded(label, to: self.width))
            self.append(block.words, indent: indent + Self.meaningIndent)
        }
    }

    private mutating func append(_ words: String, indent: Int) {
        let lines = TextWidth.wrapped(words, to: self.width, firstIndent: indent, indent: indent)
        self.lines.append(String(repeating: " ", count: indent) + lines.joined(separator: "\n"))
    }
}

extension String {
    fileprivate var trimmingBlanks: Substring {
        var text = self.drop { $0 == " " }
        while text.last == " " { text.removeLast() }
        return text
    }
}
