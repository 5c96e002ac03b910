import ArgumentParser
import InventoryTransfer
import TerminalKit

/// What is read from a command line before it is parsed.
enum CommandLineText {
    /// Returns whether to report errors as JSON.
    static func wantsJSON(_ arguments: [String]) -> Bool {
        let format =
            self.value(of: "--output", or: "-o", in: arguments)
            ?? Terminal.environment("INVCTL_OUTPUT")
        return format.flatMap { OutputFormat(rawValue: $0) }?.isJSON ?? false
    }

    /// Returns when to color messages.
    static func color(_ arguments: [String]) -> ColorChoice {
        let choice =
            self.value(of: "--color", or: nil, in: arguments)
            ?? Terminal.environment("INVCTL_COLOR")
        return choice.flatMap { ColorChoice(rawValue: $0) } ?? .auto
    }

    /// Returns the value of an option: `--name value`, `--name=value` or `-nvalue`; the last wins.
    private static func value(
        of name: String,
        or short: String?,
        in arguments: [String]
    ) -> String? {
        var value: String?
        for (index, argument) in arguments.enumerated() {
            if argument == "--" { break }
            if argument == name || argument == short {
                if index + 1 < arguments.count { value = arguments[index + 1] }
            } else if argument.hasPrefix(name + "=") {
                value = String(argument.dropFirst(name.utf8.count + 1))
            } else if let short, argument.hasPrefix(short), !argument.hasPrefix("--") {
                value = String(argument.dropFirst(short.utf8.count))
            }
        }
        return value
    }

    /// Returns the error for an unknown command, with similar commands as a hint.
    static func unknownCommand(
        _ arguments: [String],
        in root: any ParsableCommand.Type
    ) -> Failure? {
        var command = root
        var path = "invctl"
        for argument in arguments {
            let children = command.configuration.subcommands
            guard !children.isEmpty, !argument.hasPrefix("-"), argument != "help" else {
                return nil
            }
            if let child = children.first(where: { $0.name == argument }) {
                command = child
                path += " " + argument
                continue
            }
            if command.configuration.defaultSubcommand != nil { return nil }
            let names = children.map { $0.name }
            let near = Nearness.nearest(to: argument, among: names)
            return Failure(
                "usage",
                "unknown command '\(argument)' for \(path)",
                hint: near.isEmpty
                    ? "Commands: \(names.joined(separator: ", "))."
                    : "Did you mean \(near.map { path + " " + $0 }.joined(separator: " or "))?",
                exit: Exit.usage
            )
        }
        return nil
    }
}

extension ParsableCommand {
    /// The name of the command on the command line.
    static var name: String {
        if let name = self.configuration.commandName { return name }
        var name = ""
        for character in "\(self)" {
            if character.isUppercase, !name.isEmpty { name += "-" }
            name += character.lowercased()
        }
        return name
    }
}
