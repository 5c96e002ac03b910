import Glibc
import InventoryTransfer
import TerminalKit

/// `invctl complete-line SHELL LINE`: what the completion scripts run.
///
/// It prints the words that fit at the end of the line, one per line, or ends with ``filesCode`` if a file
/// belongs there, which the shell completes itself.
enum CompletionLine {
    /// The argument that starts it; no command, so that help does not list it.
    static let word = "complete-line"
    /// The exit code for a file name.
    static let filesCode: Int32 = 9

    /// Returns the exit code.
    static func run(_ arguments: [String]) async -> Int32 {
        guard arguments.count == 2, let shell = CompletionScript(rawValue: arguments[0]),
            let tree = CommandTree(for: Self.commandWords(arguments[1]))
        else { return Exit.usage.rawValue }
        let found = await Completer(tree, own: []).candidates(Array(arguments[1]))
        if found.isFile { return Self.filesCode }
        for word in Self.words(found, for: shell) { Terminal.print(word) }
        return 0
    }

    /// Returns the words of the line but the program's name.
    private static func commandWords(_ line: String) -> [String] {
        Array(CommandWords(line).strings.drop { $0 == "invctl" })
    }

    /// Returns the candidates as the shell inserts them.
    static func words(_ found: Completer.Candidates, for shell: CompletionScript) -> [String] {
        let whole = found.strings.map { found.lead + $0 }
        // The others quote and append a blank themselves.
        guard shell == .bash else { return whole }
        let typed = found.lead + found.typed
        // bash replaces what follows the last of these.
        let kept = typed.lastIndex { "=:".contains($0) }
            .map { typed.distance(from: typed.startIndex, to: $0) + 1 }
        return whole.map { word in
            let rest = CommandWords.quoted(String(word.dropFirst(kept ?? 0)))
            let isOpen = whole.count > 1 || word.hasSuffix("/") || word.hasSuffix("=")
            return isOpen ? rest : rest + " "
        }
    }
}
