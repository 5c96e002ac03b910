import ArgumentParser
import Inventory
import InventoryClient
import InventoryWire

struct PingCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ping",
        abstract: "Asks whether the server is there."
    )
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        try await Shell.run(self.global) { shell in
            let clock = ContinuousClock()
            let start = clock.now
            let durable = try await shell.client.ping()
            let took = clock.now - start
            let microseconds = took.components.attoseconds / 1_000_000_000_000
            shell.say("pong   durable LSN \(durable)   \(microseconds) µs", id: 0, lsn: durable)
        }
    }
}

struct StatsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats",
        abstract: "What the server has and does."
    )
    @OptionGroup var global: ListOptions

    func run() async throws {
        try await Shell.run(self.global) { shell in try await shell.list(.stats) }
    }
}

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Recomputes every counter from the ledger; exit 9 if a check fails."
    )
    @OptionGroup var global: ListOptions

    func run() async throws {
        try await Shell.run(self.global) { shell in
            let table = try await shell.client.query(.verify).table
            try shell.list(table)
            let failed = (0..<table.rowCount).filter { table.text($0, "status") != "ok" }
            guard let first = failed.first else { return }
            throw Failure(
                "check_failed",
                "\(table.text(first, "check")): \(table.text(first, "detail"))",
                wayOut: "Keep a copy of the data directory; invd check DIR reads it offline.",
                exit: Exit.checkFailed
            )
        }
    }
}

struct SnapshotCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot",
        abstract: "Has the server write a snapshot now."
    )
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        try await Shell.run(self.global) { shell in
            let taken = try await shell.client.takeSnapshot()
            shell.say(
                """
                snapshot at LSN \(taken.lsn)   \(taken.byteCount) bytes   \
                \(taken.segmentsWritten) segments written, \(taken.segmentsReused) reused   \
                \(taken.milliseconds) ms
                """,
                id: 0,
                lsn: taken.lsn
            )
        }
    }
}

struct VersionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version",
        abstract: "The version of this program, and of the server if it is there."
    )
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        Terminal.print("invctl \(InvctlVersion.current)")
        let settings = try self.global.settings()
        var configuration = try settings.client()
        configuration.timeoutMilliseconds = min(configuration.timeoutMilliseconds, 500)
        let client = InventoryClient(configuration)
        if let server = try? await client.connect() {
            Terminal.print("\(server.software) at \(configuration.address)")
        } else {
            Terminal.print("no server at \(configuration.address)")
        }
        try await client.close()
    }
}
