import Foundation

/// A command as its declaration tells it: name, options, subcommands.
///
/// Help, manual pages and the completion of the shell are made from this one source.
package struct CommandTree: Decodable, Sendable {
    package var commandName: String
    package var abstract: String?
    package var discussion: String?
    package var subcommands: [CommandTree]?
    package var arguments: [Argument]?

    package struct Argument: Decodable, Sendable {
        package enum Kind: String, Decodable, Sendable { case positional, option, flag }

        package struct Name: Decodable, Sendable {
            var kind: String
            var name: String

            /// As it is typed.
            package var text: String { (self.kind == "long" ? "--" : "-") + self.name }
        }

        /// What completes a value: a list that is known, files, or a look at the server.
        struct Completion: Decodable, Sendable {
            var values: [String]?
        }

        package var kind: Kind
        package var shouldDisplay: Bool
        package var isOptional: Bool
        package var isRepeating: Bool
        package var names: [Name]?
        package var valueName: String?
        var defaultValue: String?
        var allValues: [String]?
        var completionKind: [String: Completion]?
        package var abstract: String?

        /// The name that says most.
        package var longName: String? {
            (self.names?.first { $0.kind == "long" } ?? self.names?.first)?.text
        }
    }

    private struct Tool: Decodable { var command: CommandTree }

    /// The whole tree as swift-argument-parser dumps it; nothing if it tells it in a way that is not
    /// known here.
    package init?(dump: String) {
        let tool = try? JSONDecoder().decode(Tool.self, from: Data(dump.utf8))
        guard let tool else { return nil }
        self = tool.command
    }

    /// The subcommand of that name.
    package subscript(name: String) -> CommandTree? {
        self.subcommands?.first { $0.commandName == name }
    }

    /// The command that a line of words names.
    package func command(of words: [String]) -> CommandTree {
        var node = self
        for word in words {
            guard let child = node[word] else { break }
            node = child
        }
        return node
    }

    /// The option or flag that is typed so.
    package func argument(typed text: String) -> Argument? {
        self.arguments?.first { argument in
            argument.names?.contains { $0.text == text } ?? false
        }
    }

    var positionals: [Argument] { self.arguments?.filter { $0.kind == .positional } ?? [] }
}
