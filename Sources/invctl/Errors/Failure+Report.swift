import InventoryClient
import InventoryTransfer
import Synchronization
import TerminalKit

/// How a failure is told on standard error, and how one of the client library becomes one.
extension Failure {
    /// When errors are coloured, as the command line that runs has it.
    static let color = Mutex(ColorChoice.auto)

    /// What every error begins with.
    static var head: String {
        let isColored = Self.color.withLock { $0 }.isColored(Terminal.isError)
        return isColored ? "\u{1B}[1;31merror:\u{1B}[0m" : "error:"
    }

    /// Tells it on standard error.
    func report(asJSON: Bool) {
        if asJSON {
            var object = JSONObject()
            object.add("error", self.name)
            if let number { object.add("code", raw: String(number)) }
            object.add("message", self.message)
            if !self.wayOut.isEmpty { object.add("wayOut", self.wayOut) }
            object.add("exit", raw: String(self.exit.rawValue))
            if self.isReplayed { object.add("replayed", raw: "true") }
            Terminal.note(object.text)
            return
        }
        let head = Self.head
        Terminal.note(self.name == "usage" ? "\(head) \(self.message)" : self.line(head))
        for line in self.wayOut.split(separator: "\n") { Terminal.note("  \(line)") }
    }

    private func line(_ head: String) -> String {
        self.message.isEmpty ? "\(head) \(self.name)" : "\(head) \(self.name)  \(self.message)"
    }
}

extension Failure {
    /// What the client library could not do, for a person.
    ///
    /// `id`: What settles a write whose outcome is unknown.
    init(_ error: ClientError, address: ServerAddress, id: String) {
        let name = error.code.description.replacing(" ", with: "_")
        switch error.code {
        case .unknown:
            self.init(
                name,
                error.message,
                wayOut: """
                    The command may have been executed. Give it again with --id \(id) \
                    to settle it: it is executed once.
                    """,
                exit: Exit.code(for: error)
            )
        case .unreachable:
            self.init(
                name,
                error.message.isEmpty ? "no answer from \(address)" : error.message,
                wayOut: """
                    Nothing was sent. Is invd running, and is --server or INVCTL_SERVER right? \
                    invctl context show says where the address comes from.
                    """,
                exit: Exit.code(for: error)
            )
        case .timedOut:
            self.init(
                name,
                "\(address) did not answer in time",
                wayOut: "Nothing was changed. Try again, with a longer --timeout if it is busy.",
                exit: Exit.code(for: error)
            )
        case .protocolViolation:
            self.init(
                name,
                "\(address) does not speak this protocol: \(error.message)",
                wayOut: """
                    Is it invd that listens there? Use the invctl that came with it \
                    (this is \(InvctlVersion.current)).
                    """,
                exit: Exit.code(for: error)
            )
        default:
            self.init(name, error.message, exit: Exit.code(for: error))
        }
    }
}
