/// The line being edited: its text, its cursor, and the effect of each key.
///
/// A plain value: it takes a key and returns an action, and draws nothing itself.
///
///     ←→ Home End ^A ^E ^B ^F      move          ^K ^U ^W ^T ^Y    cut to the end, to the start, a
///     Ctrl-← Ctrl-→                by words                        word, swap, paste
///     ↑↓ ^P ^N                     history: entries that begin with the text left of the cursor
///     ^R ^S                        search the history backwards, forwards
///     Tab                          complete      ^L                clear the screen
///     ^C                           drop the line ^D                on an empty line: quit
package struct LineEditor: Sendable {
    /// What the caller must do besides redrawing the line.
    package enum Action: Equatable, Sendable {
        case draw
        case submit(String)
        /// The line was dropped.
        case drop
        case leave
        case complete
        case clearScreen
        case suspend
    }

    /// A search of the history.
    struct Search: Equatable, Sendable {
        var text = ""
        /// The index of the last entry found.
        var match: Int?
        var isFailing = false
        fileprivate var draft: [Character]
        fileprivate var draftCursor: Int
    }

    /// Browsing of the history.
    private struct Browse {
        var prefix: [Character]
        var draft: [Character]
        var index: Int
    }

    package private(set) var text: [Character] = []
    /// The position of the cursor, from 0 to the number of characters.
    package private(set) var cursor = 0
    private(set) var search: Search?
    private var browse: Browse?
    private var cut: [Character] = []
    /// Earlier lines, the oldest first.
    var history: [String]

    /// The most characters a line may have: far more than any command needs.
    static let lengthMax = 65_536

    /// Creates an editor with the cursor at the end of `text`; `history` has the oldest entry first.
    package init(history: [String] = [], text: String = "") {
        self.history = history
        self.text = Array(text)
        self.cursor = self.text.count
    }

    /// Handles a key.
    package mutating func take(_ key: Key) -> Action {
        if self.search != nil, let action = self.takeWhileSearching(key) { return action }
        if ![.up, .down, .control("p"), .control("n")].contains(key) { self.browse = nil }
        switch key {
        case .character(let character): self.insert([character])
        case .paste(let pasted): self.insert(Self.clean(pasted))
        case .enter: return self.enter()
        case .tab: return .complete
        case .endOfInput: return .leave
        case .control(let letter): return self.takeControl(letter)
        case .backspace: self.remove(max(0, self.cursor - 1)..<self.cursor)
        case .delete: self.remove(self.cursor..<min(self.text.count, self.cursor + 1))
        case .left: self.cursor = max(0, self.cursor - 1)
        case .right: self.cursor = min(self.text.count, self.cursor + 1)
        case .wordLeft: self.cursor = self.wordStart
        case .wordRight: self.cursor = self.wordEnd
        case .home: self.cursor = self.lineStart
        case .end: self.cursor = self.lineEnd
        case .up: self.goBack()
        case .down: self.goForth()
        case .pageUp: self.cursor = 0
        case .pageDown: self.cursor = self.text.count
        case .escape, .backTab: break
        }
        return .draw
    }

    private mutating func takeControl(_ letter: Character) -> Action {
        switch letter {
        case "a": self.cursor = self.lineStart
        case "e": self.cursor = self.lineEnd
        case "b": self.cursor = max(0, self.cursor - 1)
        case "f": self.cursor = min(self.text.count, self.cursor + 1)
        case "k": self.cutOut(self.cursor..<self.lineEnd)
        case "u": self.cutOut(self.lineStart..<self.cursor)
        case "w": self.cutOut(self.blankWordStart..<self.cursor)
        case "y": self.insert(self.cut)
        case "t": self.swap()
        case "p": self.goBack()
        case "n": self.goForth()
        case "r": self.search = Search(draft: self.text, draftCursor: self.cursor)
        case "l": return .clearScreen
        case "z": return .suspend
        case "c":
            self.set([])
            return .drop
        case "d":
            if self.text.isEmpty { return .leave }
            self.remove(self.cursor..<min(self.text.count, self.cursor + 1))
        default: break
        }
        return .draw
    }

    /// Submits complete commands, of which pasted text may have several; an incomplete one gets another line.
    private mutating func enter() -> Action {
        if CommandWords(self.text).open != .none {
            self.cursor = self.text.count
            self.insert(["\n"])
            return .draw
        }
        let line = String(self.text)
        self.set([])
        return .submit(line)
    }

    // MARK: - Text

    mutating func set(_ text: [Character]) {
        self.text = text
        self.cursor = text.count
    }

    /// Replaces the characters between `start` and the cursor with `text`.
    package mutating func replace(from start: Int, with text: String) {
        self.remove(start..<self.cursor)
        self.insert(Array(text))
    }

    private mutating func insert(_ characters: [Character]) {
        let space = Self.lengthMax - self.text.count
        let accepted = characters.prefix(max(0, space))
        self.text.insert(contentsOf: accepted, at: self.cursor)
        self.cursor += accepted.count
    }

    private mutating func remove(_ range: Range<Int>) {
        self.text.removeSubrange(range)
        self.cursor = range.lowerBound
    }

    private mutating func cutOut(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        self.cut = Array(self.text[range])
        self.remove(range)
    }

    /// Swaps the characters around the cursor; at the end of the line, the last two.
    private mutating func swap() {
        let second = min(self.cursor, self.text.count - 1)
        guard second >= 1 else { return }
        self.text.swapAt(second - 1, second)
        self.cursor = second + 1
    }

    /// Returns pasted text without control characters, which would move the cursor.
    private static func clean(_ text: String) -> [Character] {
        let lines = text.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
            .replacing("\t", with: " ")
        return lines.filter { character in
            character == "\n" || character.unicodeScalars.allSatisfy { $0.value >= 0x20 }
        }
    }

    // MARK: - Positions

    private var lineStart: Int {
        (self.text[..<self.cursor].lastIndex(of: "\n") ?? -1) + 1
    }

    private var lineEnd: Int {
        self.text[self.cursor...].firstIndex(of: "\n") ?? self.text.count
    }

    /// The start of the word before the cursor; words consist of letters and digits.
    private var wordStart: Int {
        var place = self.cursor
        while place > 0, !Self.isWord(self.text[place - 1]) { place -= 1 }
        while place > 0, Self.isWord(self.text[place - 1]) { place -= 1 }
        return place
    }

    private var wordEnd: Int {
        var place = self.cursor
        while place < self.text.count, !Self.isWord(self.text[place]) { place += 1 }
        while place < self.text.count, Self.isWord(self.text[place]) { place += 1 }
        return place
    }

    /// The start of the word before the cursor, where words are separated by whitespace.
    private var blankWordStart: Int {
        var place = self.cursor
        while place > 0, self.text[place - 1].isWhitespace { place -= 1 }
        while place > 0, !self.text[place - 1].isWhitespace { place -= 1 }
        return place
    }

    private static func isWord(_ character: Character) -> Bool {
        character.isLetter || character.isNumber
    }
}

