import ArgumentParser
import Foundation
import InventoryClient
internal import InventoryModel
import InventoryTransfer
import TerminalKit

/// Options that every command takes.
///
/// What is not typed comes from the environment, the context, the configuration file, or is built in,
/// in that order: see ``Settings``.
struct GlobalOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The context of the configuration file. [INVCTL_CONTEXT]",
            valueName: "name"
        ),
        completion: Candidates.ofContext
    )
    var context: String?

    @Option(
        help: ArgumentHelp(
            "The server: HOST:PORT or unix:PATH. [INVCTL_SERVER; default 127.0.0.1:7411]",
            valueName: "address"
        )
    )
    var server: String?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "table, plain, json, ndjson, csv, tsv or md. [INVCTL_OUTPUT; default: table on a terminal, "
                + "else plain]",
            valueName: "format"
        ),
        completion: .list(OutputFormat.allCases.map { $0.rawValue })
    )
    var output: String?

    @Option(help: ArgumentHelp("The columns to show, in this order.", valueName: "a,b"))
    var fields: String?

    @Option(
        help: ArgumentHelp("auto, always or never. [INVCTL_COLOR, NO_COLOR]", valueName: "when"),
        completion: .list(ColorChoice.allCases.map { $0.rawValue })
    )
    var color: String?

    @Option(
        help: ArgumentHelp(
            "What long output on a terminal goes through; off for nothing. [INVCTL_PAGER, PAGER]",
            valueName: "command"
        )
    )
    var pager: String?

    @Option(
        help: ArgumentHelp(
            "How long a call may take: 2, 500ms, 5m. [INVCTL_TIMEOUT; default 10]",
            valueName: "seconds"
        )
    )
    var timeout: String?

    @Option(
        help: ArgumentHelp(
            "Who acts, as the ledger will say. [INVCTL_ACTOR; default: the user]",
            valueName: "name"
        )
    )
    var actor: String?

    @Option(
        help: ArgumentHelp(
            "The file with the token that the server asks for. [INVCTL_TOKEN_FILE]",
            valueName: "file"
        )
    )
    var tokenFile: String?

    @Flag(help: "Says how long it took.")
    var timing = false

    @Flag(name: .shortAndLong, help: "Says nothing beyond what was asked for.")
    var quiet = false

    func settings() throws(Failure) -> Settings {
        var flags: [Setting.Key: String] = [:]
        flags[.server] = self.server
        flags[.output] = self.output
        flags[.color] = self.color
        flags[.pager] = self.pager
        flags[.timeout] = self.timeout
        flags[.actor] = self.actor
        flags[.tokenFile] = self.tokenFile
        return try Settings(flags: flags, context: self.context)
    }

    var fieldNames: [String] {
        self.fields?.split(separator: ",").map { String($0).trimmingSpace } ?? []
    }
}

extension Settings {
    func client(session: SessionID? = nil) throws(Failure) -> ClientConfiguration {
        ClientConfiguration(
            address: self.address,
            actor: self[.actor],
            software: "invctl \(InvctlVersion.current)",
            token: try self.token(),
            session: session,
            timeoutMilliseconds: self.timeoutMilliseconds,
            // Whoever asked wants to know, and a full disk is not over in a moment.
            waitsForStorage: false
        )
    }
}

/// Options of commands that list rows: every list has them, whatever it lists.
struct ListOptions: ParsableArguments {
    @OptionGroup var global: GlobalOptions

    @Option(
        name: .customLong("where"),
        help: ArgumentHelp(
            "Only rows that hold: 'available < 5 and category = Fruit'; = != < <= > >= ~ !~.",
            valueName: "condition"
        )
    )
    var conditions: [String] = []

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("By these columns; '-' before one turns it round.", valueName: "a,-b")
    )
    var sort: String?

    @Option(help: ArgumentHelp("At most this many rows; 0 for all.", valueName: "rows"))
    var limit: UInt32?

    @Flag(help: "Shows the list as it changes, until Ctrl-C; NDJSON when piped.")
    var watch = false

    /// The rows the server need not go beyond; 0 where rows are still left out or ordered here.
    var serverLimit: UInt32 {
        self.conditions.isEmpty && self.sort == nil && !self.watch ? self.limit ?? 0 : 0
    }

    var listing: Listing {
        Listing(
            conditions: self.conditions,
            sort: self.sort,
            limit: self.limit.flatMap { $0 == 0 ? nil : Int($0) }
        )
    }
}

/// Options that name a request, so that it can be given again.
struct RetryOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Names this request (its idempotency key): given again with the same id within 24 hours, it is "
                + "executed once and answered as it was. 1 to 64 bytes; see: invctl help retries",
            valueName: "id"
        )
    )
    var id: String?

    @Option(
        help: ArgumentHelp(
            "With --id: when it was tried first. If that is so long ago that the server may have forgotten "
                + "it, it is refused (outcome_forgotten) and not executed a second time.",
            valueName: "time"
        )
    )
    var firstTried: String?

    func validate() throws {
        if let id { try Self.check(id) }
        guard let firstTried else { return }
        guard self.id != nil else {
            throw ValidationError("--first-tried is of a request that --id names")
        }
        guard Self.instant(firstTried) != nil else {
            throw ValidationError(
                "--first-tried is '\(firstTried)', not a time such as 2026-03-01T12:30:05Z"
            )
        }
    }

    /// Checks what names a request.
    static func check(_ id: String) throws {
        if IdempotencyKey(id) != nil { return }
        let problem =
            id.isEmpty
            ? "is empty"
            : id.utf8.count > Limits.keyByteCountMax
                ? "has \(id.utf8.count) bytes; it may have \(Limits.keyByteCountMax)"
                : "has control characters"
        throw ValidationError("--id \(problem)")
    }

    private static func instant(_ text: String) -> Instant? {
        TextTime.utc.flatMap { TimeText.parse(text, zone: $0) }
    }

    var request: WriteRequest {
        WriteRequest(id: self.id, firstTried: self.firstTried.flatMap { Self.instant($0) })
    }
}

private enum TextTime {
    static let utc = TimeZone(identifier: "UTC")
}

/// How a command that changes something is to be sent.
struct WriteRequest: Sendable {
    /// What the user named it; `nil` if it has no name.
    var id: String?
    /// When the user says it was tried first.
    var firstTried: Instant?
    var isDryRun = false
}

/// Options of commands that change something.
struct WriteOptions: ParsableArguments {
    @OptionGroup var retry: RetryOptions

    @Option(
        name: .customLong("ref"),
        help: ArgumentHelp("The order, invoice or receipt.", valueName: "text")
    )
    var reference = ""

    @Option(help: ArgumentHelp("A note for the ledger.", valueName: "text"))
    var note = ""

    @Flag(help: "Has the server decide it, says what it would come to, and changes nothing.")
    var dryRun = false

    var request: WriteRequest {
        var request = self.retry.request
        request.isDryRun = self.dryRun
        return request
    }
}
