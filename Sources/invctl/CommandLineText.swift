import ArgumentParser

/// What can be read off a command line before it is parsed.
enum CommandLineText {
    /// Whether errors are to be told as JSON, wherever they come from.
    static func wantsJSON(_ arguments: [String]) -> Bool {
        var format = Terminal.environment("INVCTL_OUTPUT")
        for (index, argument) in arguments.enumerated() {
            if argument == "-o" || argument == "--output", index + 1 < arguments.count {
                format = arguments[index + 1]
            } else if argument.hasPrefix("--output=") {
                format = String(argument.dropFirst(9))
            } else if argument.hasPrefix("-o"), argument.utf8.count > 2, !argument.hasPrefix("--") {
                format = String(argument.dropFirst(2))
            }
        }
        return format.flatMap { OutputFormat(rawValue: $0) }?.isJSON ?? false
    }

    /// A word where a command should stand, if it is none, with those that may have been meant.
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
                "'\(argument)' is no command of \(path)",
                wayOut: near.isEmpty
                    ? "There are \(names.joined(separator: ", "))."
                    : "Did you mean \(near.map { path + " " + $0 }.joined(separator: " or "))?",
                exit: Exit.usage
            )
        }
        return nil
    }
}

extension ParsableCommand {
    /// The name it is called by.
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
