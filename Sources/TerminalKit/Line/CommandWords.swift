/// A shell command line split into words.
///
///     product add --name 'Desk lamp' --note "5\" wide" \⏎ --price 19.99   # a comment
///
///     stock show | less
///
/// Whitespace separates words. Text in single quotes is literal; in double quotes only `\"` and `\\`
/// are escapes; outside quotes a backslash escapes the next character. A backslash at the end of a
/// line, or an open quote, continues the command on the next line; otherwise a line is a command. A `|`
/// outside quotes ends the words: the rest of the line is a program that reads the command's output.
package struct CommandWords: Equatable, Sendable {
    /// What is unfinished at the end of the text.
    package enum Open: Equatable, Sendable {
        case none
        case backslash
        case quote(Character)
    }

    /// A word without its quotes.
    package struct Word: Equatable, Sendable {
        var text = ""
        /// The index of its first character in the text, an opening quote included.
        var start: Int
    }

    package private(set) var words: [Word] = []
    /// What must follow before the command is complete.
    package private(set) var open = Open.none
    /// The command line of the program that reads the command's output; `nil` for none.
    package private(set) var program: String?
    /// The indices of the newlines that end a command.
    private(set) var breaks: [Int] = []
    /// Whether the text ends inside a word, so that the next character belongs to it.
    private(set) var endsInWord = false

    /// The words without their quotes, in order.
    package var strings: [String] { self.words.map { $0.text } }

    /// Splits a command, which may have several lines.
    package init(_ text: String) { self.init(Array(text)) }

    /// Returns the commands of a text, one per line unless a line is continued.
    package static func commands(_ text: String) -> [String] {
        let characters = Array(text)
        var commands: [String] = []
        var start = 0
        for end in CommandWords(characters).breaks + [characters.count] {
            commands.append(String(characters[start..<end]))
            start = end + 1
        }
        return commands
    }

    init(_ text: [Character]) {
        var isComment = false
        var isProgram = false
        for (index, character) in text.enumerated() {
            if isComment || isProgram {
                if character.isNewline {
                    (isComment, isProgram) = (false, false)
                    self.breaks.append(index)
                } else if isProgram, self.breaks.isEmpty {
                    self.program?.append(character)
                }
                continue
            }
            switch self.open {
            case .backslash:
                self.open = .none
                // An escaped newline is dropped.
                if !character.isNewline { self.extend(with: character, at: index - 1) }
            case .quote("\""):
                self.readQuoted(character, text: text, at: index)
            case .quote(let mark):
                if character == mark { self.open = .none } else { self.append(character) }
            case .none where character == "|":
                isProgram = true
                if self.breaks.isEmpty { self.program = "" }
                self.endsInWord = false
            case .none:
                isComment = self.readPlain(character, index)
            }
        }
    }

    /// Reads a character outside quotes.
    ///
    /// - Returns: Whether a comment begins.
    private mutating func readPlain(_ character: Character, _ index: Int) -> Bool {
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
            if character.isNewline { self.breaks.append(index) }
        default:
            self.extend(with: character, at: index)
        }
        return false
    }

    private mutating func readQuoted(_ character: Character, text: [Character], at index: Int) {
        let isEscaped = Self.isEscaped(text, index)
        let next = index + 1 < text.count ? text[index + 1] : " "
        if character == "\"", !isEscaped {
            self.open = .none
        } else if character == "\\", !isEscaped, next == "\"" || next == "\\" {
            // An escape: the next character is appended instead.
        } else {
            self.append(character)
        }
    }

    /// Returns whether an odd number of backslashes precedes the character.
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

    // MARK: - Quoting

    /// Returns `text` quoted, if necessary, so that it is read as one word.
    ///
    /// - Parameters:
    ///   - text: The word to quote.
    ///   - isOpen: Whether the word is unfinished; it then has no closing quote.
    /// - Returns: The word as typed in the shell.
    package static func quoted(_ text: String, isOpen: Bool = false) -> String {
        let needsQuotes = text.contains { character in
            character.isWhitespace || "'\"\\#|".contains(character)
        }
        guard needsQuotes || (text.isEmpty && !isOpen) else { return text }
        guard text.contains("'") else { return "'" + text + (isOpen ? "" : "'") }
        let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return "\"" + escaped + (isOpen ? "" : "\"")
    }
}
