import ArgumentParser
import InventoryTransfer
import TerminalKit

struct CompletionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion",
        abstract: "Writes the completion script for bash, zsh or fish.",
        discussion: """
              bash:  source <(invctl completion bash)
              zsh:   invctl completion zsh > \"${fpath[1]}/_invctl\"
              fish:  invctl completion fish > ~/.config/fish/completions/invctl.fish

            Besides commands and flags it completes files, zones, windows, and the SKUs, categories, \
            locations and columns of the server if it answers within 0.3 s.
            """
    )
    @Argument(
        help: "bash, zsh or fish.",
        completion: .list(CompletionScript.allCases.map { $0.rawValue })
    )
    var shell: String

    func run() throws {
        guard let shell = CompletionScript(rawValue: self.shell) else {
            let known = CompletionScript.allCases.map { $0.rawValue }
            let near = Nearness.nearest(to: self.shell, among: known)
            throw Failure.usage(
                "unknown shell '\(self.shell)'; shells are "
                    + known.joined(separator: ", "),
                hint: near.isEmpty ? "" : "Did you mean \(near.joined(separator: " or "))?"
            )
        }
        Terminal.print(shell.text)
    }
}
