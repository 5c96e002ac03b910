import ArgumentParser
import Inventory
import InventoryClient
import Synchronization
import TerminalKit

/// Why a command did not do what it was asked: what, the equation behind it, and the way out.
///
///     error: insufficient_stock  SOF-10 at main: asked 6, can sell 5 (on hand 5, …)
///       Sell at most 5, or take a delivery in first: invctl stock restock SOF-10=1
///
/// With `-o json` it is one object on standard error: `error`, `code`, `message`, `wayOut`, `exit`.
struct Failure: Error, Sendable {
    /// A name that stays the same, as scripts see it.
    var name: String
    /// The stable number of a server's refusal.
    var number: UInt16?
    var message: String
    /// What to do now; empty where the message says it.
    var wayOut = ""
    var exit: ExitCode

    init(
        _ name: String,
        _ message: String,
        wayOut: String = "",
        number: UInt16? = nil,
        exit: ExitCode
    ) {
        self.name = name
        self.message = message
        self.wayOut = wayOut
        self.number = number
        self.exit = exit
    }

    static func usage(_ message: String, wayOut: String = "") -> Failure {
        Failure("usage", message, wayOut: wayOut, exit: Exit.usage)
    }

    static func noColumn(_ name: String, _ schema: [ResultField]) -> Failure {
        let names = schema.map { $0.name }
        let near = Nearness.nearest(to: name, among: names)
        let hint = near.isEmpty ? "" : " Did you mean \(near.joined(separator: " or "))?"
        return .usage(
            "there is no column '\(name)'; there are \(names.joined(separator: ", "))",
            wayOut: String(hint.dropFirst())
        )
    }

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

extension RefusalCode {
    /// What to do about a refusal, where that can be said without knowing more.
    var wayOut: String {
        switch self {
        case .storageFull:
            """
            Nothing was written: the disk at the server is full. Make room there; it takes writes \
            again by itself, and reads go on meanwhile.
            """
        case .overloaded, .shuttingDown, .notLeader:
            "Nothing was done. Try again in a moment."
        case .deadlineExceeded:
            "Ask for less: a shorter --window, a filter, or a --limit."
        case .readOnly:
            "Nothing was done: this server takes no writes."
        case .unsupportedVersion:
            """
            This is invctl \(InvctlVersion.current); use the one that came with the server \
            (invctl version shows both).
            """
        case .unauthenticated, .forbidden:
            "Give a token: --token-file, INVCTL_TOKEN_FILE or the context's token-file."
        case .sessionExpired, .outcomeForgotten:
            "Look whether it was executed (invctl ledger list) before giving it a new --id."
        case .sequenceReused, .keyReused:
            "That --id was used for another command. Give this one an id of its own."
        case .productInactive:
            "Put it on sale first: invctl product set SKU --status active"
        case .reservationExpired:
            "Its time was up, and its stock is free again: invctl reserve new SKU=QUANTITY"
        case .reservationClosed:
            "It was sold or released before: invctl reserve list ID"
        case .transferClosed:
            "It was received or cancelled before: invctl stock transfer list ID"
        case .inUse:
            "Move or archive what refers to it first."
        default: ""
        }
    }
}
