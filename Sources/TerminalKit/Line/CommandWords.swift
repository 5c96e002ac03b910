/// A line of the shell taken apart into words.
///
///     product add --name 'Desk lamp' --note "5\" wide" \⏎ --price 19.99   # what follows is a remark
///
/// Blanks part words. Single quotes keep everything as it stands; double quotes all but `\"` and
/// `\\`; outside of quotes a backslash keeps the next character. A backslash at the end of a line,
/// and a quote that is still open, say that the command goes on in the next line.
package struct CommandWords: Equatable, Sendable {
    /// What still has to come before the command is whole.
    package enum Open: Equatable, Sendable {
        case nothing
        case backslash
        case quote(Character)
    }

    /// A word, and where it begins in the text, quotes included.
    package struct Word: Equatable, Sendable {
        var text = ""
        var start: Int
    }

    package private(set) var words: [Word] = []
    package private(set) var open = Open.nothing
    /// Whether the text ends inside a word: what is typed next belongs to it.
    private(set) var endsInWord = false

    package var texts: [String] { self.words.map { $0.text } }

    package init(_ text: String) { self.init(Array(text)) }

    init(_ text: [Character]) {
        var isRemark = false
        for (index, character) in text.enumerated() {
            if isRemark {
                isRemark = !character.isNewline
                continue
            }
            switch self.open {
            case .backslash:
                self.open = .nothing
                // Of a line's end that was kept from ending the command, nothing is left.
                if !character.isNewline { self.extend(with: character, at: index - 1) }
            case .quote("\""):
                self.takeQuoted(character, text: text, at: index)
            case .quote(let mark):
                if character == mark { self.open = .nothing } else { self.append(character) }
            case .nothing:
                isRemark = self.takePlain(character, index)
            }
        }
    }

    /// - Returns: Whether a remark begins.
    private mutating func takePlain(_ character: Character, _ index: Int) -> Bool {
        switch character {
        case "#" where !self.endsInWord:
            return true
        case "\\":
            self.open = .backslash
        case "'", "\"":
            self.begin(at: index)
            self.open = .quote(character)
        case _ where character.isWhitespace:
            self.endsInWord = false
        default:
            self.extend(with: character, at: index)
        }
        return false
    }

    private mutating func takeQuoted(_ character: Character, text: [Character], at index: Int) {
        let isEscaped = Self.isEscaped(text, index)
        let next = index + 1 < text.count ? text[index + 1] : " "
        if character == "\"", !isEscaped {
            self.open = .nothing
        } else if character == "\\", !isEscaped, next == "\"" || next == "\\" {
            // It keeps what follows.
        } else {
            self.append(character)
        }
    }

    /// Whether an odd number of backslashes stands before.
    private static func isEscaped(_ text: [Character], _ index: Int) -> Bool {
        var count = 0
        while index - count > 0, text[index - count - 1] == "\\" { count += 1 }
        return count % 2 == 1
    }

    private mutating func begin(at index: Int) {
        guard !self.endsInWord else { return }
        self.words.append(Word(start: index))
        self.endsInWord = true
    }

    private mutating func append(_ character: Character) {
        self.words[self.words.count - 1].text.append(character)
    }

    private mutating func extend(with character: Character, at index: Int) {
        self.begin(at: index)
        self.append(character)
    }

    // MARK: - The other way

    /// A word as it has to be typed to be read as `text`.
    ///
    /// One that is to go on, `isOpen`, has no closing quote.
    package static func quoted(_ text: String, isOpen: Bool = false) -> String {
        let needsQuotes = text.contains { character in
            character.isWhitespace || "'\"\\#".contains(character)
        }
        guard needsQuotes || (text.isEmpty && !isOpen) else { return text }
        guard text.contains("'") else { return "'" + text + (isOpen ? "" : "'") }
        let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return "\"" + escaped + (isOpen ? "" : "\"")
    }
}
