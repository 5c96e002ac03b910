import ArgumentParser
import Glibc
import InventoryClient
import InventoryTransfer
import TerminalKit

struct ShellCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shell",
        abstract: "Commands one after the other, with history, completion and editing.",
        discussion: """
            Every command is typed as it is behind invctl. Tab completes, also SKUs, categories and \
            locations; an open quote or a \\ at the end goes on in the next line; # begins a remark.

            \(ShellWord.table)

            Off a terminal it reads commands from standard input, a line each, goes on after one that \
            fails, and exits with the code of the first that did:

            printf 'product list\\nstock low\\n' | invctl shell
            """
    )
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let settings = try self.global.settings()
        self.handDown(settings)
        if let session = TerminalSession(.line) {
            var shell = InteractiveShell(session, isQuiet: self.global.quiet)
            await shell.run()
            return
        }
        var shell = ScriptShell()
        let code = await shell.run()
        if code != .success { throw code }
    }

    /// What was asked of the shell is what its commands find in their environment.
    private func handDown(_ settings: Settings) {
        for (key, setting) in settings.values where setting.origin == "--\(key.rawValue)" {
            setenv(key.variable, setting.value, 1)
        }
        if let context = self.global.context { setenv("INVCTL_CONTEXT", context, 1) }
        if self.global.timing { setenv("INVCTL_TIMING", "1", 1) }
    }
}

/// What the shell itself understands, besides the commands.
enum ShellWord: String, CaseIterable, Sendable {
    case help = "\\?"
    case quit = "\\q"
    case timing = "\\timing"
    case watch = "\\watch"
    case output = "\\o"
    case connect = "\\c"
    case history = "\\history"

    var usage: String {
        switch self {
        case .help, .quit: self.rawValue
        case .timing: "\\timing [on|off]"
        case .watch: "\\watch [SECONDS]"
        case .output: "\\o [FORMAT]"
        case .connect: "\\c [CONTEXT|ADDRESS]"
        case .history: "\\history [TEXT]"
        }
    }

    var meaning: String {
        switch self {
        case .help: "says this; help COMMAND explains a command"
        case .quit: "leaves, as do Ctrl-D, exit and quit"
        case .timing: "says how long each command took, or no longer"
        case .watch: "the last command again, each 2 s or so often, until Ctrl-C"
        case .output: "the format from here on: table, json, csv, …; nothing for the usual"
        case .connect: "another server from here on; nothing says which it is"
        case .history: "what was typed, or what of it has TEXT"
        }
    }

    static var table: String {
        self.allCases.map { TextWidth.padded($0.usage, to: 22) + $0.meaning }
            .joined(separator: "\n")
    }

    /// The word of a line that begins with a backslash, and what follows it.
    static func parse(_ line: String) throws(Failure) -> (ShellWord, argument: String) {
        let parts = line.split(maxSplits: 1) { $0.isWhitespace }.map { String($0) }
        let name = parts.first ?? ""
        guard let word = ShellWord(rawValue: name) else {
            let near = Nearness.nearest(to: name, among: self.allCases.map { $0.rawValue })
            throw Failure.usage(
                "'\(name)' is no word of the shell",
                wayOut: near.isEmpty
                    ? "\\? lists them." : "Did you mean \(near.joined(separator: " or "))?"
            )
        }
        return (word, parts.count > 1 ? parts[1].trimmingSpace : "")
    }
}