// MARK: - History

extension LineEditor {
    fileprivate mutating func goBack() {
        let start = self.lineStart
        if start > 0 {
            // Up one line within the command, in the same column if that line is long enough.
            let column = self.cursor - start
            self.cursor = start - 1
            self.cursor = min(self.lineStart + column, start - 1)
            return
        }
        let browse =
            self.browse
            ?? Browse(
                prefix: Array(self.text[..<self.cursor]),
                draft: self.text,
                index: self.history.count
            )
        let found = self.history[..<browse.index].lastIndex {
            Array($0).starts(with: browse.prefix)
        }
        guard let found else { return }
        self.set(Array(self.history[found]))
        self.browse = browse
        self.browse?.index = found
        // The next step back goes through the history, not through this entry's lines.
        if self.text.contains("\n") { self.cursor = min(self.cursor, self.firstLineEnd) }
    }

    private var firstLineEnd: Int { self.text.firstIndex(of: "\n") ?? self.text.count }

    fileprivate mutating func goForth() {
        guard let browse = self.browse else {
            let end = self.lineEnd
            guard end < self.text.count else { return }
            let column = self.cursor - self.lineStart
            self.cursor = end + 1
            self.cursor = min(end + 1 + column, self.lineEnd)
            return
        }
        let later = self.history.indices.dropFirst(browse.index + 1)
        let found = later.first { Array(self.history[$0]).starts(with: browse.prefix) }
        if let found {
            self.set(Array(self.history[found]))
            self.browse?.index = found
        } else {
            self.set(browse.draft)
            self.browse = nil
        }
    }

    /// Handles a key during a search of the history.
    ///
    /// - Returns: `nil` if the search is over and the key must be handled as usual.
    fileprivate mutating func takeWhileSearching(_ key: Key) -> Action? {
        guard var search = self.search else { return nil }
        switch key {
        case .character(let character):
            search.text.append(character)
            self.find(&search, in: self.history.indices.prefix((search.match ?? .max - 1) + 1))
        case .paste(let text):
            search.text += text.filter { !$0.isNewline }
            self.find(&search, in: self.history.indices[...])
        case .backspace:
            if !search.text.isEmpty { search.text.removeLast() }
            search.match = nil
            self.find(&search, in: self.history.indices[...])
        case .control("r"):
            self.find(&search, in: self.history.indices.prefix(search.match ?? .max))
        case .control("s"):
            let later = self.history.indices.dropFirst((search.match ?? -1) + 1)
            self.find(&search, in: later, isBack: false)
        case .control("g"), .control("c"):
            self.set(search.draft)
            self.cursor = search.draftCursor
            self.search = nil
            return .draw
        default:
            self.search = nil
            return key == .escape ? .draw : nil
        }
        self.search = search
        return .draw
    }

    private mutating func find(
        _ search: inout Search,
        in places: Range<Int>.SubSequence,
        isBack: Bool = true
    ) {
        guard !search.text.isEmpty else { return }
        let matches = { (index: Int) in self.history[index].contains(search.text) }
        let found = isBack ? places.last(where: matches) : places.first(where: matches)
        search.isFailing = found == nil
        guard let found else { return }
        search.match = found
        self.set(Array(self.history[found]))
    }
}

// MARK: - Invariants

extension LineEditor {
    /// Traps if the cursor is outside the text, or a search or the browsing outside the history.
    package func checkInvariants() {
        precondition(
            (0...self.text.count).contains(self.cursor),
            "the cursor is at \(self.cursor) of \(self.text.count) characters"
        )
        if let browse {
            precondition(
                self.history.indices.contains(browse.index),
                "browsing at \(browse.index) of \(self.history.count) entries"
            )
        }
        guard let search else { return }
        if let match = search.match {
            precondition(
                self.history.indices.contains(match),
                "the search found \(match) of \(self.history.count) entries"
            )
        }
        precondition(
            (0...search.draft.count).contains(search.draftCursor),
            "the draft's cursor is at \(search.draftCursor) of \(search.draft.count)"
        )
    }
}
