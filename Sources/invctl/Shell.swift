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

    func format(_ money: Money) -> String {
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

    /// Returns this shell whose lists have only rows that match another condition too.
    func filtered(by condition: String) -> Shell {
        var shell = self
        shell.listing.conditions.append(condition)
        return shell
    }

    /// How times are shown to people.
    var clock: ClockText { ClockText(zone: self.settings.zone) }

    /// Checks the options of a command that lists nothing, and so has no columns to choose.
    func checkAnswerOptions() throws(Failure) {
        try self.settings.checkAnswerFormat()
        guard self.options.fields != nil else { return }
        throw .usage("--fields is for lists; this command has no columns")
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
