import Testing

@testable import TerminalKit

/// The line editor of the shell, key by key, without a terminal.
@Suite struct LineEditorTests {
    private static func typed(
        _ keys: [Key],
        history: [String] = [],
        text: String = ""
    ) -> LineEditor {
        var editor = LineEditor(history: history, text: text) {
            didSet { editor.checkInvariants() }
        }
        for key in keys { _ = editor.take(key) }
        return editor
    }

    private static func characters(_ text: String) -> [Key] { text.map { .character($0) } }

    @Test func `editing keys move, cut and paste as in other line editors`() {
        let cases: [([Key], String, Int)] = [
            ([.control("a")], "sell LAP-01=2", 0),
            ([.home, .right, .right], "sell LAP-01=2", 2),
            ([.home, .end], "sell LAP-01=2", 13),
            ([.control("a"), .control("k")], "", 0),
            ([.control("u")], "", 0),
            ([.control("w")], "sell ", 5),
            ([.control("w"), .control("y"), .control("y")], "sell LAP-01=2LAP-01=2", 21),
            ([.wordLeft, .wordLeft], "sell LAP-01=2", 9),
            ([.home, .wordRight, .delete], "sellLAP-01=2", 4),
            ([.backspace, .backspace, .character("=")], "sell LAP-01=", 12),
            ([.left, .control("d")], "sell LAP-01=", 12),
            ([.control("t")], "sell LAP-012=", 13),
            ([.home, .control("t")], "sell LAP-01=2", 0),
            (
                [
                    .left, .left, .left, .left, .left, .left, .left, .left,
                    .paste("a\tb\r\nc\u{1B}"),
                ],
                "sell a b\ncLAP-01=2", 10
            ),
        ]
        for (keys, text, cursor) in cases {
            let editor = Self.typed(keys, text: "sell LAP-01=2")
            #expect(String(editor.text) == text, "\(keys)")
            #expect(editor.cursor == cursor, "\(keys)")
        }
    }

