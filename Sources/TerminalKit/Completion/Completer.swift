import Foundation

/// Completes the word at the cursor: commands, flags, values, and names known to the server.
///
/// The command tree determines what is valid at the cursor; values are completed by the same
/// functions as in bash, zsh and fish.
package struct Completer: Sendable {
    /// The word to complete and its candidates.
    package struct Candidates: Equatable, Sendable {
        /// The start of the word, in characters from the start of the line.
        package var start: Int
        /// The candidates without `lead`, in the order of their source.
        package var strings: [String]
        /// The prefix of the word that every candidate follows, such as `--category=`.
        package var lead = ""
        /// The typed part of the word, without `lead`.
        package var typed: String
        /// Whether a file name belongs there.
        package fileprivate(set) var isFile = false
        /// Whether it is a command of the shell itself, which is never quoted.
        var isOwn = false
    }

    /// The source of the candidates for the word at the cursor.
    enum Source: Equatable, Sendable {
        case strings([String])
        case files
        /// The argument parser's completion for an argument of the subcommand at `path`.
        case parser(path: [String], argument: String)
    }

    private let tree: CommandTree
    /// The program's name, which a line may begin with.
    private let program: String
    /// Commands of the shell itself.
    private let own: [String]
    private let complete: @Sendable ([String]) async -> [String]

    /// Creates a completer.
    ///
    /// - Parameters:
    ///   - tree: The commands of the program.
    ///   - program: The program's name, which a line may begin with.
    ///   - own: Commands of the shell itself, which begin with a backslash.
    ///   - complete: Returns the program's completions for the arguments that
    ///     swift-argument-parser's shell scripts pass.
    package init(
        _ tree: CommandTree,
        of program: String,
        own: [String],
        complete: @escaping @Sendable ([String]) async -> [String]
    ) {
        self.tree = tree
        self.program = program
        self.own = own
        self.complete = complete
    }

    /// Returns all candidates for the last word of `text`, of which only the last command counts.
    package func candidates(_ text: [Character]) async -> Candidates {
        if let end = CommandWords(text).breaks.last {
            var found = await self.candidates(Array(text[(end + 1)...]))
            found.start += end + 1
            return found
        }
        let line = CommandWords(text)
        if line.program != nil { return Candidates(start: text.count, strings: [], typed: "") }
        var words = line.strings
        let isWord = line.endsInWord && !words.isEmpty
        let typed = isWord ? words.removeLast() : ""
        var found = Candidates(
            start: isWord ? line.words[line.words.count - 1].start : text.count,
            strings: [],
            typed: typed
        )
        // A word that begins with a backslash is a command of the shell itself.
        if words.isEmpty, let start = text.firstIndex(where: { !$0.isWhitespace }),
            text[start] == "\\"
        {
            found.start = start
            found.typed = String(text[start...])
            found.isOwn = true
            found.strings = self.own.filter { $0.hasPrefix(found.typed) }
            return found
        }
        if words.first == self.program { words.removeFirst() }
        let (source, lead) = self.source(words, typed)
        found.lead = lead
        found.typed = String(typed.dropFirst(lead.count))
        found.isFile = source == .files
        found.strings = await self.strings(source, typed: found.typed, words: words)
        return found
    }

    // MARK: - Sources

    /// Returns the source of candidates for `typed` after `words`, and the prefix of `typed` to keep.
    func source(_ words: [String], _ typed: String) -> (Source, lead: String) {
        var node = self.tree
        var path: [String] = []
        var positionalCount = 0
        var pending: CommandTree.Argument?
        for word in words {
            if pending != nil {
                pending = nil
            } else if word.hasPrefix("-"), word != "-" {
                // Before the command an option is one of any command behind it.
                let argument = node.argument(typed: word) ?? node.laterArgument(typed: word)
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
            guard let argument = node.argument(typed: name) else { return (.strings([]), "") }
            return (self.values(of: argument, path, name), name + "=")
        }
        if typed.hasPrefix("-") {
            let names = (node.arguments ?? []).filter { $0.shouldDisplay }.compactMap {
                $0.longName
            }
            return (.strings(names), "")
        }
        if let children = node.subcommands, positionalCount == 0 {
            return (.strings(children.map { $0.commandName }), "")
        }
        let positionals = node.positionals
        let index = min(positionalCount, positionals.count - 1)
        guard index >= 0, positionalCount == index || positionals[index].isRepeating else {
            return (.strings([]), "")
        }
        return (self.values(of: positionals[index], path, "positional@\(index)"), "")
    }

    private func values(
        of argument: CommandTree.Argument,
        _ path: [String],
        _ name: String
    ) -> Source {
        switch argument.completionKind?.first {
        case ("list", let list)?: return .strings(list.values ?? [])
        case ("file", _)?, ("directory", _)?: return .files
        case ("custom", _)?, ("customAsync", _)?: return .parser(path: path, argument: name)
        default: return argument.valueName == "file" ? .files : .strings(argument.allValues ?? [])
        }
    }

    // MARK: - Candidates

    private func strings(_ source: Source, typed: String, words: [String]) async -> [String] {
        let all: [String]
        switch source {
        case .strings(let strings): all = strings
        case .files: all = Self.files(typed)
        case .parser(let path, let argument):
            let arguments = words + [typed]
            all = await self.complete(
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
    /// The replacement for the word; `nil` if there is nothing to add.
    ///
    /// A single candidate is completed and followed by a space; several are completed to their common prefix.
    package var completion: String? {
        guard let first = self.strings.first else { return nil }
        if self.strings.count == 1 {
            let word = self.isOwn ? first : CommandWords.quoted(self.lead + first)
            return first.hasSuffix("/") ? word : word + " "
        }
        let common = self.strings.dropFirst().reduce(first) { $0.commonPrefix(with: $1) }
        guard common.count >= self.typed.count, common != self.typed else { return nil }
        return self.isOwn ? common : CommandWords.quoted(self.lead + common, isOpen: true)
    }
}

extension String {
    /// Returns the common prefix, compared without case, as this string spells it.
    fileprivate func commonPrefix(with other: String) -> String {
        let pairs = zip(self, other)
        return String(pairs.prefix { $0.lowercased() == $1.lowercased() }.map { $0.0 })
    }
}
