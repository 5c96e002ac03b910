import ArgumentParser
import Foundation
import InventoryClient
internal import InventoryModel
import InventoryTransfer
import TerminalKit

/// Options of every command.
///
/// They may stand before the command too (``LeadingOptions``). One that is not given is taken from the
/// environment, the context, the configuration file or the built-in defaults: see ``Settings``.
struct GlobalOptions: ParsableArguments {
    /// The names of those with a value, and of the flags.
    static let valued: Set<String> = [
        "--context", "--server", "--output", "-o", "--fields", "--color", "--pager", "--timeout",
        "--actor", "--token-file", "--barcode-rules",
    ]
    static let flags: Set<String> = ["--timing", "--quiet", "-q"]

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
            "table, vertical, plain, json, ndjson, csv, tsv or md. [INVCTL_OUTPUT; default: table on a "
                + "terminal, else plain]",
            valueName: "format"
        ),
        completion: .list(OutputFormat.allCases.map { $0.rawValue })
    )
    var output: String?

    @Option(
        help: ArgumentHelp("The columns to show, in this order.", valueName: "a,b"),
        completion: ColumnCandidates.ofFields
    )
    var fields: String?

    @Option(
        help: ArgumentHelp("auto, always or never. [INVCTL_COLOR, NO_COLOR]", valueName: "when"),
        completion: .list(ColorChoice.allCases.map { $0.rawValue })
    )
    var color: String?

    @Option(
        help: ArgumentHelp(
            "The pager for long output on a terminal; off for none. [INVCTL_PAGER, PAGER]",
            valueName: "command"
        )
    )
    var pager: String?

    @Option(
        help: ArgumentHelp(
            "The timeout of a call: 2, 500ms, 5m. [INVCTL_TIMEOUT; default 10]",
            valueName: "seconds"
        )
    )
    var timeout: String?

    @Option(
        help: ArgumentHelp(
            "The actor recorded in the ledger. [INVCTL_ACTOR; default: the user]",
            valueName: "name"
        )
    )
    var actor: String?

    @Option(
        help: ArgumentHelp(
            "The file with the server's token. [INVCTL_TOKEN_FILE]",
            valueName: "file"
        )
    )
    var tokenFile: String?

    @Option(
        help: ArgumentHelp(
            "How to read codes with a weight or a price. [INVCTL_BARCODE_RULES; default gs1]",
            valueName: "rules"
        )
    )
    var barcodeRules: String?

    @Flag(help: "Prints how long the command took.")
    var timing = false

    @Flag(name: .shortAndLong, help: "Prints only the data that was asked for, and errors.")
    var quiet = false

    /// The variable by which a shell with `-q` makes its commands quiet.
    static let quietVariable = "INVCTL_QUIET"

    /// Whether only the data that was asked for is printed, and errors.
    var isQuiet: Bool { self.quiet || Terminal.environment(Self.quietVariable) != nil }

    /// Returns the settings; `zone` is the command's `--zone`, if it has one.
    func settings(zone: String? = nil) throws(Failure) -> Settings {
        var flags: [Setting.Key: String] = [:]
        flags[.zone] = zone
        flags[.server] = self.server
        flags[.output] = self.output
        flags[.color] = self.color
        flags[.pager] = self.pager
        flags[.timeout] = self.timeout
        flags[.actor] = self.actor
        flags[.tokenFile] = self.tokenFile
        flags[.barcodeRules] = self.barcodeRules
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
            // The user should see the error: a full disk does not recover in a moment.
            waitsForStorage: false,
            firstConnectMilliseconds: Self.firstConnectMilliseconds
        )
    }

    /// Attempts that fail are repeated for so long, which covers the restart of a server, but no more: a
    /// person should hear within a second that no server is there.
    private static let firstConnectMilliseconds: Int64 = 500
}

/// The time zone of a command that shows or accepts times.
struct ZoneOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The IANA time zone of days and times, typed and shown. [INVCTL_ZONE; default UTC]",
            valueName: "zone"
        ),
        completion: Candidates.ofZone
    )
    var zone: String?
}

/// Options of every command that lists rows.
struct ListOptions: ParsableArguments {
    @OptionGroup var global: GlobalOptions
    @OptionGroup var times: ZoneOptions

    @Option(
        name: .customLong("where"),
        help: ArgumentHelp(
            "Only matching rows: 'available < 5 and category = Fruit'; = != < <= > >= ~ !~.",
            valueName: "condition"
        ),
        completion: ColumnCandidates.ofCondition
    )
    var conditions: [String] = []

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Sort by these columns; '-' for descending.", valueName: "a,-b"),
        completion: ColumnCandidates.ofSort
    )
    var sort: String?

    @Option(help: ArgumentHelp("The maximum number of rows; 0 for all.", valueName: "rows"))
    var limit: UInt32?

    @Flag(help: "Updates the list as it changes, until Ctrl-C; NDJSON when piped.")
    var watch = false

    /// The row limit to send to the server; 0 for none, because rows are filtered or sorted here.
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

/// Options that give a request an idempotency key, so that it can be retried.
struct RetryOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The idempotency key of this request: a retry with the same id within 24 hours is not executed "
                + "again and returns the first answer. 1 to 64 bytes; see: invctl help retries",
            valueName: "id"
        )
    )
    var id: String?

    @Option(
        help: ArgumentHelp(
            "With --id: the time of the first try. If the server may have forgotten its outcome since, the "
                + "request is refused (outcome_forgotten) and not executed a second time.",
            valueName: "time"
        )
    )
    var firstTried: String?

    func validate() throws {
        if let id { try Self.check(id) }
        guard let firstTried else { return }
        guard self.id != nil else {
            throw ValidationError("--first-tried requires --id")
        }
        guard TimeText.parse(firstTried, zone: TimeText.utc) != nil else {
            throw ValidationError(
                "--first-tried is '\(firstTried)', not a time such as 2026-03-01T12:30:05Z"
            )
        }
    }

    /// Checks an idempotency key.
    ///
    /// - Throws: `ValidationError` if it is empty, too long or has control characters.
    static func check(_ id: String) throws {
        if IdempotencyKey(id) != nil { return }
        let problem =
            id.isEmpty
            ? "is empty"
            : id.utf8.count > FieldBounds.key.upperBound
                ? "has \(id.utf8.count) bytes; it may have \(FieldBounds.key.upperBound)"
                : "has control characters"
        throw ValidationError("--id \(problem)")
    }

    var request: WriteRequest { WriteRequest(id: self.id, firstTried: self.firstTried) }
}

/// How to send a command that changes something.
struct WriteRequest: Sendable {
    /// The user's idempotency key; `nil` if the user gave none.
    var id: String?
    /// The time of the first try, as the user typed it.
    var firstTried: String?
    var isDryRun = false
    /// Whether the dry run is one of many requests, each of which sees what earlier ones would have changed.
    var isDryRunOfMany = false
}

/// Options of commands that change something.
struct WriteOptions: ParsableArguments {
    @OptionGroup var retry: RetryOptions

    @Option(
        name: .customLong("ref"),
        help: ArgumentHelp("The number of the order, invoice or receipt.", valueName: "text")
    )
    var reference = ""

    @Option(help: ArgumentHelp("A note for the ledger.", valueName: "text"))
    var note = ""

    @Flag(help: "Shows what the command would do, as the server decides it; changes nothing.")
    var dryRun = false

    var request: WriteRequest {
        var request = self.retry.request
        request.isDryRun = self.dryRun
        return request
    }
}