    @Test func `no sequence of keys moves the cursor out of the line`() {
        var random = SystemRandomNumberGenerator()
        let seed = UInt64.random(in: .min ... .max, using: &random)
        var state = seed
        let keys: [Key] =
            [
                .left, .right, .home, .end, .up, .down, .backspace, .delete, .wordLeft, .wordRight,
                .enter, .tab, .escape, .pageUp, .pageDown, .paste("x\ny"), .character("a"),
                .character(" "), .character("'"), .character("\\"), .character("日"),
            ] + "abefkuwydptnrlgs".map { Key.control($0) }
        var editor = LineEditor(history: ["one", "two 'a\nb'", "three"])
        for _ in 0..<20_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            _ = editor.take(keys[Int((state >> 33) % UInt64(keys.count))])
            editor.checkInvariants()
            #expect((0...editor.text.count).contains(editor.cursor), "seed \(seed)")
            let view = LineView(editor, prompt: "a> ", columns: 20)
            #expect(view.cursorRow < view.rows.count && view.cursorColumn < 20, "seed \(seed)")
        }
    }

    @Test
    func `history goes back through entries with the same prefix, and forth to the draft`() {
        let history = ["sell A=1", "stock show", "sell B=2", "ping"]
        #expect(String(Self.typed([.up], history: history).text) == "ping")
        #expect(String(Self.typed([.up, .up, .down], history: history).text) == "ping")
        #expect(String(Self.typed([.up, .down], history: history).text) == "")
        let se = Self.characters("se")
        #expect(String(Self.typed(se + [.up], history: history).text) == "sell B=2")
        #expect(String(Self.typed(se + [.up, .up, .up], history: history).text) == "sell A=1")
        #expect(String(Self.typed(se + [.up, .up, .down], history: history).text) == "sell B=2")
        #expect(String(Self.typed(se + [.up, .down, .down], history: history).text) == "se")
        #expect(
            String(Self.typed([.control("p"), .control("p")], history: history).text) == "sell B=2"
        )
    }

    @Test func `a search goes further back, shows its text, and can be cancelled`() {
        let history = ["sell A=1", "stock show A", "sell B=2"]
        let r = [Key.control("r")]
        let found = Self.typed(r + Self.characters("sell"), history: history)
        #expect(String(found.text) == "sell B=2")
        #expect(found.search?.text == "sell")
        let older = Self.typed(r + Self.characters("sell") + r, history: history)
        #expect(String(older.text) == "sell A=1")
        let newer = Self.typed(
            r + Self.characters("sell") + r + [.control("s")],
            history: history
        )
        #expect(String(newer.text) == "sell B=2")
        let none = Self.typed(r + Self.characters("sellx"), history: history)
        #expect(none.search?.isFailing == true)
        let given = Self.typed(
            Self.characters("abc") + r + Self.characters("sell") + [.control("g")],
            history: history
        )
        #expect(String(given.text) == "abc" && given.search == nil)
        var submitted = Self.typed(r + Self.characters("show"), history: history)
        #expect(submitted.take(.enter) == .submit("stock show A"))
    }

    @Test func `an open quote or a final backslash continues the command on the next line`() {
        var editor = Self.typed(Self.characters("sell A=1 \\"))
        #expect(editor.take(.enter) == .draw)
        for key in Self.characters("--note 'a") { _ = editor.take(key) }
        #expect(editor.take(.enter) == .draw)
        for key in Self.characters("b'") { _ = editor.take(key) }
        let view = LineView(editor, prompt: "shop> ", columns: 80)
        #expect(view.rows == ["shop> sell A=1 \\", " ...> --note 'a", " ...> b'"])
        #expect(editor.take(.enter) == .submit("sell A=1 \\\n--note 'a\nb'"))
        #expect(
            CommandWords("sell A=1 \\\n--note 'a\nb'").strings == ["sell", "A=1", "--note", "a\nb"]
        )
        var empty = LineEditor()
        #expect(empty.take(.control("d")) == .leave)
        #expect(Self.typed(Self.characters("x") + [.control("c")]).text.isEmpty)
    }

    @Test func `quoted words are read back as the original text`() {
        let cases: [(String, [String])] = [
            ("", []), ("  ", []), ("# all of it", []), ("a # b", ["a"]), ("a#b", ["a#b"]),
            ("a  b\tc", ["a", "b", "c"]), ("'a b' \"c d\"", ["a b", "c d"]),
            (#"a\ b"#, ["a b"]), (#""5\" wide \\ \n""#, [#"5" wide \ \n"#]), ("''", [""]),
            ("--name='Desk lamp'", ["--name=Desk lamp"]), (#"'it'\''s'"#, ["it's"]),
        ]
        for (line, words) in cases { #expect(CommandWords(line).strings == words, "\(line)") }
        for text in ["", "a", "a b", "it's", #"5" \ 'x'"#, "#1", "Möbel & Co", #"a\"#] {
            #expect(CommandWords(CommandWords.quoted(text)).strings == [text])
        }
        #expect(CommandWords("a 'b").open == .quote("'"))
        #expect(CommandWords("a \\").open == .backslash)
        #expect(CommandWords("a 'b' ").open == .none)
    }

    @Test
    func `a long line wraps with the cursor in its place, with wide characters too`() {
        let editor = Self.typed([.left], text: String(repeating: "x", count: 10) + "日本")
        let view = LineView(editor, prompt: "> ", columns: 10)
        #expect(view.rows == ["> xxxxxxx", "xxx日本"])
        #expect(view.cursorRow == 1 && view.cursorColumn == 5)
    }

    @Test func `history entries of several lines survive encoding`() {
        for entry in ["a", "a\nb", #"a\nb"#, #"\"#, "日\\\n"] {
            #expect(LineHistory.decoded(Substring(LineHistory.encoded(entry))) == entry)
        }
    }
}
