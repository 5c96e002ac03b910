public import Bytes
public import InventoryModel
public import InventoryWire
internal import NIOCore
internal import NIOPosix

/// A connection to an inventory server: commands, queries and subscriptions.
///
///     let client = InventoryClient(ClientConfiguration(actor: "till-3"))
///     let outcome = try await client.send(.sell(Sale(lines: [SaleLine(product: id, quantity: 2)])))
///     for try await event in client.subscribe(Subscription(topics: .stock, start: .snapshot)) { … }
///     try await client.close()
///
/// It connects when it is first used and reconnects whenever the connection is lost. A command has a number
/// in a session or an idempotency key, so a retry after a reconnect executes it at most once. Every call
/// ends by its deadline, which counts from the call and includes reconnects, or at once when its task is
/// cancelled. Calls may be made from many tasks at once; numbered commands are executed in call order.
///
/// All of its async methods throw ``ClientError``; <doc:GettingStarted> explains the codes.
public final class InventoryClient: Sendable {
    /// The configuration; it does not change.
    public let configuration: ClientConfiguration
    private let core: ClientCore

    /// Creates a client that connects when it is first used.
    public init(_ configuration: ClientConfiguration) {
        self.configuration = configuration
        self.core = ClientCore(
            configuration,
            by: configuration.address,
            on: MultiThreadedEventLoopGroup.singleton.next()
        )
    }

    /// Connects now and returns the properties of the server.
    ///
    /// - Throws: ``ClientError``: `refused` with `unsupported_version` or another reason; `unreachable` at
    ///   the deadline.
    public func connect() async throws(ClientError) -> HelloAccepted {
        try await self.call { self.core.greet($0, $1) }
    }

    /// Whether it is connected; the connection can be lost at any moment after the answer.
    public var isConnected: Bool {
        get async {
            let core = self.core
            let answer = core.loop.submit { core.greeting != nil }
            return (try? await answer.get()) ?? false
        }
    }

    /// Opens the session now and returns its status.
    ///
    /// Cancellation ends the wait; the session may be opened nevertheless.
    public func openSession() async throws(ClientError) -> SessionStatus {
        try await self.call { self.core.openSession($0, $1) }
    }

    // MARK: - Commands

    /// Executes a command.
    ///
    /// - Returns: Its outcome, done or refused. A refusal of the command is an outcome, not an error.
    /// - Throws: ``ClientError``: `unknown` if it may have been executed, or may still be; with any other
    ///   code it was not executed and will not be.
    public func send(_ command: Command) async throws(ClientError) -> Outcome {
        try await self.call { self.core.submit(command.encoded, call: $0, completing: $1) }
    }

    /// Executes a command without waiting for it.
    ///
    /// Commands are sent in the order of these calls and pipelined.
    ///
    /// - Parameters:
    ///   - command: The command to execute.
    ///   - completion: Called once with the outcome, on the client's event loop, which it must not block.
    public func send(
        _ command: Command,
        completion: @escaping @Sendable (Result<Outcome, ClientError>) -> Void
    ) {
        self.core.submit(command, completion)
    }

    /// Executes a command that is already encoded, as ``send(_:completion:)`` does.
    public func send(
        _ command: EncodedCommand,
        completion: @escaping @Sendable (Result<Outcome, ClientError>) -> Void
    ) {
        self.core.submit(command, call: nil, completing: completion)
    }

    /// Executes a command under a number of the session that says which command it is, as the place of a request in a
    /// file does.
    ///
    /// If a command with such a number ends without being decided, all behind it fail too, and no other is sent under
    /// their numbers in their place: a retry in another process continues exactly where this one stopped.
    ///
    /// - Parameters:
    ///   - command: The encoded command.
    ///   - number: Its sequence number; the session is open, and the number the one behind that of the last call.
    ///   - completion: Called once with the outcome, on the client's event loop, which it must not block. It gets
    ///     ``ClientError/Code-swift.struct/outOfSequence`` if a command before this one was not decided.
    package func send(
        _ command: EncodedCommand,
        number: UInt64,
        completion: @escaping @Sendable (Result<Outcome, ClientError>) -> Void
    ) {
        self.core.submit(command, number: number, completing: completion)
    }

    // MARK: - Commands with a key

    /// Executes a command once under an idempotency key.
    ///
    /// A retry with the same key, from any client, gets the original outcome for as long as the server
    /// remembers it. The command belongs to no session and is not ordered with others. The call itself
    /// retries after a lost connection.
    ///
    /// - Parameters:
    ///   - command: The command.
    ///   - key: The idempotency key.
    ///   - firstTried: When an earlier call with the same key was made, by the server's clock: a key that the
    ///     server has forgotten since is refused (`outcome_forgotten`) and not executed a second time. By
    ///     default, when this call first sent the command.
    ///   - fingerprint: Identifies the command, so that the reuse of a key for another one is refused; by
    ///     default derived from the command's bytes.
    /// - Returns: The outcome, done or refused, and whether an earlier call had executed the command.
    /// - Throws: ``ClientError``: `unknown` if it may have been executed, or may still be; a retry with the
    ///   same key resolves it. With any other code it was not executed and will not be.
    public func send(
        _ command: Command,
        key: IdempotencyKey,
        firstTried: Instant? = nil,
        fingerprint: RequestFingerprint? = nil
    ) async throws(ClientError) -> KeyedOutcome {
        let encoded = fingerprint.map { command.encoded.with($0) } ?? command.encoded
        return try await self.send(encoded, key: key, firstTried: firstTried)
    }

