import ArgumentParser
import TerminalKit

extension CommandTree {
    /// Creates the part of this program's tree that a command line needs.
    ///
    /// Every command on the way has the names of its subcommands and the global options; the one that the words
    /// name has all of its arguments. Describing all commands takes ten times as long, and a person waits for it.
    init?(for words: [String]) {
        guard let ping = CommandTree(dump: PingCommand._dumpHelp())?.arguments else { return nil }
        self = Self.part(Invctl.self, words[...], shared: ping)
    }

    private static func part(
        _ type: any ParsableCommand.Type,
        _ words: ArraySlice<String>,
        shared: [Argument]
    ) -> CommandTree {
        let children = type.configuration.subcommands
        if children.isEmpty, var leaf = CommandTree(dump: type._dumpHelp()) {
            // As a root it gets the parser's help command, which it has not behind its own name.
            leaf.subcommands = nil
            return leaf
        }
        let (name, rest) = Self.nextName(words)
        let parts = children.map { child in
            child.name == name
                ? Self.part(child, rest, shared: shared) : CommandTree(commandName: child.name)
        }
        return CommandTree(commandName: type.name, subcommands: parts, arguments: shared)
    }

    /// Returns the first word that is no global option, and the words behind it.
    private static func nextName(_ words: ArraySlice<String>) -> (String?, ArraySlice<String>) {
        var rest = words
        while let word = rest.popFirst() {
            guard word.hasPrefix("-") else { return (word, rest) }
            if GlobalOptions.valued.contains(word) || word == "--zone" { _ = rest.popFirst() }
        }
        return (nil, [])
    }
}
