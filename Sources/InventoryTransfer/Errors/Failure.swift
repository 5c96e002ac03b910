package import InventoryModel

/// Why a command failed: the message, the numbers that decided it, and a hint.
///
///     error: insufficient_stock  SOF-10 at main: asked 6, can sell 5 (on hand 5, …)
///       Sell at most 5, or take a delivery in first: invctl stock restock SOF-10=1
///
/// With `-o json` it is one object on standard error: `error`, `code`, `message`, `wayOut`, `exit`.
package struct Failure: Error, Sendable {
    /// The stable name of the error, which scripts compare.
    package var name: String
    /// The stable code of a server's refusal; `nil` for an error of the client.
    package var number: UInt16?
    /// What went wrong, for people.
    package var message: String
    /// The hint: what to do now; empty if the message says it.
    package var hint = ""
    /// The exit status of the process.
    package var exit: ExitStatus
    /// Whether this is the outcome of an earlier request with the same idempotency key.
    package var isReplayed = false

    /// Creates a failure.
    ///
    /// - Parameters:
    ///   - name: The stable name of the error.
    ///   - message: What went wrong, for people.
    ///   - hint: What to do now.
    ///   - number: The stable code of a server's refusal.
    ///   - exit: The exit status of the process.
    package init(
        _ name: String,
        _ message: String,
        hint: String = "",
        number: UInt16? = nil,
        exit: ExitStatus
    ) {
        self.name = name
        self.message = message
        self.hint = hint
        self.number = number
        self.exit = exit
    }

    /// Returns a failure with the exit status ``Exit/usage``.
    package static func usage(_ message: String, hint: String = "") -> Failure {
        Failure("usage", message, hint: hint, exit: Exit.usage)
    }

    /// Returns the failure for an unknown column, which names the columns and suggests similar ones.
    package static func noColumn(_ name: String, _ schema: [ResultField]) -> Failure {
        let names = schema.map { $0.name }
        let near = Nearness.nearest(to: name, among: names)
        return .usage(
            "there is no column '\(name)'; there are \(names.joined(separator: ", "))",
            hint: near.isEmpty ? "" : "Did you mean \(near.joined(separator: " or "))?"
        )
    }
}

extension RefusalCode {
    /// The hint for a refusal that needs no further facts; empty if there is none.
    package var hint: String {
        switch self {
        case .storageFull:
            """
            It was not written: the server's disk is full. Free some space there; the server then \
            accepts writes again by itself. Reads still work.
            """
        case .overloaded, .shuttingDown, .notLeader:
            "Nothing was changed. Try again in a moment."
        case .deadlineExceeded:
            "Request less: a shorter --window, a filter, or a --limit."
        case .readOnly:
            "Nothing was changed: this server accepts no writes."
        case .unsupportedVersion:
            """
            This is invctl \(InvctlVersion.current); use the one that came with the server \
            (invctl version shows both).
            """
        case .unauthenticated, .forbidden:
            "Give a token: --token-file, INVCTL_TOKEN_FILE or the context's token-file."
        case .sessionExpired, .outcomeForgotten:
            "Check whether it was executed (invctl ledger list) before you retry with a new --id."
        case .sequenceReused, .keyReused:
            "That --id was used for another command. Use a new --id for this one."
        case .productInactive:
            "Put it on sale first: invctl product set SKU --status active"
        case .reservationExpired:
            "It expired, and its stock is available again: invctl reserve new SKU=QUANTITY"
        case .reservationClosed:
            "It was already sold or released: invctl reserve list ID"
        case .transferClosed:
            "It was already received or cancelled: invctl stock transfer list ID"
        case .occurredAtOutOfWindow:
            """
            Older sales are recorded as history: invctl import --as sales, or "imported": true in invctl \
            apply.
            """
        case .receiptDiffers:
            "Reverse what is recorded first (invctl ledger reverse LSN), then record it again."
        case .inUse:
            "Move or archive what refers to it first."
        default: ""
        }
    }
}
