internal import InventoryModel
internal import InventoryWire

/// Who a connection acts for, and what they may do.
///
/// The one place that says whether a request may run is ``may(_:)``, asked by ``ConnectionStateMachine``
/// before anything else looks at the request.
struct Principal: Equatable, Sendable {
    /// The name that the ledger has.
    var actor: String
    var rights: Rights

    struct Rights: OptionSet, Sendable {
        let rawValue: UInt8
        /// Queries, insights, subscriptions.
        static let read = Rights(rawValue: 1 << 0)
        /// Commands, and the sessions that they are numbered in.
        static let write = Rights(rawValue: 1 << 1)
        /// What concerns the server and not the shop.
        static let operate = Rights(rawValue: 1 << 2)

        static let all: Rights = [.read, .write, .operate]
    }

    init(actor: String, rights: Rights = .all) {
        self.actor = actor
        self.rights = rights
    }

    /// Whoever says hello: a server without users takes their word, and lets them do everything.
    init(trusting hello: Hello) {
        self.init(actor: NormalizedText.trimmed(hello.actor))
    }

    /// Whether a request of that kind may run.
    func may(_ opcode: Opcode) -> Bool { self.rights.isSuperset(of: opcode.rights) }

    /// Why a request of that kind may not run; `nil` if it may.
    func refusal(of opcode: Opcode) -> Refusal? {
        guard !self.may(opcode) else { return nil }
        return Refusal(.forbidden, .message("\(self.actor) may not send \(opcode)"))
    }
}

extension Opcode {
    /// What it takes to have such a request run; none for what anybody may send who was let in.
    fileprivate var rights: Principal.Rights {
        switch self {
        case .command, .keyedCommand, .keyedOutcome, .openSession: .write
        case .getProduct, .query, .insight, .subscribe, .subscribeInsight: .read
        case .takeSnapshot: .operate
        default: []
        }
    }
}
