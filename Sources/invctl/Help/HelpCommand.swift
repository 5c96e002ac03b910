import ArgumentParser
import InventoryTransfer
import TerminalKit

struct HelpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "help",
        abstract: "Explains a command or a topic; writes the manual page.",
        discussion: """
            Topics: \(HelpTopic.allCases.map { $0.rawValue }.joined(separator: ", ")).

            Examples:
              invctl help stock restock
              invctl help errors
              invctl help --man > invctl.1
            """
    )
    @Flag(help: "Writes the whole manual as a man page.") var man = false
    @Argument(
        help: "A command, word by word, or a topic.",
        completion: .list(HelpTopic.allCases.map { $0.rawValue })
    )
    var words: [String] = []

    func run() throws {
        if self.man {
            guard let tree = CommandTree.whole() else {
                throw Failure("internal", "cannot decode the command tree", exit: Exit.failed)
            }
            Terminal.write(ManualPage(tree).text, to: 1)
            return
        }
        if let topic = self.words.first.flatMap({ HelpTopic(rawValue: $0) }), self.words.count == 1
        {
            HelpText.show("\(topic.rawValue): \(topic.abstract)\n\n\(topic.text)")
            return
        }
        HelpText.show(try Self.help(self.words))
    }

    /// Returns the `--help` text of a command.
    ///
    /// - Throws: ``Failure`` for an unknown command.
    private static func help(_ words: [String]) throws(Failure) -> String {
        var command: any ParsableCommand.Type = Invctl.self
        var path = "invctl"
        for word in words {
            let children = command.configuration.subcommands
            guard let child = children.first(where: { $0.name == word }) else {
                var names = children.map { $0.name }
                if path == "invctl" { names += HelpTopic.allCases.map { $0.rawValue } }
                let near = Nearness.nearest(to: word, among: names)
                throw Failure.usage(
                    "there is no help on '\(words.joined(separator: " "))'",
                    hint: near.isEmpty
                        ? "invctl help lists the commands and topics."
                        : "Did you mean \(near.joined(separator: " or "))?"
                )
            }
            command = child
            path += " " + word
        }
        let text = Invctl.helpMessage(for: command, columns: HelpText.parserWidth)
        guard words.isEmpty else { return text }
        let topics = HelpTopic.allCases.map { ($0.rawValue, $0.abstract) }
        return text + "\n\nTOPICS (invctl help TOPIC):\n" + HelpTopic.table(topics)
    }
}
