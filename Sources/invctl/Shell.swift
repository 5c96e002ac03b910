import ArgumentParser
import Foundation
import InventoryClient
internal import InventoryModel
import InventoryTransfer
import InventoryWire
import TerminalKit

/// The context of a command: a connected client, the currency, and output.
struct Shell: Sendable {
    let options: GlobalOptions
    let settings: Settings
    private(set) var listing: Listing
    /// Whether lists are live (`--watch`).
    let isWatching: Bool
    /// Whether commands are only decided and not executed (`--dry-run`).
    let isDryRun: Bool
    let client: InventoryClient
    let server: HelloAccepted
    let session: SessionID
    /// The idempotency key of the command: the user's `--id`, else a random one.
    private(set) var key: IdempotencyKey
    /// The time of the first try, as the user gave it.
    let firstTried: Instant?
    /// The fingerprint by which the server recognizes a retry.
    let words: RequestFingerprint
    let replay = ReplayNote()
    /// The record of the import that is in progress.
    var importRun: ImportRunHandle?

    var format: OutputFormat { self.settings.format }

    /// Connects, runs `body`, and converts client errors to ``Failure``.
    static func run(
        _ options: GlobalOptions,
        zone: String? = nil,
        write: WriteRequest? = nil,
        listing: Listing = Listing(),
        isWatching: Bool = false,
        continuesSession: Bool = false,
        reportsTime: Bool = true,
        body: (Shell) async throws -> Void
    ) async throws {
        let clock = ContinuousClock()
        let start = clock.now
        let settings = try options.settings(zone: zone)
        if write != nil { try settings.checkAnswerFormat() }
        // A dry run must not use up the idempotency key of the real request; that of many has its own keys.
        let isDryRun = write?.isDryRun ?? false
        let isOfMany = write?.isDryRunOfMany ?? false
        let name = isDryRun && !isOfMany ? nil : write?.id
        let session = name.map { SessionID(naming: $0) } ?? .random()
        let key = name.flatMap { IdempotencyKey($0) } ?? .random()
        var configuration = try settings.client(session: session)
        configuration.continuesSession = continuesSession
        configuration.isDryRun = isOfMany
        // Within a shell, commands without a session share a connection; a dry run has its own.
        let isAlone = continuesSession || configuration.isDryRun
        let shared = isAlone ? nil : SharedClient.current
        let connection = shared ?? SharedClient()
        do {
            let (client, server) = try await connection.connected(configuration)
            let shell = Shell(
                options: options,
                settings: settings,
                listing: listing,
                isWatching: isWatching,
                isDryRun: isDryRun,
                client: client,
                server: server,
                session: session,
                key: key,
                firstTried: try Instant(write?.firstTried, "--first-tried", in: settings.zone),
                words: RequestWords(RequestWords.commandLine).fingerprint
            )
            do {
                try await body(shell)
            } catch let error where error is Failure || error is ValidationError {
                guard write?.id != nil, !isDryRun, !continuesSession else { throw error }
                guard try await shell.answerAgain() else { throw error }
            }
            if shared == nil { await connection.close() }
        } catch let error as ClientError {
            await connection.close()
            throw Self.failure(error, session: session, settings: settings)
        } catch {
            if shared == nil { await connection.close() }
            throw error
        }
        guard reportsTime else { return }
        if options.timing || Terminal.environment("INVCTL_TIMING") != nil {
            Self.report(clock.now - start)
        }
    }

    /// Runs a command that changes something.
    static func run(
        _ options: GlobalOptions,
        write: WriteOptions,
        body: (Shell) async throws -> Void
    ) async throws {
        try await self.run(options, write: write.request, body: body)
    }

    /// Runs a command that lists rows.
    static func run(
        _ options: ListOptions,
        _ body: (Shell) async throws -> Void
    ) async throws {
        try await self.run(
            options.global,
            zone: options.times.zone,
            listing: options.listing,
            isWatching: options.watch,
            body: body
        )
    }

