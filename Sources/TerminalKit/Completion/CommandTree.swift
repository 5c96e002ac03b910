import Foundation

/// A command as declared: name, options and subcommands.
///
/// Help, manual pages and shell completion are generated from it.
package struct CommandTree: Decodable, Sendable {
    package var commandName: String
    package var abstract: String?
    package var discussion: String?
    package var subcommands: [CommandTree]?
    package var arguments: [Argument]?

    /// A positional argument, an option with a value, or a flag.
    package struct Argument: Decodable, Sendable {
        package enum Kind: String, Decodable, Sendable { case positional, option, flag }

        /// A name without its dashes, and whether it is long or short.
        package struct Name: Decodable, Sendable {
            var kind: String
            var name: String

            /// The name as typed, with its dashes.
            package var text: String { (self.kind == "long" ? "--" : "-") + self.name }
        }

        /// How a value is completed: from a fixed list, from files, or by a query to the server.
        struct Completion: Decodable, Sendable {
            var values: [String]?
        }

        package var kind: Kind
        /// Whether help and completion show it.
        package var shouldDisplay: Bool
        package var isOptional: Bool
        package var isRepeating: Bool
        /// The names of an option or flag; `nil` for a positional argument.
        package var names: [Name]?
        /// The placeholder of the value in the help.
        package var valueName: String?
        var defaultValue: String?
        var allValues: [String]?
        var completionKind: [String: Completion]?
        package var abstract: String?

        /// The long name, or the first one if there is no long name.
        package var longName: String? {
            (self.names?.first { $0.kind == "long" } ?? self.names?.first)?.text
        }
    }

    /// Creates a command by its name, with what is known of it.
    package init(
        commandName: String,
        subcommands: [CommandTree]? = nil,
        arguments: [Argument]? = nil
    ) {
        self.commandName = commandName
        self.subcommands = subcommands
        self.arguments = arguments
    }

    private struct Tool: Decodable { var command: CommandTree }

    /// Decodes the tree that swift-argument-parser dumps as JSON; `nil` if the format is unknown.
    package init?(dump: String) {
        let tool = try? JSONDecoder().decode(Tool.self, from: Data(dump.utf8))
        guard let tool else { return nil }
        self = tool.command
    }

    /// The subcommand with that name.
    package subscript(name: String) -> CommandTree? {
        self.subcommands?.first { $0.commandName == name }
    }

    /// Returns the command that the leading words name.
    package func command(of words: [String]) -> CommandTree {
        var node = self
        for word in words {
            guard let child = node[word] else { break }
            node = child
        }
        return node
    }

    /// Returns the option or flag with that name, dashes included.
    package func argument(typed text: String) -> Argument? {
        self.arguments?.first { argument in
            argument.names?.contains { $0.text == text } ?? false
        }
    }

    /// Returns the option or flag with that name of the first subcommand that has it.
    func laterArgument(typed text: String) -> Argument? {
        for child in self.subcommands ?? [] {
            if let found = child.argument(typed: text) ?? child.laterArgument(typed: text) {
                return found
            }
        }
        return nil
    }

    var positionals: [Argument] { self.arguments?.filter { $0.kind == .positional } ?? [] }
}
