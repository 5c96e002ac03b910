import Glibc

/// A question that a person answers by a line on the terminal.
package enum Question {
    /// Whether there is a person to ask: standard input and output are terminals.
    package static var canBeAsked: Bool { Terminal.isInput && Terminal.isOutput }

    /// The most bytes of an answer; further ones are dropped.
    private static let answerByteCountMax = 1_024

    /// Asks a question and waits for the answer.
    ///
    /// - Parameter question: The question, on one line, without the choice.
    /// - Returns: Whether the answer is `y` or `yes`, in any case; the end of the input is a no.
    package static func isConfirmed(_ question: String) -> Bool {
        let line = SafeText.line(question) + " [y/N]"
        Terminal.write(TextWidth.folded(line, to: Terminal.size.columns) + " ", to: STDOUT_FILENO)
        guard let answer = self.readLine() else {
            Terminal.print("")
            return false
        }
        return ["y", "yes"].contains(answer.lowercased().filter { !$0.isWhitespace })
    }

    /// Reads a line byte by byte, so that what follows it is left for the next reader of the terminal.
    ///
    /// - Returns: `nil` at the end of the input.
    private static func readLine() -> String? {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while true {
            let count = read(STDIN_FILENO, &byte, 1)
            if count < 0, errno == EINTR { continue }
            guard count == 1 else { return nil }
            if byte == 0x0A { return String(decoding: line, as: UTF8.self) }
            if line.count < self.answerByteCountMax { line.append(byte) }
        }
    }
}
