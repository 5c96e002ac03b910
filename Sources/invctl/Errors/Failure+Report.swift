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
            Terminal.printError(object.text)
            return
        }
        Terminal.note(self.name == "usage" ? " \(self.message)" : self.line, after: Self.head)
        for hint in self.hint.split(separator: "\n") { Terminal.note(String(hint), after: "  ") }
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
