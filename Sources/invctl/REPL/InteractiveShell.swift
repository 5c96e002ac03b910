import ArgumentParser
import Glibc
import InventoryClient
import InventoryTransfer
import InventoryWire
import Synchronization
import TerminalKit

/// The interactive shell: it reads a line, executes it, and repeats.
///
/// Commands run in another process, a ``ShellWorker``, over one connection. It has the terminal meanwhile: Ctrl-C
/// ends it and not the shell, and its crash does not affect the shell.
struct InteractiveShell {
    private let session: TerminalSession
    private let isQuiet: Bool
    private let hasColor: Bool
    private var keys = KeyReader()
    private var state = ShellState()
    private var history = LineHistory(of: "invctl")
    /// Made at the first Tab: describing all commands takes longer than starting the shell.
    private lazy var completer = CommandTree.whole().map {
        Completer($0, own: ShellWord.allCases.map { $0.rawValue })
    }
    private var shown: LineView?
    /// Executes the commands; started by the first, and again after one that was interrupted.
    private var worker: ShellWorker?

    /// The most candidates shown at once.
    private static let candidatesShownMax = 60
    /// How long the guard of a killed command may take to restore the terminal.
    private static let guardMicroseconds: UInt32 = 100_000

    init(_ session: TerminalSession, isQuiet: Bool) {
        self.session = session
        self.isQuiet = isQuiet
        let settings = try? Settings(flags: [:], context: nil)
        self.hasColor = (settings?.color ?? .auto).isColored(true)
    }

    mutating func run() async {
        Interruption.state.withLock { $0.isIgnored = true }
        defer {
            self.session.leave()
            self.worker?.end()
        }
        if !self.isQuiet { await self.greet() }
        while let line = await self.readLine() {
            // Pasted lines are one command each.
            for command in CommandWords.commands(line) {
                self.history.add(command)
                do throws(Failure) {
                    if try await !self.perform(self.state.request(command)) { return }
                } catch {
                    error.report(asJSON: false)
                }
            }
        }
    }

    private func greet() async {
        guard let settings = try? Settings(flags: [:], context: nil),
            var configuration = try? settings.client()
        else { return }
        configuration.timeoutMilliseconds = min(configuration.timeoutMilliseconds, 500)
        let client = InventoryClient(configuration)
        let server = try? await client.connect()
        try? await client.close()
        let what = server.map { "\($0.software) at \(settings.address)" }
        Terminal.say(what ?? "No server answers at \(settings.address) yet.")
        Terminal.say("Tab completes, \\? shows help, Ctrl-D quits.")
    }

    private var prompt: String {
        guard let settings = try? Settings(flags: [:], context: nil) else { return "invctl> " }
        return "\(settings.context ?? settings.address.description)> "
    }

    // MARK: - Requests

    /// Performs a request.
    ///
    /// - Returns: Whether the shell continues.
    private mutating func perform(_ request: ShellState.Request) async -> Bool {
        switch request {
        case .none: break
        case .leave: return false
        case .say(let text): Terminal.print(PageText.fitted(text, to: Terminal.size.columns))
        case .listHistory(let text):
            let entries = self.history.entries
            for (index, entry) in entries.enumerated() where text.isEmpty || entry.contains(text) {
                Terminal.print(
                    TextWidth.padded("\(index + 1)", to: 5, isRight: true) + "  " + entry
                )
            }
        case .run(let words): _ = await self.execute(words)
        case .pipe(let words, let program):
            let line = ["/proc/self/exe"] + words
            // A person reads what the program shows.
            let isTable = Terminal.environment("INVCTL_OUTPUT") == nil
            if isTable { setenv("INVCTL_OUTPUT", OutputFormat.table.rawValue, 1) }
            _ = await self.session.lend { Subprocess.runPiped(line, into: program) }
            if isTable { unsetenv("INVCTL_OUTPUT") }
        case .program(let line):
            await self.session.lend { _ = Subprocess(running: line, hasInput: true)?.wait() }
        case .watch(let words, let pause):
            while await self.execute(words) == 0 {
                let key = self.keys.next(pause)
                if [.control("c"), .control("d"), .character("q"), .escape].contains(key) { break }
            }
        }
        return true
    }

    /// Runs a command in the worker.
    ///
    /// - Returns: Its exit code.
    private mutating func execute(_ words: [String]) async -> Int32 {
        guard let worker = self.worker ?? ShellWorker() else { return Exit.failed.rawValue }
        let done = await self.session.lend {
            let done = worker.execute(words)
            // Its own guard restores the terminal first.
            if done.code > 128, done.code != 130 { usleep(Self.guardMicroseconds) }
            return done
        }
        self.worker = done.isAlive ? worker : nil
        return done.code
    }

    // MARK: - A line

    /// Returns the next command; `nil` if the user quits.
    private mutating func readLine() async -> String? {
        var editor = LineEditor(history: self.history.entries)
        let prompt = self.prompt
        self.shown = nil
        self.draw(editor, prompt)
        var columns = Terminal.size.columns
        var continued = self.session.continuedCount
        while true {
            let key = self.keys.next(200)
            if self.session.continuedCount != continued {
                continued = self.session.continuedCount
                self.shown = nil
                self.draw(editor, prompt)
            }
            guard let key else {
                if Terminal.size.columns != columns { self.draw(editor, prompt) }
                columns = Terminal.size.columns
                continue
            }
            switch editor.take(key) {
            case .draw: break
            case .submit(let line):
                self.finish()
                return line
            case .drop:
                Terminal.write("^C", to: STDOUT_FILENO)
                self.finish()
            case .leave:
                self.finish()
                return nil
            case .clearScreen:
                Terminal.write("\u{1B}[H\u{1B}[2J", to: STDOUT_FILENO)
                self.shown = nil
            case .complete:
                await self.complete(&editor)
            case .suspend:
                Interruption.suspendJob()
                continue
            }
            self.draw(editor, prompt)
        }
    }

    private mutating func draw(_ editor: LineEditor, _ prompt: String) {
        let view = LineView(editor, prompt: prompt, columns: Terminal.size.columns)
        let text = view.drawing(over: self.shown, isBold: self.hasColor)
        Terminal.write(text, to: STDOUT_FILENO)
        self.shown = view
    }

    /// Leaves the line on the screen and moves the cursor below it.
    private mutating func finish() {
        Terminal.write(self.shown?.leave ?? "\r\n", to: STDOUT_FILENO)
        self.shown = nil
    }

    // MARK: - Completion

    private mutating func complete(_ editor: inout LineEditor) async {
        guard let completer = self.completer else { return }
        let found = await completer.candidates(Array(editor.text[..<editor.cursor]))
        if let completion = found.completion {
            editor.replace(from: found.start, with: completion)
        } else if found.strings.isEmpty {
            Terminal.write("\u{07}", to: STDOUT_FILENO)
        } else {
            self.list(found.strings)
        }
    }

    /// Shows candidates below the line, in columns.
    private mutating func list(_ candidates: [String]) {
        self.finish()
        let shown = candidates.prefix(Self.candidatesShownMax)
        let width = (shown.map { TextWidth.of($0) }.max() ?? 0) + 2
        let perRow = max(1, (Terminal.size.columns - 1) / width)
        var row = ""
        for (index, text) in shown.enumerated() {
            row += TextWidth.padded(text, to: width)
            if (index + 1) % perRow == 0 || index + 1 == shown.count {
                Terminal.print(row.trimmingSpace)
                row = ""
            }
        }
        if candidates.count > shown.count {
            Terminal.print("and \(candidates.count - shown.count) more")
        }
    }
}
