import ArgumentParser
import InventoryTransfer

/// Global options before the command, or between its words.
///
///     --server X product -o json list --limit 5   ─▶   product list --server X -o json --limit 5
///
/// The argument parser knows the options of a command only behind its last word, so they are moved there. One
/// that is repeated behind the command takes precedence.
enum LeadingOptions {
    /// Options with a value that may precede the command: those of every command, and of those with times.
    private static let valued = GlobalOptions.valued.union(["--zone"])

    /// Commands without global options: they ask no server, so the options have no effect.
    private static let standalone: [any ParsableCommand.Type] = [
        HelpCommand.self, CompletionCommand.self,
    ]

    /// Returns the arguments with the leading options behind the command's last word.
    ///
    /// - Throws: ``Failure`` if the command has options of its own with these names.
    static func moved(
        _ arguments: [String],
        in root: any ParsableCommand.Type
    ) throws(Failure) -> [String] {
        var command = root
        var path: [String] = []
        var options: [String] = []
        var rest = arguments[...]
        while let word = rest.first, !command.configuration.subcommands.isEmpty {
            if let count = Self.wordCount(of: word), count <= rest.count {
                options += rest.prefix(count)
                rest = rest.dropFirst(count)
                continue
            }
            let children = command.configuration.subcommands
            guard let child = children.first(where: { $0.name == word }) else { break }
            command = child
            path.append(word)
            rest = rest.dropFirst()
        }
        if options.isEmpty { return arguments }
        let isCommand = command.configuration.subcommands.isEmpty
        if !isCommand || Self.standalone.contains(where: { $0 == command }) { return path + rest }
        if command == ContextCommand.Set.self {
            throw Failure.usage(
                "\(options[0]) precedes context set, which has options of its own",
                hint: "Write it behind the command: invctl context set NAME \(options[0]) …"
            )
        }
        return path + options + rest
    }

    /// Returns the number of words of a global option, with its value; `nil` for anything else.
    private static func wordCount(of word: String) -> Int? {
        if GlobalOptions.flags.contains(word) { return 1 }
        if Self.valued.contains(word) { return 2 }
        guard word.hasPrefix("-") else { return nil }
        // `--name=value` and `-nvalue`.
        let name = word.hasPrefix("--") ? String(word.prefix { $0 != "=" }) : String(word.prefix(2))
        return name != word && Self.valued.contains(name) ? 1 : nil
    }
}
