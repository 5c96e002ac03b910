import Foundation

/// What may stand where the cursor is: commands, flags, values, names that the server knows.
///
/// The tree of commands says what belongs there; values are completed by the same means as in bash,
/// zsh and fish.
package struct Completer: Sendable {
    /// The word to complete, and what it may become.
    package struct Candidates: Equatable, Sendable {
        /// Where the word begins, in characters of the line.
        package var start: Int
        package var texts: [String]
        /// What stands before each text in the word, such as `--category=`.
        var lead = ""
        /// What was typed of it.
        var typed: String
        /// Whether it is a command of the shell itself, which has no quotes.
        var isOwn = false
    }

    /// What is wanted at the cursor, before anybody is asked.
    enum Wanted: Equatable, Sendable {
        case texts([String])
        case files
        /// What the command line's parser completes: subcommands, and the argument.
        case asked(path: [String], argument: String)
    }

    private let tree: CommandTree
    /// The name that a line may begin with, and need not.
    private let program: String
    /// Commands of the shell itself.
    private let own: [String]
    private let ask: @Sendable ([String]) async -> [String]

    /// `ask` gives the program's answer to a question for completions, which is asked with the words
    /// that swift-argument-parser's scripts for shells use.
    package init(
        _ tree: CommandTree,
        of program: String,
        own: [String],
        ask: @escaping @Sendable ([String]) async -> [String]
    ) {
        self.tree = tree
        self.program = program
        self.own = own
        self.ask = ask
    }

    /// Everything that `text` may go on with.
    package func candidates(_ text: [Character]) async -> Candidates {
        let line = CommandWords(text)
        var words = line.texts
        let isWord = line.endsInWord && !words.isEmpty
        let typed = isWord ? words.removeLast() : ""
        var found = Candidates(
            start: isWord ? line.words[line.words.count - 1].start : text.count,
            texts: [],
            typed: typed
        )
        // A word that begins with a backslash is a command of the shell itself.
        if words.isEmpty, let start = text.firstIndex(where: { !$0.isWhitespace }),
            text[start] == "\\"
        {
            found.start = start
            found.typed = String(text[start...])
            found.isOwn = true
            found.texts = self.own.filter { $0.hasPrefix(found.typed) }
            return found
        }
        if words.first == self.program { words.removeFirst() }
        let (wanted, lead) = self.wanted(words, typed)
        found.lead = lead
        found.typed = String(typed.dropFirst(lead.count))
        found.texts = await self.texts(wanted, typed: found.typed, words: words)
        return found
    }

    // MARK: - What belongs there

    /// What is wanted after `words` where `typed` was begun, and what of that stays as it is.
    func wanted(_ words: [String], _ typed: String) -> (Wanted, lead: String) {
        var node = self.tree
        var path: [String] = []
        var positionalCount = 0
        var pending: CommandTree.Argument?
        for word in words {
            if pending != nil {
                pending = nil
            } else if word.hasPrefix("-"), word != "-" {
                let argument = node.argument(typed: word)
                if argument?.kind == .option { pending = argument }
            } else if positionalCount == 0, let child = node[word] {
                node = child
                path.append(word)
            } else {
                positionalCount += 1
            }
        }
        if let pending { return (self.values(of: pending, path, pending.longName ?? ""), "") }
        if typed.hasPrefix("--"), let equals = typed.firstIndex(of: "=") {
            let name = String(typed[..<equals])
            guard let argument = node.argument(typed: name) else { return (.texts([]), "") }
            return (self.values(of: argument, path, name), name + "=")
        }
        if typed.hasPrefix("-") {
            let names = (node.arguments ?? []).filter { $0.shouldDisplay }.compactMap {
                $0.longName
            }
            return (.texts(names), "")
        }
        if let children = node.subcommands, positionalCount == 0 {
            return (.texts(children.map { $0.commandName }), "")
        }
        let positionals = node.positionals
        let index = min(positionalCount, positionals.count - 1)
        guard index >= 0, positionalCount == index || positionals[index].isRepeating else {
            return (.texts([]), "")
        }
        return (self.values(of: positionals[index], path, "positional@\(index)"), "")
    }

    private func values(
        of argument: CommandTree.Argument,
        _ path: [String],
        _ name: String
    ) -> Wanted {
        switch argument.completionKind?.first {
        case ("list", let list)?: return .texts(list.values ?? [])
        case ("file", _)?, ("directory", _)?: return .files
        case ("custom", _)?, ("customAsync", _)?: return .asked(path: path, argument: name)
        default: return .texts(argument.allValues ?? [])
        }
    }

    // MARK: - Asking

    private func texts(_ wanted: Wanted, typed: String, words: [String]) async -> [String] {
        let all: [String]
        switch wanted {
        case .texts(let texts): all = texts
        case .files: all = Self.files(typed)
        case .asked(let path, let argument):
            let arguments = words + [typed]
            all = await self.ask(
                ["---completion"] + path + ["--", argument]
                    + ["\(arguments.count - 1)", "\(typed.count)"] + arguments
            )
        }
        let lowered = typed.lowercased()
        return all.filter { $0.lowercased().hasPrefix(lowered) }
    }

    private static func files(_ typed: String) -> [String] {
        let folder = typed.lastIndex(of: "/").map { String(typed[...$0]) } ?? ""
        let names = try? FileManager.default.contentsOfDirectory(
            atPath: folder.isEmpty ? "." : folder
        )
        return (names ?? []).filter { !$0.hasPrefix(".") }.sorted().map { name in
            var isDirectory: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: folder + name, isDirectory: &isDirectory)
            return folder + name + (isDirectory.boolValue ? "/" : "")
        }
    }
}

extension Completer.Candidates {
    /// What to put in the word's place; nothing if there is nothing to add.
    ///
    /// The only candidate whole and with a blank after it, else what all begin with.
    package var completion: String? {
        guard let first = self.texts.first else { return nil }
        if self.texts.count == 1 {
            let word = self.isOwn ? first : CommandWords.quoted(self.lead + first)
            return first.hasSuffix("/") ? word : word + " "
        }
        let common = self.texts.dropFirst().reduce(first) { $0.commonStart(with: $1) }
        guard common.count >= self.typed.count, common != self.typed else { return nil }
        return self.isOwn ? common : CommandWords.quoted(self.lead + common, isOpen: true)
    }
}

extension String {
    /// What both begin with, whatever the case, as the first of them writes it.
    fileprivate func commonStart(with other: String) -> String {
        let pairs = zip(self, other)
        return String(pairs.prefix { $0.lowercased() == $1.lowercased() }.map { $0.0 })
    }
}
