import ArgumentParser
import TerminalKit

extension CommandTree {
    /// Returns the tree of this program's commands; `nil` if the parser's dump has an unknown format.
    static func whole() -> CommandTree? { CommandTree(dump: Invctl._dumpHelp()) }
}

extension Completer {
    /// Creates a completer for this program's commands and the shell's `own` commands.
    init(_ tree: CommandTree, own: [String]) {
        self.init(tree, of: "invctl", own: own) { await Self.completions($0) }
    }

    /// Returns the parser's completions, which it throws as the message of an error.
    private static func completions(_ arguments: [String]) async -> [String] {
        do {
            _ = try await Invctl.asyncParseAsRoot(arguments)
            return []
        } catch {
            guard Invctl.exitCode(for: error) == .success else { return [] }
            return Invctl.fullMessage(for: error).split(separator: "\n").map { String($0) }
        }
    }
}
