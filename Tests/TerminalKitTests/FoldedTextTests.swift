import Testing

@testable import TerminalKit

/// Sentences and pages of help on narrow terminals.
@Suite struct FoldedTextTests {
    @Test func `a line is broken at blanks, and continues two columns further`() {
        let line = "sold 1 line   39.98 EUR   LSN 57   LAP-01 7 left"
        #expect(TextWidth.folded(line, to: 80) == line)
        #expect(TextWidth.folded(line, to: 48) == line)
        #expect(
            TextWidth.folded(line, to: 40) == """
                sold 1 line   39.98 EUR   LSN 57
                  LAP-01 7 left
                """
        )
        #expect(TextWidth.folded("  a bb ccc dddd", to: 8) == "  a bb\nccc dddd")
        #expect(TextWidth.folded("", to: 8) == "")
    }

    @Test func `what stands before a line counts, and a long word has a line of its own`() {
        #expect(TextWidth.folded(" no such thing", to: 12, behind: 6) == " no\n  such thing")
        let path = String(repeating: "x", count: 30)
        #expect(TextWidth.folded("see \(path) now", to: 12) == "see\n  \(path)\n  now")
        #expect(TextWidth.folded("日本 日本 日本", to: 9) == "日本 日本\n  日本")
        #expect(TextWidth.ofUncolored("\u{1B}[1;31merror:\u{1B}[0m") == 6)
    }

    private static let page = """
        OVERVIEW: Sells products.

        A paragraph that was broken by the width of its page, which is eighty columns
        wide, and goes on here.
        A short line.
        Another one.

        Examples:
          invctl sell LAP-01=2 --ref POS-7781 --note 'a longer note'

        OPTIONS:
          --ref <text>            The number of the order, the invoice or the
                                  receipt.
          --barcode-rules <rules> How to read codes with a weight or a price.
          --first-tried-at <time>
                                  The time of the first try.
          -q, --quiet             Prints less.
        """

    @Test func `a page that fits stays as it is`() {
        for width in [80, 81, 200] { #expect(PageText.fitted(Self.page, to: width) == Self.page) }
    }

    @Test func `paragraphs are joined, meanings go below their labels, examples keep their lines`()
    {
        #expect(
            PageText.fitted(Self.page, to: 40) == """
                OVERVIEW: Sells products.

                A paragraph that was broken by the width
                of its page, which is eighty columns
                wide, and goes on here.
                A short line.
                Another one.

                Examples:
                  invctl sell LAP-01=2 --ref POS-7781
                    --note 'a longer note'

                OPTIONS:
                  --ref <text>
                      The number of the order, the
                      invoice or the receipt.
                  --barcode-rules <rules>
                      How to read codes with a weight or
                      a price.
                  --first-tried-at <time>
                      The time of the first try.
                  -q, --quiet
                      Prints less.
                """
        )
    }

    @Test func `meanings stay beside their labels where there is space`() {
        let lines = PageText.fitted(Self.page, to: 60).split(separator: "\n")
        let row = lines.firstIndex { $0.hasPrefix("  --ref <text>            The number") }
        #expect(row.map { lines[$0 + 1].hasPrefix(String(repeating: " ", count: 26)) } == true)
        for line in lines { #expect(TextWidth.of(String(line)) <= 60, "\(line)") }
    }

    @Test(arguments: [20, 30, 40, 79])
    func `no line is wider than the terminal unless it is one word, and no word is lost`(
        width: Int
    ) {
        let fitted = PageText.fitted(Self.page, to: width)
        for line in fitted.split(separator: "\n") where TextWidth.of(String(line)) > width {
            #expect(!line.drop { $0 == " " }.contains(" "), "\(line)")
        }
        let words = { (text: String) in text.split { $0 == " " || $0 == "\n" } }
        #expect(words(fitted) == words(Self.page))
    }
}
