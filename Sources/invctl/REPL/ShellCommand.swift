import ArgumentParser
import Glibc
import InventoryClient
import InventoryTransfer
import TerminalKit

struct ShellCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shell",
        abstract: "Runs commands interactively, with history, completion and editing.",
        discussion: """
            Commands are typed without invctl. Tab completes, also SKUs, categories and locations; a \\ \
            at the end continues on the next line; # begins a comment. The output of a command goes to \
            a program with COMMAND | PROGRAM. All commands share a connection; if it is lost, that is said, \
            and the next command makes another. Ctrl-C ends a command, not the shell.

            \(ShellWord.table)

            With -c, or without a terminal, it runs the commands, or those of standard input, one per \
            line. It continues after a failure and exits with the code of the \
            first command that failed:

              invctl shell -c 'sell LAP-01=2' -c 'stock show LAP-01'
              printf 'product list\\nstock low\\n' | invctl shell
            """
    )
    @OptionGroup var global: GlobalOptions
    @Option(
        name: [.customShort("c"), .long],
        parsing: .unconditionalSingleValue,
        help: "Runs this command and exits; repeatable."
    )
    var command: [String] = []

    func run() async throws {
        let settings = try self.global.settings()
        self.exportToEnvironment(settings)
        if self.command.isEmpty, let session = TerminalSession(.line) {
            var shell = InteractiveShell(session, isQuiet: self.global.isQuiet)
            await shell.run()
            return
        }
        var shell = ScriptShell(self.command)
        let code = await shell.run()
        if code != .success { throw code }
    }

    /// Passes the shell's own options to its commands through the environment.
    private func exportToEnvironment(_ settings: Settings) {
        for (key, setting) in settings.values where setting.origin == "--\(key.rawValue)" {
            setenv(key.variable, setting.value, 1)
        }
        if let context = self.global.context {
            setenv("INVCTL_CONTEXT", context, 1)
            // A variable would take precedence over a context that is not named again.
            for (key, setting) in settings.values where setting.origin.hasPrefix("context ") {
                unsetenv(key.variable)
            }
        }
        if self.global.timing { setenv("INVCTL_TIMING", "1", 1) }
        if self.global.quiet { setenv(GlobalOptions.quietVariable, "1", 1) }
    }
}

/// The commands of the shell itself.
enum ShellWord: String, CaseIterable, Sendable {
    case help = "\\?"
    case quit = "\\q"
    case timing = "\\timing"
    case watch = "\\watch"
    case output = "\\o"
    case vertical = "\\x"
    case program = "\\!"
    case connect = "\\c"
    case history = "\\history"

    var usage: String {
        switch self {
        case .help, .quit: self.rawValue
        case .timing: "\\timing [on|off]"
        case .watch: "\\watch [SECONDS]"
        case .output: "\\o [FORMAT]"
        case .vertical: "\\x [on|off]"
        case .program: "\\! PROGRAM"
        case .connect: "\\c [CONTEXT|ADDRESS]"
        case .history: "\\history [TEXT]"
        }
    }

    var meaning: String {
        switch self {
        case .help: "shows this help; help COMMAND explains a command"
        case .quit: "quits, as do Ctrl-D, exit and quit"
        case .timing: "turns the duration of each command on or off"
        case .watch: "repeats the last command, every 2 s; Ctrl-C ends it"
        case .output: "sets the output format, or that of before"
        case .vertical: "shows rows vertically, a line per field, or not"
        case .program: "runs a program of the system's shell"
        case .connect: "switches to another server, or shows the current one"
        case .history: "lists the history, or the entries that contain TEXT"
        }
    }

    static var table: String {
        self.allCases.map { "  " + TextWidth.padded($0.usage, to: 22) + $0.meaning }
            .joined(separator: "\n")
    }

    /// Parses a line that begins with a backslash.
    ///
    /// - Throws: ``Failure`` for an unknown command.
    static func parse(_ line: String) throws(Failure) -> (ShellWord, argument: String) {
        let parts = line.split(maxSplits: 1) { $0.isWhitespace }.map { String($0) }
        let name = parts.first ?? ""
        guard let word = ShellWord(rawValue: name) else {
            let near = Nearness.nearest(to: name, among: self.allCases.map { $0.rawValue })
            throw Failure.usage(
                "unknown command '\(name)' of the shell",
                hint: near.isEmpty
                    ? "\\? lists them." : "Did you mean \(near.joined(separator: " or "))?"
            )
        }
        return (word, parts.count > 1 ? parts[1].trimmingSpace : "")
    }
}
