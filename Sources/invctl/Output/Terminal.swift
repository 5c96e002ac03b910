import Glibc

/// Standard output and error as this program uses them: whole lines, and a write that fails because
/// the reader went away ends the program quietly.
enum Terminal {
    static var isOutput: Bool { isatty(STDOUT_FILENO) == 1 }
    static var isError: Bool { isatty(STDERR_FILENO) == 1 }

    static func print(_ line: String) { self.write(line + "\n", to: STDOUT_FILENO) }
    static func note(_ line: String) { self.write(line + "\n", to: STDERR_FILENO) }

    /// Shows progress in place; only on a terminal.
    static func progress(_ line: String) {
        guard self.isError else { return }
        self.write("\r\u{1B}[K" + line, to: STDERR_FILENO)
    }

    static func endProgress() {
        guard self.isError else { return }
        self.write("\r\u{1B}[K", to: STDERR_FILENO)
    }

    static func write(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { bytes in
            var done = 0
            while done < bytes.count {
                let count = Glibc.write(
                    descriptor,
                    bytes.baseAddress.map { $0 + done },
                    bytes.count - done
                )
                if count < 0 {
                    if errno == EINTR { continue }
                    // Nobody reads on: `invctl … | head` has all it wants.
                    exit(errno == EPIPE ? 0 : 1)
                }
                done += count
            }
        }
    }

    /// Sends everything printed from here on into a file.
    static func redirectOutput(to path: String) -> Bool {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return dup2(descriptor, STDOUT_FILENO) >= 0
    }

    static func environment(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        let text = String(cString: value)
        return text.isEmpty ? nil : text
    }
}
