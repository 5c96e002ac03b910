import Glibc
import Synchronization

/// Standard output and error as this program uses them: whole lines, and a write that fails because
/// the reader went away ends the program quietly.
package enum Terminal {
    package static var isInput: Bool { isatty(STDIN_FILENO) == 1 }
    package static var isOutput: Bool { isatty(STDOUT_FILENO) == 1 }
    package static var isError: Bool { isatty(STDERR_FILENO) == 1 }

    /// Columns and rows of the terminal; 80 × 24 where there is none.
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

    package static func print(_ line: String) { self.write(line + "\n", to: STDOUT_FILENO) }
    package static func note(_ line: String) { self.write(line + "\n", to: STDERR_FILENO) }

    /// Shows progress in place; only on a terminal.
    package static func progress(_ line: String) {
        guard self.isError else { return }
        let clipped = TextWidth.clipped(line, to: self.size.columns - 1)
        self.write("\r\u{1B}[K" + clipped, to: STDERR_FILENO)
    }

    package static func endProgress() {
        guard self.isError else { return }
        self.write("\r\u{1B}[K", to: STDERR_FILENO)
    }

    package static func write(_ text: String, to descriptor: Int32) {
        self.write(Array(text.utf8), to: descriptor)
    }

    package static func write(_ bytes: [UInt8], to descriptor: Int32) {
        // Nobody reads on: `invctl … | head` has all it wants.
        let isWritten = self.gate.withLock { _ in self.tryWrite(bytes, to: descriptor) }
        guard isWritten else { exit(errno == EPIPE ? 0 : 1) }
    }

    /// Held while something is written, and while the terminal is somebody else's.
    private static let gate = Mutex(())

    /// Has nobody else write meanwhile; `body` itself writes by ``tryWrite(_:to:)``.
    static func pause(_ body: () -> Void) { self.gate.withLock { _ in body() } }

    /// - Returns: Whether all was written; `errno` says why not.
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

    package static func environment(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        let text = String(cString: value)
        return text.isEmpty ? nil : text
    }
}

/// When output is coloured.
package enum ColorChoice: String, CaseIterable, Sendable {
    case auto, always, never

    /// `auto` is colour on a terminal that has it, unless NO_COLOR is set (no-color.org).
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