    /// Executes a command that is already encoded once under an idempotency key, as
    /// ``send(_:key:firstTried:fingerprint:)`` does.
    ///
    /// - Parameters:
    ///   - command: The encoded command.
    ///   - key: The idempotency key.
    ///   - firstTried: When an earlier call with the same key was made, by the server's clock.
    /// - Returns: The outcome, and whether an earlier call had executed the command.
    /// - Throws: ``ClientError``, as that method does.
    public func send(
        _ command: EncodedCommand,
        key: IdempotencyKey,
        firstTried: Instant? = nil
    ) async throws(ClientError) -> KeyedOutcome {
        try await self.call {
            self.core.submit(command, key: key, firstTried: firstTried, call: $0, completing: $1)
        }
    }

    /// Returns the outcome of the command with an idempotency key, without executing it.
    ///
    /// It is retried if the connection is lost.
    ///
    /// - Parameters:
    ///   - key: The idempotency key.
    ///   - firstTried: When the command was first sent, by the server's clock.
    ///   - fingerprint: The one given to ``send(_:key:firstTried:fingerprint:)``: the request is refused
    ///     (`key_reused`) if the key belongs to another command. Without one, any command matches.
    /// - Returns: The outcome; `nil` if the server remembers none.
    /// - Throws: ``ClientError``: `refused` with `outcome_forgotten` if the first attempt is so old that the
    ///   server may have forgotten it.
    public func outcome(
        of key: IdempotencyKey,
        firstTried: Instant? = nil,
        fingerprint: RequestFingerprint? = nil
    ) async throws(ClientError) -> Outcome? {
        do throws(ClientError) {
            let request = Request.keyedOutcome(
                key,
                firstTried: firstTried,
                fingerprint: fingerprint
            )
            switch try await self.requestWithRetry(request) {
            case .replayedOutcome(let outcome): return outcome
            case let message:
                throw ClientError(.protocolViolation, "\(message.opcode) to a key's outcome")
            }
        } catch {
            if error.refusal?.code == .keyUnknown { return nil }
            throw error
        }
    }

    /// Returns the outcome that commands would have as one step, without executing them (a dry run).
    ///
    /// It needs no session and no key, and is retried if the connection is lost.
    public func dryRun(_ commands: [Command]) async throws(ClientError) -> Outcome {
        let request = Request.command(sequence: 0, .batch(commands, .dryRun))
        switch try await self.requestWithRetry(request) {
        case .outcome(let outcome): return outcome
        case let message:
            throw ClientError(.protocolViolation, "\(message.opcode) to a dry run")
        }
    }

    /// Sets the sequence number of the next command.
    ///
    /// Commands that were already decided are then retried, the same ones in the same order, and get their
    /// original outcomes.
    ///
    /// - Parameter sequence: From 1 to one more than the last number that was decided.
    /// - Precondition: ``openSession()`` has returned, and no command was sent since.
    public func resume(from sequence: UInt64) { self.core.resume(from: sequence) }

    // MARK: - Queries

    /// Returns the whole answer to a query in one table.
    ///
    /// It is retried if the connection is lost.
    public func query(_ query: Query) async throws(ClientError) -> QueryResult {
        try await self.withRetries { () async throws(ClientError) -> QueryResult in
            var reader = AnswerReader()
            var whole: QueryResult?
            for await result in self.messages(of: .query(query)) {
                guard let part = try reader.take(try result.get()) else {
                    if let whole { return whole }
                    break
                }
                if whole == nil { whole = part } else { whole?.append(part.table) }
            }
            throw Self.noAnswer
        }
    }

    /// Returns the messages that answer a request for rows, up to the last or an error.
    ///
    /// They end early when the task is cancelled or stops iterating; the server's work is then cancelled too.
    private func messages(
        of request: Request
    ) -> AsyncStream<Result<ServerMessage, ClientError>> {
        let (stream, continuation) = AsyncStream<Result<ServerMessage, ClientError>>.makeStream()
        let call = Call(on: self.core.loop)
        continuation.onTermination = { if case .cancelled = $0 { call.cancel() } }
        self.core.request(request, call: call) { result in
            continuation.yield(result)
            switch result {
            case .success(.resultEnd), .failure:
                continuation.finish()
                return true
            case .success:
                return false
            }
        }
        return stream
    }

    /// The reason why the messages of an answer ended before the last.
    private static var noAnswer: ClientError {
        Task.isCancelled ? ClientError(.cancelled) : ClientError(.protocolViolation, "no answer")
    }

