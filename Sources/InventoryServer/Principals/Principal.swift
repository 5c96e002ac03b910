internal import InventoryModel
internal import InventoryWire

/// The principal of a connection: its actor name and its rights.
///
///     opcode   ──▶ may(_:)            ConnectionStateMachine, before anything else handles the request
///     command  ──▶ refusal(of:)       Engine, before it is decided, alone or in a batch
///
/// This is the only place that authorizes requests.
struct Principal: Equatable, Sendable {
    /// The name recorded in the ledger.
    var actor: String
    var rights: Rights
    /// The commands among them.
    var commands: CommandRights

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

    /// Creates a principal, which may send every command if it may write; `commands` restricts it further.
    init(actor: String, rights: Rights = .all, commands: CommandRights = .all) {
        self.actor = actor
        self.rights = rights
        self.commands = rights.contains(.write) ? commands : .none
    }

    /// The principal of an unauthenticated hello: a server without users trusts the name and allows
    /// everything.
    init(trusting hello: Hello) {
        self.init(actor: NormalizedText.trimmed(hello.actor))
    }

    /// Whether a request of that kind may run.
    func may(_ opcode: Opcode) -> Bool {
        guard let needed = opcode.rights else { return false }
        return self.rights.isSuperset(of: needed)
    }

    /// Returns the refusal of a request of that kind; `nil` if it may run.
    func refusal(of opcode: Opcode) -> Refusal? {
        guard !self.may(opcode) else { return nil }
        return Refusal(.forbidden, .message("\(self.actor) may not send \(opcode)"))
    }

    /// Returns the refusal of a command, of which a batch has several; `nil` if it may be decided.
    func refusal(of command: Command) -> Refusal? {
        guard !self.commands.areAll else { return nil }
        if let refusal = self.refusal(of: command.tag) { return refusal }
        guard case .batch(let commands, _) = command else { return nil }
        for command in commands {
            if let refusal = self.refusal(of: command) { return refusal }
        }
        return nil
    }

    /// Returns the refusal of a command with that tag; `nil` if it may be decided.
    func refusal(of tag: CommandTag) -> Refusal? {
        guard !self.commands.contains(tag) else { return nil }
        return Refusal(.forbidden, .message("\(self.actor) may not send \(tag)"))
    }
}

extension Opcode {
    /// The rights required to run such a request; `nil` if no client may send it.
    fileprivate var rights: Principal.Rights? {
        switch self {
        case .command, .keyedCommand, .keyedOutcome, .openSession, .beginDryRun: .write
        case .getProduct, .query, .insight, .subscribe, .subscribeInsight: .read
        case .takeSnapshot: .operate
        case .backup: .backup
        // Any connected client may send these: they concern only its own connection.
        case .hello, .unsubscribe, .cancel, .ping: []
        case .helloAccepted, .sessionOpened, .outcome, .resultHeader, .resultRows, .resultEnd,
            .refused, .pong, .subscribed, .snapshotRows, .caughtUp, .entries, .progress, .reset,
            .closed, .goodbye, .snapshotTaken, .product, .digest, .insightHeader, .insightChanged,
            .replayedOutcome, .backupPiece, .backupEnd:
            nil
        }
    }
}
