import Testing

@testable import TerminalKit

/// Text of data on a terminal: nothing in it steers the terminal, and its width is known or corrected.
@Suite struct SafeTextTests {
    @Test func `no character that steers a terminal is left`() {
        let unsafe: [(String, String)] = [
            ("\u{1B}]0;title\u{07}x", "\u{FFFD}]0;title\u{FFFD}x"),
            ("a\u{1B}[31mred", "a\u{FFFD}[31mred"),
            ("\u{9B}31m", "\u{FFFD}31m"), ("a\u{7F}", "a\u{FFFD}"),
            ("ab\u{202E}cd", "ab\u{FFFD}cd"),
            ("\u{2066}x\u{2069}", "\u{FFFD}x\u{FFFD}"), ("a\u{2028}b", "a b"),
            ("a\tb\nc\r", "a b c "),
        ]
        for (text, safe) in unsafe {
            #expect(SafeText.line(text) == safe)
            #expect(!SafeText.isSafe(text))
        }
        #expect(SafeText.lines("a\tb\nc\u{1B}") == "a\tb\nc\u{FFFD}")
    }

    @Test func `scripts and emoji stay as they are`() {
        for text in ["plain", "Grün £5 – “x”", "👍🏽", "👩‍👩‍👧", "नमस्ते", "می‌خواهم", "שלום\u{200F}"] {
            #expect(SafeText.line(text) == text)
            #expect(SafeText.isSafe(text))
        }
    }

    @Test func `widths are those of most terminals`() {
        let widths: [(String, Int)] = [
            ("abc", 3), ("é", 1), ("e\u{301}", 1), ("日本", 4), ("한", 2),
            ("\u{1112}\u{1161}\u{11AB}", 2),
            ("👍", 2), ("👍🏽", 2), ("🇩🇪", 2), ("❤\u{FE0F}", 2), ("✅", 2), ("नमस्ते", 4), ("", 0),
            ("│ █▁", 4), ("\u{200B}", 0),
        ]
        for (text, width) in widths { #expect(TextWidth.of(text) == width, "\(text)") }
    }

    @Test func `each line has its row, and nothing clears its last column`() {
        let drawn = ScreenLines(["abc", "abcd", "\u{1B}[7mab\u{1B}[0m"], columns: 4, rows: 5).text
        #expect(
            drawn == "\u{1B}[1;1Habc\u{1B}[4G\u{1B}[K" + "\u{1B}[2;1Habcd"
                + "\u{1B}[3;1H\u{1B}[7mab\u{1B}[0m\u{1B}[3G\u{1B}[K" + "\u{1B}[4;1H\u{1B}[J"
        )
        #expect(
            ScreenLines(["a", "b", "c"], columns: 1, rows: 2).text == "\u{1B}[1;1Ha\u{1B}[2;1Hb"
        )
    }

    @Test func `after a character of doubtful width the cursor is put where the next belongs`() {
        let drawn = ScreenLines(["👍🏽 नम│x"], columns: 6, rows: 1).text
        #expect(drawn == "\u{1B}[1;1H👍🏽\u{1B}[3G नम│x")
        #expect(ScreenLines(["स्x"], columns: 2, rows: 1).text == "\u{1B}[1;1Hस्\u{1B}[2Gx")
    }
}