    private static func failure(
        _ error: ClientError,
        session: SessionID,
        settings: Settings
    ) -> Failure {
        guard let refusal = error.refusal else {
            let id = error.key?.text ?? session.text
            return Failure(error, address: settings.address, id: id)
        }
        let innermost = refusal.innermost
        // A question that the server does not accept was typed wrong.
        let isUsage = [.invalidField, .outOfRange].contains(refusal.code)
        return Failure(
            refusal.code.name,
            refusal.facts(decimals: 2, currency: "", sku: nil),
            hint: innermost.code.hint,
            number: refusal.code.rawValue,
            exit: isUsage ? Exit.usage : Exit.code(for: refusal)
        )
    }

    private static func report(_ duration: Duration) {
        let microseconds =
            duration.components.attoseconds / 1_000_000_000_000
            + duration.components.seconds * 1_000_000
        Terminal.note("time \(DecimalText.format(microseconds / 10, decimals: 2)) ms")
    }

    // MARK: - Money and quantities

    func money(_ text: String, _ what: String) throws -> Money {
        let decimals = self.server.currencyDecimals
        guard let value = DecimalText.parse(text, decimals: decimals) else {
            throw ValidationError(
                """
                \(what) is '\(text)', not an amount of \(self.server.currencyCode) with at most \
                \(decimals) decimals
                """
            )
        }
        return Money(value)
    }

    func format(_ money: Int64) -> String {
        let text = DecimalText.format(money, decimals: self.server.currencyDecimals)
        return DecimalText.grouped(text) + " " + self.server.currencyCode
    }

    func quantity(_ text: String, of product: ProductInfo, _ what: String) throws -> Quantity {
        guard let value = DecimalText.parse(text, decimals: product.unitDecimals) else {
            let kind =
                product.unitDecimals == 0
                ? "a whole number" : "a number with at most \(product.unitDecimals) decimals"
            throw ValidationError("\(what) of \(product.sku) is '\(text)', not \(kind)")
        }
        return Quantity(value)
    }

    // MARK: - Lists

    /// Returns this shell without `--sort`: lists keep the order of arrival.
    func withoutSort() -> Shell {
        var shell = self
        shell.listing.sort = nil
        return shell
    }

    /// Returns how to write the rows of an insight, whose spans of time are those of its zone.
    func style(of answer: InsightAnswer) -> RowStyle {
        var style = self.style()
        style.buckets = BucketText(answer.window.zone)
        style.zone = TimeZone(identifier: answer.window.zone) ?? TimeText.utc
        return style
    }

    /// How times are shown to people.
    var clock: ClockText { ClockText(zone: self.settings.zone) }

    /// Checks the options of a command that lists nothing, and so has no columns to choose.
    func checkAnswerOptions() throws(Failure) {
        try self.settings.checkAnswerFormat()
        guard self.options.fields != nil else { return }
        throw .usage("--fields is for lists; this command has no columns")
    }

    /// Returns how to write rows.
    func style(isSingle: Bool = false, omitting: Set<String> = []) -> RowStyle {
        // One thing is read from top to bottom.
        let isUpright = isSingle && self.settings[.output].isEmpty && self.format == .table
        return RowStyle(
            format: isUpright ? .vertical : self.format,
            currencyDecimals: self.server.currencyDecimals,
            fields: self.options.fieldNames,
            omitted: omitting,
            isSingle: isSingle,
            width: Terminal.isOutput ? Terminal.size.columns : nil,
            hasColor: self.settings.color.isColored(Terminal.isOutput),
            isForTerminal: Terminal.isOutput,
            clock: self.clock,
            zone: self.settings.zone
        )
    }

