import ArgumentParser
internal import Bytes
import InventoryClient
internal import InventoryModel
import InventoryTransfer
import InventoryWire
import TerminalKit

struct PingCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ping",
        abstract: "Checks that the server responds.",
        discussion: """
            Examples:
              invctl ping
              invctl ping --server 10.0.0.5:7411 --timeout 500ms
            """
    )
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        try await Shell.run(self.global) { shell in
            try shell.checkAnswerOptions()
            let clock = ContinuousClock()
            let start = clock.now
            let durable = try await shell.client.ping()
            let took = (clock.now - start).components
            let microseconds = took.seconds * 1_000_000 + took.attoseconds / 1_000_000_000_000
            var object = JSONObject()
            object.add("lsn", raw: String(durable.value))
            object.add("microseconds", raw: String(microseconds))
            shell.say("pong   durable LSN \(durable)   \(microseconds) µs", object)
        }
    }
}

struct StatsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats",
        abstract: "Shows server statistics.",
        discussion: """
            Examples:
              invctl stats
              invctl stats --where 'name ~ log' -o json
            """
    )
    @OptionGroup var global: ListOptions

    func run() async throws {
        try await Shell.run(self.global) { shell in try await shell.list(.stats) }
    }
}

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Recomputes every counter from the ledger; exit 9 if a check fails.",
        discussion: """
            Examples:
              invctl verify
              invctl verify -o json
            """
    )
    @OptionGroup var global: ListOptions

    func validate() throws {
        if self.global.watch { throw ValidationError("verify runs once; it cannot be watched") }
    }

    func run() async throws {
        try await Shell.run(self.global) { shell in
            let answer = try await shell.client.query(.verify)
            try shell.list(answer.table, shell.style())
            let findings = try answer.rows(as: Finding.self)
            guard let first = findings.first(where: { !$0.isOK }) else { return }
            throw Failure(
                "check_failed",
                "\(first.check): \(first.detail)",
                hint: "Keep a copy of the data directory; invd check DIR reads it offline.",
                exit: Exit.checkFailed
            )
        }
    }
}

struct SnapshotCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot",
        abstract: "Makes the server write a snapshot now.",
        discussion: """
            Examples:
              invctl snapshot
            """
    )
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        try await Shell.run(self.global) { shell in
            try shell.checkAnswerOptions()
            let taken = try await shell.client.takeSnapshot()
            var object = JSONObject()
            object.add("lsn", raw: String(taken.lsn.value))
            object.add("byteCount", raw: String(taken.byteCount))
            object.add("segmentsWritten", raw: String(taken.segmentsWritten))
            object.add("segmentsReused", raw: String(taken.segmentsReused))
            object.add("milliseconds", raw: String(taken.milliseconds))
            let bytes = DecimalText.counted(Int64(taken.byteCount), "byte")
            let segments = DecimalText.counted(Int64(taken.segmentsWritten), "segment")
            shell.say(
                """
                snapshot at LSN \(taken.lsn)   \(bytes)   \
                \(segments) written, \(taken.segmentsReused) reused   \
                \(taken.milliseconds) ms
                """,
                object
            )
        }
    }
}

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Backs up everything to a file, while the server serves.",
        discussion: """
            A backup is the whole database: every table and its history, prices and names of the past, \
            unmet demand, alerts, sessions and the answers remembered for retries. It is the state at \
            one LSN, and can be restored to that or to any step since the snapshot in it: see \
            invd restore --help. It is compressed, and every block has a checksum.

            A file gets its name only once it is complete and on disk. One that exists is replaced only \
            with --force. Anyone who has the file has all the data.

            Examples:
              invctl backup shop.invbackup
              invctl backup - --rate 8 | ssh other 'cat > shop.invbackup'
            """
    )
    @OptionGroup var global: GlobalOptions
    @Argument(help: "The file, or - for standard output.") var file: String
    @Option(
        help: ArgumentHelp(
            "MiB per second at most; default and limit: the server's --backup-mib-per-second.",
            valueName: "mib"
        )
    )
    var rate: Int?
    @OptionGroup var target: ForceOptions

    func validate() throws {
        if let rate, !(1...1_048_576).contains(rate) {
            throw ValidationError("--rate is \(rate); it must be 1 to 1048576")
        }
    }

    func run() async throws {
        try await Shell.run(self.global) { shell in
            let sink = try ExportSink(
                self.file,
                shell,
                kind: .backup,
                replaces: self.target.force
            )
            do {
                try await self.write(shell, sink)
            } catch {
                sink.abandon()
                throw error
            }
        }
    }

    private func write(_ shell: Shell, _ sink: ExportSink) async throws {
        var byteCount: UInt64 = 0
        let rate = UInt64(self.rate ?? 0) << 20
        for try await piece in shell.client.backup(bytesPerSecondMax: rate) {
            switch piece {
            case .bytes(let bytes):
                byteCount += UInt64(bytes.count)
                try sink.write(bytes)
            case .end(let taken):
                guard taken.byteCount == byteCount else {
                    throw Failure(
                        "incomplete",
                        "\(byteCount) bytes of a backup of \(taken.byteCount) arrived",
                        exit: Exit.failed
                    )
                }
                try sink.finish()
                self.report(taken, shell)
            }
        }
    }

    private func report(_ taken: BackupTaken, _ shell: Shell) {
        let earliest = max(taken.image, .first)
        let text = """
            backup of LSN \(earliest) to LSN \(taken.last)   \(taken.byteCount) bytes   \
            state checksum \(taken.checksum)
            """
        // Standard output has the backup itself.
        guard self.file != "-" else {
            if !self.global.isQuiet { Terminal.note(text) }
            return
        }
        var object = JSONObject()
        object.add("earliestLsn", raw: String(earliest.value))
        object.add("lsn", raw: String(taken.last.value))
        object.add("byteCount", raw: String(taken.byteCount))
        object.add("stateChecksum", taken.checksum.description)
        shell.say(text, object)
    }
}

struct VersionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version",
        abstract: "Prints the version of this program, and of the server if it responds.",
        discussion: """
            Examples:
              invctl version
            """
    )
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let settings = try self.global.settings()
        var configuration = try settings.client()
        configuration.timeoutMilliseconds = min(configuration.timeoutMilliseconds, 500)
        let client = InventoryClient(configuration)
        let server = try? await client.connect()
        try await client.close()
        if settings.format.isJSON {
            var object = JSONObject()
            object.add("invctl", InvctlVersion.current)
            object.add("address", "\(configuration.address)")
            object.add("server", raw: server.map { JSONObject.quoted($0.software) } ?? "null")
            Terminal.print(object.text)
            return
        }
        Terminal.say("invctl \(InvctlVersion.current)")
        let what = server?.software ?? "no server"
        Terminal.say("\(what) at \(configuration.address)")
    }
}
