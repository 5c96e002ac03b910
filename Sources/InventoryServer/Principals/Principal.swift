internal import InventoryModel
internal import InventoryWire

/// The principal of a connection: its actor name and its rights.
///
/// ``may(_:)`` is the only place that authorizes requests; ``ConnectionStateMachine`` calls it before
/// anything else handles the request.
struct Principal: Equatable, Sendable {
    /// The name recorded in the ledger.
    var actor: String
    var rights: Rights

    /// The scopes of requests that a principal may send.
    struct Rights: OptionSet, Sendable {
        let rawValue: UInt8
        /// Queries, insights, subscriptions.
        static let read = Rights(rawValue: 1 << 0)
        /// Commands, and the sessions that number them.
        static let write = Rights(rawValue: 1 << 1)
        /// Requests that concern the server's operation, not the data.
        static let operate = Rights(rawValue: 1 << 2)

        /// Backups: everything at once, with all history and the outcomes remembered for retries.
        static let backup = Rights(rawValue: 1 << 3)

        static let all: Rights = [.read, .write, .operate, .backup]
    }

    init(actor: String, rights: Rights = .all) {
        self.actor = actor
        self.rights = rights
    }

    /// The principal of an unauthenticated hello: a server without users trusts the name and allows
    /// everything.
    init(trusting hello: Hello) {
        self.init(actor: NormalizedText.trimmed(hello.actor))
    }

    /// Whether a request of that kind may run.
    func may(_ opcode: Opcode) -> Bool { self.rights.isSuperset(of: opcode.rights) }

    /// Returns the refusal of a request of that kind; `nil` if it may run.
    func refusal(of opcode: Opcode) -> Refusal? {
        guard !self.may(opcode) else { return nil }
        return Refusal(.forbidden, .message("\(self.actor) may not send \(opcode)"))
    }
}

extension Opcode {
    /// The rights required to run such a request; none for those that every connected client may send.
    fileprivate var rights: Principal.Rights {
        switch self {
        case .command, .keyedCommand, .keyedOutcome, .openSession: .write
        case .getProduct, .query, .insight, .subscribe, .subscribeInsight: .read
        case .takeSnapshot: .operate
        case .backup: .backup
        default: []
        }
    }
}
