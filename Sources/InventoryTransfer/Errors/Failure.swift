package import InventoryModel

/// Why a command did not do what it was asked: what, the equation behind it, and the way out.
///
///     error: insufficient_stock  SOF-10 at main: asked 6, can sell 5 (on hand 5, …)
///       Sell at most 5, or take a delivery in first: invctl stock restock SOF-10=1
///
/// With `-o json` it is one object on standard error: `error`, `code`, `message`, `wayOut`, `exit`.
package struct Failure: Error, Sendable {
    /// A name that stays the same, as scripts see it.
    package var name: String
    /// The stable number of a server's refusal.
    package var number: UInt16?
    package var message: String
    /// What to do now; empty where the message says it.
    package var wayOut = ""
    package var exit: ExitStatus
    /// Whether it is what became of an earlier request with the same id.
    package var isReplayed = false

    package init(
        _ name: String,
        _ message: String,
        wayOut: String = "",
        number: UInt16? = nil,
        exit: ExitStatus
    ) {
        self.name = name
        self.message = message
        self.wayOut = wayOut
        self.number = number
        self.exit = exit
    }

    package static func usage(_ message: String, wayOut: String = "") -> Failure {
        Failure("usage", message, wayOut: wayOut, exit: Exit.usage)
    }

    package static func noColumn(_ name: String, _ schema: [ResultField]) -> Failure {
        let names = schema.map { $0.name }
        let near = Nearness.nearest(to: name, among: names)
        let hint = near.isEmpty ? "" : " Did you mean \(near.joined(separator: " or "))?"
        return .usage(
            "there is no column '\(name)'; there are \(names.joined(separator: ", "))",
            wayOut: String(hint.dropFirst())
        )
    }
}

extension RefusalCode {
    /// What to do about a refusal, where that can be said without knowing more.
    package var wayOut: String {
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
