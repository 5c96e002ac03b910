import Glibc
import InventoryTransfer
import TerminalKit

/// The shell that executes the commands of `-c`, or of a script from standard input.
///
/// Commands run within this process and over one connection, so that thousands of them start neither
/// processes nor connections.
struct ScriptShell {
    private var state = ShellState()
    private var lines: ScriptLines
    private var parsed = ParsedCommands()

    /// Creates a shell that executes `commands`, or a script if there are none.
    init(_ commands: [String]) { self.lines = ScriptLines(commands) }

    /// Runs all commands.
    ///
    /// - Returns: The exit code of the first command that failed.
    mutating func run() async -> ExitStatus {
        // A pager would wait for input that never comes.
        setenv("INVCTL_PAGER", "off", 1)
        let connection = SharedClient()
        let first = await self.runAll(over: connection)
        await connection.close()
        return first
    }

    private mutating func runAll(over connection: SharedClient) async -> ExitStatus {
        var first = ExitStatus.success
        var command = ""
        while let line = self.lines.next() {
            command += command.isEmpty ? line : "\n" + line
            if CommandWords(command).open == .backslash { continue }
            let code = await self.perform(command, connection)
            command = ""
            guard let code else { return first }
            if first == .success { first = code }
        }
        // The end of the script, after a line that is to be continued.
        if !command.isEmpty, let code = await self.perform(command, connection), first == .success {
            first = code
        }
        return first
    }

    /// Executes one command.
    ///
    /// - Returns: The exit code; `nil` if the shell exits.
    private mutating func perform(
        _ command: String,
        _ connection: SharedClient
    ) async -> ExitStatus? {
        do throws(Failure) {
            try Self.checkComplete(command)
            switch try self.state.request(command) {
            case .none, .listHistory: return .success
            case .leave: return nil
            case .say(let text):
                Terminal.say(text)
                return .success
            case .run(let words):
                return await self.execute(words, connection)
            case .pipe(let words, let program):
                return Self.status(Subprocess.runPiped(["/proc/self/exe"] + words, into: program))
            case .program(let line):
                return Self.status(Subprocess(running: line, hasInput: false)?.wait())
            case .watch(let words, let pause):
                while true {
                    let code = await self.execute(words, connection)
                    if code != .success { return code }
                    usleep(UInt32(pause) * 1_000)
                }
            }
        } catch {
            error.report(asJSON: CommandLineText.wantsJSON([]))
            return error.exit
        }
    }

    /// The most characters of a command that a message quotes.
    private static let quotedMax = 60

    /// Checks that a command ends where its line does.
    ///
    /// A quote is not continued on the next line: one that was forgotten would take the rest of the script.
    private static func checkComplete(_ command: String) throws(Failure) {
        let shown =
            command.count > Self.quotedMax ? command.prefix(Self.quotedMax) + "…" : command[...]
        switch CommandWords(command).open {
        case .none: return
        case .quote(let mark):
            throw .usage(
                "an open quote (\(mark)) in '\(shown)'",
                hint: "Close it on the same line; a \\ at its end continues a line."
            )
        case .backslash:
            throw .usage("the script ends with a \\, which continues '\(shown)'")
        }
    }

    private mutating func execute(
        _ words: [String],
        _ connection: SharedClient
    ) async -> ExitStatus {
        let code = await SharedClient.$current.withValue(connection) {
            await Invctl.run(words, keeping: &self.parsed)
        }
        Interruption.forgetCommand()
        return code
    }

    private static func status(_ code: Int32?) -> ExitStatus {
        code.map { ExitStatus($0) } ?? Exit.failed
    }
}

/// The lines of a script: those of `-c`, or of standard input.
private struct ScriptLines {
    private var bytes: [UInt8] = []
    private var nextIndex = 0
    private var isAtEnd: Bool

    init(_ commands: [String]) {
        self.isAtEnd = !commands.isEmpty
        self.bytes = Array(commands.joined(separator: "\n").utf8)
    }

    mutating func next() -> String? {
        while true {
            if let end = self.bytes[self.nextIndex...].firstIndex(of: 0x0A) {
                defer { self.nextIndex = end + 1 }
                return String(decoding: self.bytes[self.nextIndex..<end], as: UTF8.self)
            }
            if self.isAtEnd {
                guard self.nextIndex < self.bytes.count else { return nil }
                defer { self.nextIndex = self.bytes.count }
                return String(decoding: self.bytes[self.nextIndex...], as: UTF8.self)
            }
            self.bytes.removeFirst(self.nextIndex)
            self.nextIndex = 0
            var chunk = [UInt8](repeating: 0, count: 65_536)
            let count = read(STDIN_FILENO, &chunk, chunk.count)
            if count > 0 { self.bytes += chunk[..<count] } else { self.isAtEnd = true }
        }
    }
}
