import ArgumentParser
import Foundation

/// A command as its declaration tells it: name, options, subcommands.
///
/// Help, manual pages and the completion of the shell are made from this one source.
struct CommandTree: Decodable, Sendable {
    var commandName: String
    var abstract: String?
    var discussion: String?
    var subcommands: [CommandTree]?
    var arguments: [Argument]?

    struct Argument: Decodable, Sendable {
        enum Kind: String, Decodable, Sendable { case positional, option, flag }

        struct Name: Decodable, Sendable {
            var kind: String
            var name: String

            /// As it is typed.
            var text: String { (self.kind == "long" ? "--" : "-") + self.name }
        }

        /// What completes a value: a list that is known, files, or a look at the server.
        struct Completion: Decodable, Sendable {
            var values: [String]?
        }

        var kind: Kind
        var shouldDisplay: Bool
        var isOptional: Bool
        var isRepeating: Bool
        var names: [Name]?
        var valueName: String?
        var defaultValue: String?
        var allValues: [String]?
        var completionKind: [String: Completion]?
        var abstract: String?

        /// The name that says most.
        var longName: String? {
            (self.names?.first { $0.kind == "long" } ?? self.names?.first)?.text
        }
    }

    private struct Tool: Decodable { var command: CommandTree }

    /// The whole tree; nothing if the parser tells it in a way that is not known here.
    static func whole() -> CommandTree? {
        let text = Invctl._dumpHelp()
        return try? JSONDecoder().decode(Tool.self, from: Data(text.utf8)).command
    }

    /// The subcommand of that name.
    subscript(name: String) -> CommandTree? {
        self.subcommands?.first { $0.commandName == name }
    }

    /// The command that a line of words names.
    func command(of words: [String]) -> CommandTree {
        var node = self
        for word in words {
            guard let child = node[word] else { break }
            node = child
        }
        return node
    }

    /// The option or flag that is typed so.
    func argument(typed text: String) -> Argument? {
        self.arguments?.first { argument in
            argument.names?.contains { $0.text == text } ?? false
        }
    }

    var positionals: [Argument] { self.arguments?.filter { $0.kind == .positional } ?? [] }
}
