import Glibc
import Synchronization

/// Standard output and error, written in whole lines.
///
/// A write that fails because the reader closed the pipe exits the program silently.
package enum Terminal {
    /// Whether standard input is a terminal.
    package static var isInput: Bool { isatty(STDIN_FILENO) == 1 }
    /// Whether standard output is a terminal.
    package static var isOutput: Bool { isatty(STDOUT_FILENO) == 1 }
    /// Whether standard error is a terminal.
    package static var isError: Bool { isatty(STDERR_FILENO) == 1 }

    /// The terminal's columns and rows; `COLUMNS` × `LINES`, else 80 × 24, without a terminal.
    package static var size: (columns: Int, rows: Int) {
        for descriptor in [STDOUT_FILENO, STDERR_FILENO, STDIN_FILENO] {
            var size = winsize()
            if ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 {
                return (Int(size.ws_col), Int(size.ws_row))
            }
        }
        let columns = self.environment("COLUMNS").flatMap { Int($0) } ?? 80
        let rows = self.environment("LINES").flatMap { Int($0) } ?? 24
        return (max(1, columns), max(1, rows))
    }

    /// Writes a line of data to standard output, on a terminal without characters that steer it.
    package static func print(_ line: String) {
        self.write((self.isOutput ? SafeText.lines(line) : line) + "\n", to: STDOUT_FILENO)
    }

    /// Writes a sentence to standard output, on a terminal broken at blanks where it is too narrow.
    package static func say(_ line: String) {
        guard self.isOutput else { return self.print(line) }
        self.print(TextWidth.folded(line, to: self.size.columns))
    }

    /// Writes a line of data to standard error without characters that steer a terminal.
    package static func printError(_ line: String) {
        self.write(SafeText.lines(line) + "\n", to: STDERR_FILENO)
    }

    /// Writes a sentence to standard error without characters that steer a terminal, on which it is broken at
    /// blanks where that is too narrow.
    ///
    /// - Parameters:
    ///   - line: The sentence, which may have strings of data in it.
    ///   - head: The beginning of the line, written as it is, with its color.
    package static func note(_ line: String, after head: String = "") {
        var line = SafeText.lines(line)
        if self.isError {
            let start = TextWidth.ofUncolored(head)
            line = TextWidth.folded(line, to: self.size.columns, behind: start)
        }
        self.write(head + line + "\n", to: STDERR_FILENO)
    }

    /// Shows progress in place, on a terminal only.
    package static func progress(_ line: String) {
        guard self.isError else { return }
        let clipped = TextWidth.clipped(SafeText.line(line), to: self.size.columns - 1)
        self.write("\r\u{1B}[K" + clipped, to: STDERR_FILENO)
    }

    /// Clears the line of progress, on a terminal only.
    package static func endProgress() {
        guard self.isError else { return }
        self.write("\r\u{1B}[K", to: STDERR_FILENO)
    }

    package static func write(_ text: String, to descriptor: Int32) {
        self.write(Array(text.utf8), to: descriptor)
    }

    /// Writes all bytes; exits the process with 0 if the reader closed the pipe, with 1 and a message on
    /// another error.
    package static func write(_ bytes: [UInt8], to descriptor: Int32) {
        // The reader closed the pipe: `invctl … | head` needs no more.
        let isWritten = self.gate.withLock { _ in self.tryWrite(bytes, to: descriptor) }
        if !isWritten { self.exitUnwritten(descriptor, code: errno) }
    }

    private static func exitUnwritten(_ descriptor: Int32, code: Int32) -> Never {
        if code == EPIPE { exit(0) }
        let reason = "error: cannot_write  the output: \(String(cString: strerror(code)))\n"
        if descriptor != STDERR_FILENO { _ = self.tryWrite(Array(reason.utf8), to: STDERR_FILENO) }
        exit(1)
    }

    /// Held during writes, and while another program has the terminal.
    private static let gate = Mutex(())

    /// Blocks other writes while `body` runs; `body` itself writes with ``tryWrite(_:to:)``.
    static func pause(_ body: () -> Void) { self.gate.withLock { _ in body() } }

    /// Writes all bytes, however many calls it takes.
    ///
    /// - Returns: Whether all bytes were written; if not, `errno` has the reason.
    package static func tryWrite(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        bytes.withUnsafeBytes { bytes in
            var done = 0
            while done < bytes.count {
                let count = Glibc.write(
                    descriptor,
                    bytes.baseAddress.map { $0 + done },
                    bytes.count - done
                )
                if count < 0 {
                    if errno == EINTR { continue }
                    return false
                }
                done += count
            }
            return true
        }
    }

    /// Returns an environment variable; `nil` if it is not set or empty.
    package static func environment(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        let text = String(cString: value)
        return text.isEmpty ? nil : text
    }
}

/// When output is colored.
package enum ColorChoice: String, CaseIterable, Sendable {
    case auto, always, never

    /// Returns whether to color output.
    ///
    /// `auto` colors on a terminal that supports it, unless NO_COLOR is set (no-color.org).
    package func isColored(_ isTerminal: Bool) -> Bool {
        switch self {
        case .always: true
        case .never: false
        case .auto:
            isTerminal && Terminal.environment("NO_COLOR") == nil
                && Terminal.environment("TERM") != "dumb"
        }
    }
}
