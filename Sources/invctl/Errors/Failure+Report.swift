import InventoryClient
import InventoryTransfer
import Synchronization
import TerminalKit

/// Reporting of failures on standard error, and conversion of client errors.
extension Failure {
    /// When errors are colored, set from the command line being executed.
    static let color = Mutex(ColorChoice.auto)

    /// The prefix of every error.
    static var head: String {
        let isColored = Self.color.withLock { $0 }.isColored(Terminal.isError)
        return isColored ? "\u{1B}[1;31merror:\u{1B}[0m" : "error:"
    }

    /// Writes it to standard error.
    func report(asJSON: Bool) {
        if asJSON {
            var object = JSONObject()
            object.add("error", self.name)
            if let number { object.add("code", raw: String(number)) }
            object.add("message", self.message)
            if !self.hint.isEmpty { object.add("wayOut", self.hint) }
            object.add("exit", raw: String(self.exit.rawValue))
            if self.isReplayed { object.add("replayed", raw: "true") }
            Terminal.note(object.text)
            return
        }
        let message = self.name == "usage" ? " \(self.message)" : self.line
        var lines = Self.lines(of: message, behind: "error:".count)
        Terminal.note(lines.removeFirst(), after: Self.head)
        for hint in self.hint.split(separator: "\n") {
            lines += Self.lines(of: String(hint), behind: Self.indent)
        }
        for line in lines {
            Terminal.note(String(repeating: " ", count: Self.indent) + line)
        }
    }

    /// The columns before a hint and before the further lines of a message.
    private static let indent = 2

    /// Returns a text in lines that a terminal does not break within a word; at least one.
    ///
    /// - Parameters:
    ///   - text: The text, in which two spaces stay two.
    ///   - start: The columns that stand before its first line.
    /// - Returns: The lines, or the text as it is if errors do not go to a terminal.
    private static func lines(of text: String, behind start: Int) -> [String] {
        guard Terminal.isError else { return [text] }
        let width = Terminal.size.columns
        var lines: [String] = []
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            let space = width - (lines.count > 1 ? Self.indent : start)
            if let last = lines.last, TextWidth.of(last) + 1 + TextWidth.of(String(word)) <= space {
                lines[lines.count - 1] = last + " " + word
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }

    private var line: String {
        self.message.isEmpty ? " \(self.name)" : " \(self.name)  \(self.message)"
    }
}

extension Failure {
    /// Creates a readable failure from an error of the client library.
    ///
    /// - Parameters:
    ///   - error: The error of the client.
    ///   - address: The server's address.
    ///   - id: The `--id` with which to retry a write whose outcome is unknown.
    init(_ error: ClientError, address: ServerAddress, id: String) {
        let name = error.code.description.replacing(" ", with: "_")
        switch error.code {
        case .unknown:
            self.init(
                name,
                error.message,
                hint: """
                    The command may have been executed. Retry it with --id \(id): \
                    it is executed only once.
                    """,
                exit: Exit.code(for: error)
            )
        case .unreachable:
            self.init(
                name,
                error.message.isEmpty ? "no answer from \(address)" : error.message,
                hint: """
                    Nothing was sent. Is invd running, and is --server or INVCTL_SERVER correct? \
                    invctl context show lists the source of the address.
                    """,
                exit: Exit.code(for: error)
            )
        case .timedOut:
            self.init(
                name,
                "\(address) did not answer in time",
                hint: "Nothing was changed. Try again, with a longer --timeout if it is busy.",
                exit: Exit.code(for: error)
            )
        case .protocolViolation:
            self.init(
                name,
                "\(address) does not speak this protocol: \(error.message)",
                hint: """
                    Is it invd that listens there? Use the invctl of the same release \
                    (this is \(InvctlVersion.current)).
                    """,
                exit: Exit.code(for: error)
            )
        default:
            self.init(name, error.message, exit: Exit.code(for: error))
        }
    }
}