    /// Returns the answer to a query block by block, at the pace of the reader; the first block has no rows.
    public func rows(of query: Query) -> QueryRows {
        QueryRows(query: query, configuration: self.configuration)
    }

    /// Returns a product with its current stock at every location; `nil` if it does not exist.
    ///
    /// It is the fast path of ``query(_:)`` with `.product`, and is retried if the connection is lost.
    public func product(_ key: ProductKey) async throws(ClientError) -> StockedProduct? {
        do throws(ClientError) {
            switch try await self.requestWithRetry(.getProduct(key)) {
            case .product(let product): return product
            case let message:
                throw ClientError(.protocolViolation, "\(message.opcode) to a product")
            }
        } catch {
            if error.refusal?.code == .productNotFound { return nil }
            throw error
        }
    }

    // MARK: - Insights

    /// Returns the answer to an insight: its rows, and the version and window that they reflect.
    ///
    /// It is retried if the connection is lost.
    public func insight(_ insight: Insight) async throws(ClientError) -> InsightAnswer {
        try await self.withRetries { () async throws(ClientError) -> InsightAnswer in
            var copy = InsightCopy()
            for await result in self.messages(of: .insight(insight)) {
                let message = try result.get()
                if case .resultEnd = message { return try copy.complete() }
                _ = try copy.take(message)
            }
            throw Self.noAnswer
        }
    }

    /// Returns a live insight: its result, kept up to date while the sequence is iterated.
    ///
    /// It has its own connection, so a slow consumer delays nothing else. Subscribers to the same insight
    /// share one computation at the server.
    public func subscribe(toInsight insight: Insight) -> InsightEvents {
        InsightEvents(insight: insight, configuration: self.configuration)
    }

    // MARK: - The server

    /// Checks whether the server responds.
    ///
    /// - Returns: The LSN up to which everything is durable.
    public func ping() async throws(ClientError) -> LSN {
        let message = try await self.request(.ping)
        guard case .pong(let durable, _) = message else {
            throw ClientError(.protocolViolation, "\(message.opcode) to a ping")
        }
        return durable
    }

    /// Makes the server write a snapshot now and returns when it is complete.
    ///
    /// Cancellation ends the wait; the snapshot is written nevertheless.
    public func takeSnapshot() async throws(ClientError) -> SnapshotTaken {
        let message = try await self.request(.takeSnapshot)
        guard case .snapshotTaken(let taken) = message else {
            throw ClientError(.protocolViolation, "\(message.opcode) to a snapshot")
        }
        return taken
    }

    /// Returns a backup of everything, piece by piece, while the sequence is iterated.
    ///
    /// Its bytes, one after the other, are a file for `invd restore`. It has its own connection.
    ///
    /// - Parameter bytesPerSecondMax: The rate; 0 for the server's limit, which no request exceeds.
    /// - Returns: The pieces.
    public func backup(bytesPerSecondMax: UInt64 = 0) -> BackupPieces {
        BackupPieces(bytesPerSecondMax: bytesPerSecondMax, configuration: self.configuration)
    }

    // MARK: - Subscriptions

    /// Returns the changes from the start that the subscription names, while the sequence is iterated.
    ///
    /// It has its own connection, so a slow consumer delays nothing else.
    public func subscribe(_ subscription: Subscription) -> SubscriptionEvents {
        SubscriptionEvents(subscription, self.configuration)
    }

    /// Closes the connection and the client.
    ///
    /// Calls in progress fail with `closed`, commands that were already sent with `unknown`.
    public func close() async throws {
        try await self.core.close().get()
    }

    // MARK: - Calls

    /// Returns the result of `begin`; throws `cancelled` or `unknown` as soon as the task is cancelled.
    private func call<Value: Sendable>(
        _ begin: (Call, @escaping @Sendable (Result<Value, ClientError>) -> Void) -> Void
    ) async throws(ClientError) -> Value {
        let call = Call(on: self.core.loop)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                begin(call) { continuation.resume(returning: $0) }
            }
        } onCancel: {
            call.cancel()
        }
        return try result.get()
    }

    /// Sends a request that is answered by one message.
    private func request(_ request: Request) async throws(ClientError) -> ServerMessage {
        try await self.call { call, completion in
            self.core.request(request, call: call) {
                completion($0)
                return true
            }
        }
    }

    /// Sends a read-only request that is answered by one message; retries if the connection is lost.
    private func requestWithRetry(_ request: Request) async throws(ClientError) -> ServerMessage {
        try await self.withRetries { () async throws(ClientError) -> ServerMessage in
            try await self.request(request)
        }
    }

    /// Makes up to three attempts if the connection is lost.
    private func withRetries<Value>(
        _ attempt: () async throws(ClientError) -> Value
    ) async throws(ClientError) -> Value {
        for _ in 0..<2 {
            do throws(ClientError) {
                return try await attempt()
            } catch {
                guard error.code == .unreachable else { throw error }
            }
        }
        return try await attempt()
    }
}
