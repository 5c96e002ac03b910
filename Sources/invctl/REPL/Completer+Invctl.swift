import ArgumentParser
import TerminalKit

extension CommandTree {
    /// The tree of this program's commands; nothing if the parser tells it in a way that is not known
    /// here.
    static func whole() -> CommandTree? { CommandTree(dump: Invctl._dumpHelp()) }
}

extension Completer {
    /// Completes what this program's command line takes, and the shell's `own` commands.
    init(_ tree: CommandTree, own: [String]) {
        self.init(tree, of: "invctl", own: own) { await Self.ask($0) }
    }

    /// The command line's parser answers a question for completions by an error that says them.
    private static func ask(_ arguments: [String]) async -> [String] {
        do {
            _ = try await Invctl.asyncParseAsRoot(arguments)
            return []
        } catch {
            guard Invctl.exitCode(for: error) == .success else { return [] }
            return Invctl.fullMessage(for: error).split(separator: "\n").map { String($0) }
        }
    }
}