    /// Prints the answer to a query as it arrives, with all list options: `--where`, `--sort`,
    /// `--limit`, `--fields`, every format, the pager, `--watch`.
    ///
    /// - Parameters:
    ///   - query: The query to send.
    ///   - isSingle: Whether to write one object instead of an array with one.
    ///   - omitting: Columns to hide from people because they are the same in every row.
    /// - Throws: ``Failure`` or an error of the client.
    func list(
        _ query: Query,
        isSingle: Bool = false,
        omitting: Set<String> = []
    ) async throws {
        if self.isWatching {
            try await self.watch(query, omitting: omitting)
            return
        }
        var output = RowOutput(self.style(isSingle: isSingle, omitting: omitting), self.listing)
        let sink = self.sink()
        // Printed once there is an answer.
        var note = self.options.isQuiet ? nil : query.asOf?.note(self.clock)
        for try await part in self.client.rows(of: query) {
            note.take().map { Terminal.note($0) }
            let wantsMore = try output.take(part.table)
            try sink.write(&output.bytes)
            if !wantsMore { break }
        }
        output.finish()
        try sink.write(&output.bytes)
        sink.finish()
        self.noteIfEmpty(output, query.rowNoun)
    }

    /// Tells people that a list is empty, instead of showing nothing.
    private func noteIfEmpty(_ output: RowOutput, _ noun: String) {
        guard output.rowCount == 0, self.format.isForPeople, !self.options.isQuiet else { return }
        Terminal.note(self.listing.conditions.isEmpty ? "no \(noun)" : "no \(noun) match --where")
    }

    /// Prints rows that are here already with the same options.
    func list(_ table: ResultTable, _ style: RowStyle) throws {
        var output = RowOutput(style, self.listing)
        let sink = self.sink()
        _ = try output.take(table)
        output.finish()
        try sink.write(&output.bytes)
        sink.finish()
        self.noteIfEmpty(output, "rows")
    }

    func sink() -> RowSink {
        RowSink(pager: self.format.isForPeople ? self.settings.pagerCommand : nil)
    }

    /// Returns this shell for another request, with a random idempotency key.
    func withNewKey() -> Shell {
        var shell = self
        shell.key = .random()
        return shell
    }

    // MARK: - Commands

    /// Executes a command.
    ///
    /// - Parameters:
    ///   - command: The command to send.
    ///   - subject: What the command is about, such as a SKU, for the message of a refusal.
    /// - Returns: The result; of a dry run, the result that it would have.
    /// - Throws: ``Failure`` for a refusal, or an error of the client.
    func send(_ command: Command, about subject: String? = nil) async throws -> Outcome.Done {
        if self.isDryRun { return try await self.dryRun(command, about: subject) }
        Interruption.setMessage(
            "the command may have been executed; retry it with --id \(self.key): "
                + "it is executed only once"
        )
        let outcome = try await self.sendWithKey(command, fingerprint: self.words)
        Interruption.setMessage(nil)
        return try await self.done(outcome, of: command, about: subject)
    }
}

extension Shell {
    /// Prints the outcome of a command as JSON, with `replayed` if it is a replay.
    func print(_ object: JSONObject) {
        var object = object
        if self.isReplayed { object.add("replayed", raw: "true") }
        if self.isDryRun { object.add("dryRun", raw: "true") }
        Terminal.print(object.text)
    }

    /// Has the server decide a command without executing it, and returns the result that it would have.
    private func dryRun(
        _ command: Command,
        about subject: String?
    ) async throws -> Outcome.Done {
        var commands = [command]
        if case .batch(let all, _) = command { commands = all }
        switch try await self.client.dryRun(commands) {
        case .done(var done):
            if !self.options.isQuiet {
                Terminal.note("dry run: nothing was changed; this would be the result")
            }
            if case .batch = command { return done }
            done.id = done.ids.first ?? 0
            done.ids = []
            return done
        case .refused(let refusal):
            let isBatch = if case .batch = command { true } else { false }
            throw await self.failure(
                isBatch ? refusal : refusal.innermost,
                of: command,
                about: subject
            )
        case .batch, .errorsOnly:
            throw Failure("protocol_violation", "a dry run returned a list", exit: Exit.failed)
        }
    }
}
