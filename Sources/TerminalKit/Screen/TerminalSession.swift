import Foundation
import Glibc
import Synchronization

/// A terminal in raw mode: keys arrive one by one, and every exit restores the terminal.
///
///     leave()          the normal exit
///     Interruption     Ctrl-C, SIGTERM, SIGHUP: restores it, then the program exits; Ctrl-Z, SIGTSTP:
///                      restores it, then stops, and takes it again when the program is continued
///     TerminalGuard    a crash or SIGKILL: a separate process detects it and restores the terminal
package final class TerminalSession: Sendable {
    /// How the screen is used.
    package enum Mode: Sendable {
        /// The alternate screen, without a cursor; Ctrl-C ends the program.
        case fullScreen
        /// As `fullScreen`, but Ctrl-C is a key.
        case dashboard
        /// Line editing on the normal screen; Ctrl-C is a key.
        case line
    }

    private let saved: termios
    private let raw: termios
    private let mode: Mode
    private let guardian: Mutex<TerminalGuard?>
    private let isOpen = Atomic(true)
    private let continued = Atomic(0)
    /// Whether a thread reads keys.
    private let isReading = Atomic(false)

    // ?7: wrapping is off, so that a line that is wider than expected does not move the others.
    private static let enterScreen = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l\u{1B}[H\u{1B}[2J"
    static let leaveScreen = "\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l\u{1B}[0m"
    private static let beginPaste = "\u{1B}[?2004h"
    static let endPaste = "\u{1B}[?2004l"

    /// Takes the terminal; `nil` if input or output is not a terminal.
    package init?(_ mode: Mode) {
        guard Terminal.isInput, Terminal.isOutput else { return nil }
        var settings = termios()
        guard tcgetattr(STDIN_FILENO, &settings) == 0 else { return nil }
        self.saved = settings
        self.mode = mode
        self.guardian = Mutex(TerminalGuard(settings, isScreen: mode != .line))
        settings.c_lflag &= ~tcflag_t(ICANON | ECHO)
        if mode != .fullScreen { settings.c_lflag &= ~tcflag_t(ISIG | IEXTEN) }
        settings.c_iflag &= ~tcflag_t(IXON | ICRNL)
        self.raw = settings
        tcsetattr(STDIN_FILENO, TCSADRAIN, &settings)
        Terminal.write(mode == .line ? Self.beginPaste : Self.enterScreen, to: STDOUT_FILENO)
        Interruption.state.withLock {
            $0.restore = { [weak self] in self?.leave() }
            $0.suspend = { [weak self] in self?.suspend() }
            $0.resume = { [weak self] in self?.resume() }
        }
    }

    deinit { self.leave() }

    /// Restores the terminal; further calls do nothing.
    package func leave() {
        guard self.isOpen.exchange(false, ordering: .acquiringAndReleasing) else { return }
        // What is typed from now on is for others: the next command of a shell.
        while self.isReading.load(ordering: .acquiring) { usleep(Self.readingMicroseconds) }
        let text = self.mode == .line ? Self.endPaste : Self.leaveScreen
        _ = Terminal.tryWrite(Array(text.utf8), to: STDOUT_FILENO)
        var settings = self.saved
        tcsetattr(STDIN_FILENO, TCSADRAIN, &settings)
        self.guardian.withLock { guardian in
            guardian?.dismiss()
            guardian = nil
        }
    }

    // MARK: - Suspension

    /// How often the program was continued: each time the screen must be redrawn.
    package var continuedCount: Int { self.continued.load(ordering: .acquiring) }

    private func suspend() {
        guard self.isOpen.load(ordering: .acquiring) else { return }
        // A line being edited stays on the screen.
        let text = self.mode == .line ? Self.endPaste + "\r\n" : Self.leaveScreen
        _ = Terminal.tryWrite(Array(text.utf8), to: STDOUT_FILENO)
        var settings = self.saved
        tcsetattr(STDIN_FILENO, TCSADRAIN, &settings)
    }

    private func resume() {
        guard self.isOpen.load(ordering: .acquiring) else { return }
        // In the background this stops the program until it is in the foreground again.
        var settings = self.raw
        tcsetattr(STDIN_FILENO, TCSADRAIN, &settings)
        let text = self.mode == .line ? Self.beginPaste : Self.enterScreen
        _ = Terminal.tryWrite(Array(text.utf8), to: STDOUT_FILENO)
        self.continued.add(1, ordering: .acquiringAndReleasing)
    }

    /// Restores the terminal for the programs that `body` starts, and takes it back afterwards.
    ///
    /// Meanwhile those programs handle Ctrl-C.
    package func lend<Answer>(_ body: () async throws -> Answer) async rethrows -> Answer {
        var settings = self.saved
        Terminal.write(self.mode == .line ? Self.endPaste : Self.leaveScreen, to: STDOUT_FILENO)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &settings)
        Interruption.state.withLock { $0.isLent = true }
        defer {
            Interruption.state.withLock { $0.isLent = false }
            settings = self.raw
            tcsetattr(STDIN_FILENO, TCSADRAIN, &settings)
            Terminal.write(
                self.mode == .line ? Self.beginPaste : Self.enterScreen,
                to: STDOUT_FILENO
            )
        }
        return try await body()
    }

    /// How long the thread that reads keys waits for one before it looks whether the session is over.
    private static let keyMilliseconds: Int32 = 50
    private static let readingMicroseconds: UInt32 = 1_000

    /// Returns the keys as they are pressed; a thread reads them.
    ///
    /// Call it once.
    package func keys() -> AsyncStream<Key> {
        let (stream, continuation) = AsyncStream<Key>.makeStream()
        self.isReading.store(true, ordering: .releasing)
        Thread.detachNewThread { [weak self] in
            var reader = KeyReader()
            while let session = self, session.isOpen.load(ordering: .acquiring) {
                guard let key = reader.next(Self.keyMilliseconds) else { continue }
                continuation.yield(key)
                if key == .endOfInput { break }
            }
            self?.isReading.store(false, ordering: .releasing)
            continuation.finish()
        }
        return stream
    }

    /// Draws lines from the top of the screen, one per row, and clears the rest of it.
    package static func draw(_ lines: [String]) {
        let size = Terminal.size
        Terminal.write(
            ScreenLines(lines, columns: size.columns, rows: size.rows).text,
            to: STDOUT_FILENO
        )
    }
}

/// Restores the terminal if this program dies without doing so.
///
/// A separate process that receives the original settings through a pipe and waits. A farewell byte ends
/// it; if the pipe closes without one, this program died and the guard restores the terminal.
///
/// It must survive what ends this program. The terminal's signals (Ctrl-C, Ctrl-Z, SIGHUP when the session
/// ends) and `kill` of a job go to a process group, so the guard is started in one of its own: they never
/// reach it, not even before its first instruction, and it need not win a race to ignore them. (Blocking them
/// when it is started is not enough: the runtime's main thread unblocks all signals.) What is sent to the
/// guard itself is ignored once it runs, and so is SIGTTOU: it writes to the terminal from the background.
package final class TerminalGuard: Sendable {
    /// The argument that starts this program as a guard.
    package static let word = "restore-terminal"
    private static let farewell: UInt8 = 1

    private let process: Mutex<Subprocess?>

    init?(_ settings: termios, isScreen: Bool) {
        let process = Subprocess(
            ownGroup: ["/proc/self/exe", Self.word, isScreen ? "screen" : "line"]
        )
        guard let process else { return nil }
        var settings = settings
        let bytes = withUnsafeBytes(of: &settings) { [UInt8]($0) }
        guard process.write(bytes) else { return nil }
        self.process = Mutex(process)
    }

    func dismiss() {
        self.process.withLock { process in
            guard let running = process.take() else { return }
            _ = running.write([Self.farewell])
            running.closeInput()
            running.wait()
        }
    }

    /// Runs the guard.
    ///
    /// - Parameters:
    ///   - arguments: The arguments after ``word``: `screen` or `line`.
    ///   - program: The name of the program, for the message.
    package static func run(_ arguments: [String], for program: String) {
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTTOU, SIGTSTP, SIGPIPE] {
            Glibc.signal(signal, SIG_IGN)
        }
        var settings = termios()
        let isWhole = withUnsafeMutableBytes(of: &settings) { bytes in
            var done = 0
            while done < bytes.count {
                let count = read(
                    STDIN_FILENO,
                    bytes.baseAddress.map { $0 + done },
                    bytes.count - done
                )
                guard count > 0 else { return false }
                done += count
            }
            return true
        }
        guard isWhole else { return }
        var byte: UInt8 = 0
        while read(STDIN_FILENO, &byte, 1) < 0, errno == EINTR {
            // Interrupted, which is not the end of the pipe.
        }
        guard byte != Self.farewell else { return }
        let text =
            arguments.first == "screen" ? TerminalSession.leaveScreen : TerminalSession.endPaste
        _ = Terminal.tryWrite(Array((text + "\r\n").utf8), to: STDOUT_FILENO)
        tcsetattr(STDOUT_FILENO, TCSANOW, &settings)
        _ = Terminal.tryWrite(
            Array("\(program) was killed; the terminal is restored.\r\n".utf8),
            to: STDOUT_FILENO
        )
    }
}
