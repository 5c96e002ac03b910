import ArgumentParser
import Inventory
import InventoryClient

/// Options that every command takes.
struct GlobalOptions: ParsableArguments {
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
            "table, plain, json, ndjson or csv. [default: table on a terminal, else plain]",
            valueName: "format"
        )
    )
    var output: String?

    @Option(help: ArgumentHelp("The columns to show, in this order.", valueName: "a,b"))
    var fields: String?

    @Option(
        help: ArgumentHelp(
            "Seconds that a call may take. [INVCTL_TIMEOUT; default 10]",
            valueName: "seconds"
        )
    )
    var timeout: Double?

    @Option(
        help: ArgumentHelp(
            "Who acts, as the ledger will say. [INVCTL_ACTOR; default: the user]",
            valueName: "name"
        )
    )
    var actor: String?

    @Flag(name: .shortAndLong, help: "Says nothing beyond what was asked for.")
    var quiet = false

    func validate() throws {
        if let output, OutputFormat(rawValue: output) == nil {
            let known = OutputFormat.allCases.map { $0.rawValue }.joined(separator: ", ")
            throw ValidationError("--output is '\(output)'; it can be \(known)")
        }
        if ServerAddress(self.addressText) == nil {
            throw ValidationError(
                "the server is '\(self.addressText)', not HOST:PORT or unix:PATH"
            )
        }
        if let timeout, !(timeout > 0 && timeout <= 86_400) {
            throw ValidationError("--timeout is \(timeout); it must be above 0 and at most 86400")
        }
    }

    private var addressText: String {
        self.server ?? Terminal.environment("INVCTL_SERVER") ?? ServerAddress.standard.description
    }

    var format: OutputFormat {
        if let output { return OutputFormat(rawValue: output) ?? .plain }
        return Terminal.isOutput ? .table : .plain
    }

    var fieldNames: [String] {
        self.fields?.split(separator: ",").map { String($0) } ?? []
    }

    func configuration(session: SessionID? = nil) -> ClientConfiguration {
        let seconds =
            self.timeout ?? Terminal.environment("INVCTL_TIMEOUT").flatMap { Double($0) } ?? 10
        return ClientConfiguration(
            address: ServerAddress(self.addressText) ?? .standard,
            actor: self.actor ?? Terminal.environment("INVCTL_ACTOR")
                ?? Terminal.environment("USER") ?? "invctl",
            software: "invctl \(InvctlVersion.current)",
            session: session,
            timeoutMilliseconds: Int64(seconds * 1_000)
        )
    }
}

/// Options of commands that change something.
struct WriteOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Names this request: given again with the same id, it is carried out once. Good for a "
                + "week.",
            valueName: "id"
        )
    )
    var id: String?

    @Option(
        name: .customLong("ref"),
        help: ArgumentHelp("The order, invoice or receipt.", valueName: "text")
    )
    var reference = ""

    @Option(help: ArgumentHelp("A note for the ledger.", valueName: "text"))
    var note = ""
}

enum InvctlVersion {
    static let current = "0.1.0"
}
