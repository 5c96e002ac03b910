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
/// It connects when it is first used and again whenever the connection is lost. Commands belong to a
/// session and are numbered, or have an idempotency key, so one that is sent again after a reconnect is
/// executed once. Every call ends by its deadline, which counts from when it is made and includes
/// reconnecting, or at once when its task is cancelled. Calls may be made from many tasks at once; numbered
/// commands are executed in the order in which they were made.
///
/// All of its async methods throw ``ClientError``; see <doc:GettingStarted> for what each code says.
public final class InventoryClient: Sendable {
    /// As it was made; it does not change.
    public let configuration: ClientConfiguration
    private let core: ClientCore

    /// A client that connects once it is used.
    public init(_ configuration: ClientConfiguration) {
        self.configuration = configuration
        self.core = ClientCore(
            configuration,
            by: configuration.address,
            on: MultiThreadedEventLoopGroup.singleton.next()
        )
    }

    /// Connects now, and says what the server said of itself.
    ///
    /// - Throws: Refused with `unsupported_version` or another reason not to talk; unreachable at the deadline.
    public func connect() async throws(ClientError) -> HelloAccepted {
        try await self.call { self.core.greet($0, $1) }
    }

    /// Opens the session now, and says where it stands.
    ///
    /// Cancelling stops the wait; the session may be opened all the same.
    public func openSession() async throws(ClientError) -> SessionStatus {
        try await self.call { self.core.openSession($0, $1) }
    }

    // MARK: - Commands

    /// Has a command carried out.
    ///
    /// - Returns: Its outcome, done or refused. A refusal by name is an outcome and no error.
    /// - Throws: ``ClientError``: `unknown` if it may have been carried out, or may yet be; with any
    ///   other code it was not, and will not be.
    public func send(_ command: Command) async throws(ClientError) -> Outcome {
        try await self.call { self.core.submit(command.encoded, call: $0, completing: $1) }
    }

    /// Has a command carried out without waiting: `completion` is called once with the outcome.
    ///
    /// Commands are sent in the order of these calls, many at once.
    public func send(
        _ command: Command,
        completion: @escaping @Sendable (Result<Outcome, ClientError>) -> Void
    ) {
        self.core.submit(command, completion)
    }

    /// As ``send(_:completion:)``, of a command that is encoded already.
    public func send(
        _ command: EncodedCommand,
        completion: @escaping @Sendable (Result<Outcome, ClientError>) -> Void
    ) {
        self.core.submit(command, call: nil, completing: completion)
    }

    // MARK: - Commands with a key

    /// Has a command executed once under an idempotency key: sent again with it, by anybody, it is answered
    /// as it was, for as long as the server remembers.
    ///
    /// It is a request of its own: it belongs to no session and takes no place in its order. The call itself
    /// sends it again after a lost connection. `firstTried`: When an earlier call was made with the same key,
    /// by the server's clock, so that what the server has forgotten is refused (`outcome_forgotten`) and not
    /// executed a second time; the call adds when it first sent it, if that is not given. `fingerprint`: What
    /// tells whether it is the same command; its own bytes if that is not given.
    ///
    /// - Returns: Its outcome, done or refused, and whether an earlier call had it executed.
    /// - Throws: ``ClientError``: `unknown` if it may have been executed, or may yet be: the same key settles
    ///   it. With any other code it was not, and will not be.
    public func send(
        _ command: Command,
        key: IdempotencyKey,
        firstTried: Instant? = nil,
        fingerprint: RequestFingerprint? = nil
    ) async throws(ClientError) -> KeyedOutcome {
        let encoded = fingerprint.map { command.encoded.with($0) } ?? command.encoded
        return try await self.call {
            self.core.submit(encoded, key: key, firstTried: firstTried, call: $0, completing: $1)
        }
    }

    /// What became of the command with a key; `nil` if the server remembers none.
    ///
    /// `fingerprint`: As ``send(_:key:firstTried:fingerprint:)`` was given it, to be refused (`key_reused`) if
    /// the key is another command's; without one, the outcome is that of whichever command has the key.
    ///
    /// Asked again if the connection is lost meanwhile.
    ///
    /// - Throws: ``ClientError``, refused with `outcome_forgotten` if it was first tried so long ago that the
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
            switch try await self.askAgain(request) {
            case .replayedOutcome(let outcome): return outcome
            case let message:
                throw ClientError(.protocolViolation, "\(message.opcode) to a key's outcome")
            }
        } catch {
            if error.refusal?.code == .keyUnknown { return nil }
            throw error
        }
    }

    /// Has commands decided as one step, and not executed: the outcome is what they would come to.
    ///
    /// It needs no session and no key. Asked again if the connection is lost meanwhile.
    public func dryRun(_ commands: [Command]) async throws(ClientError) -> Outcome {
        let request = Request.command(sequence: 0, .batch(commands, .dryRun))
        switch try await self.askAgain(request) {
        case .outcome(let outcome): return outcome
        case let message:
            throw ClientError(.protocolViolation, "\(message.opcode) to a dry run")
        }
    }

    /// Has the next command take up the session's numbers at `sequence`: commands that were decided
    /// are given again, the same ones in the same order, and answered as they were.
    ///
    /// - Precondition: ``openSession()`` has said where the session stands, no command has been given
    ///   since, and `sequence` is at least 1 and at most one more than the last that was decided.
    public func resume(from sequence: UInt64) { self.core.resume(from: sequence) }

    // MARK: - Queries

    /// The whole answer to a query in one table.
    ///
    /// Asked again if the connection is lost meanwhile.
    public func query(_ query: Query) async throws(ClientError) -> QueryResult {
        try await self.again { () async throws(ClientError) -> QueryResult in
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

    /// The messages that answer a request for rows, up to the last or an error.
    ///
    /// They end early when the task is cancelled or takes no more of them, and so does the server's work.
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

    /// Why the messages of an answer ended before the last.
    private static var noAnswer: ClientError {
        Task.isCancelled ? ClientError(.cancelled) : ClientError(.protocolViolation, "no answer")
    }

    /// The answer to a query block by block, as it comes and as fast as it is read; the first has no
    /// rows.
    public func rows(of query: Query) -> QueryRows {
        QueryRows(query: query, configuration: self.configuration)
    }

    /// One product as it is, with its stock at every location; nothing if there is none.
    ///
    /// The quick way to what ``query(_:)`` tells of `.product` in rows. Asked again if the connection is
    /// lost meanwhile.
    public func product(_ key: ProductKey) async throws(ClientError) -> StockedProduct? {
        do throws(ClientError) {
            switch try await self.askAgain(.getProduct(key)) {
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

    /// The answer to an insight: its rows, and the version and window that they are of.
    ///
    /// Asked again if the connection is lost meanwhile.
    public func insight(_ insight: Insight) async throws(ClientError) -> InsightAnswer {
        try await self.again { () async throws(ClientError) -> InsightAnswer in
            var copy = InsightCopy()
            for await result in self.messages(of: .insight(insight)) {
                let message = try result.get()
                if case .resultEnd = message { return try copy.complete() }
                _ = try copy.take(message)
            }
            throw Self.noAnswer
        }
    }

    /// The result of an insight, kept up to date for as long as it is listened to.
    ///
    /// It has a connection of its own, so a slow listener holds up nothing else. Many who ask the same
    /// share one computation at the server.
    public func subscribe(toInsight insight: Insight) -> InsightEvents {
        InsightEvents(insight: insight, configuration: self.configuration)
    }

    // MARK: - The server

    /// Asks whether the server is there.
    ///
    /// - Returns: The LSN up to which everything is durable.
    public func ping() async throws(ClientError) -> LSN {
        let message = try await self.ask(.ping)
        guard case .pong(let durable, _) = message else {
            throw ClientError(.protocolViolation, "\(message.opcode) to a ping")
        }
        return durable
    }

    /// Has the server write a snapshot now, and waits until it is there.
    ///
    /// Cancelling stops the wait; the snapshot is written all the same.
    public func takeSnapshot() async throws(ClientError) -> SnapshotTaken {
        let message = try await self.ask(.takeSnapshot)
        guard case .snapshotTaken(let taken) = message else {
            throw ClientError(.protocolViolation, "\(message.opcode) to a snapshot")
        }
        return taken
    }

    // MARK: - Subscriptions

    /// What changes, from the beginning the subscription names, for as long as it is listened to.
    ///
    /// It has a connection of its own, so a slow listener holds up nothing else.
    public func subscribe(_ subscription: Subscription) -> SubscriptionEvents {
        SubscriptionEvents(subscription, self.configuration)
    }

    /// Ends the connection.
    ///
    /// Calls that are under way fail with `closed`, commands that were sent already with `unknown`.
    public func close() async throws {
        try await self.core.close().get()
    }

    // MARK: - Calls

    /// What `begin` completes with, or `cancelled`, or `unknown`, as soon as the task is cancelled.
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

    /// A request that one message answers.
    private func ask(_ request: Request) async throws(ClientError) -> ServerMessage {
        try await self.call { call, completion in
            self.core.request(request, call: call) {
                completion($0)
                return true
            }
        }
    }

    /// A request that changes nothing and that one message answers, asked again if the connection is lost.
    private func askAgain(_ request: Request) async throws(ClientError) -> ServerMessage {
        try await self.again { () async throws(ClientError) -> ServerMessage in
            try await self.ask(request)
        }
    }

    /// Asks up to three times while the connection is lost meanwhile.
    private func again<Value>(
        _ ask: () async throws(ClientError) -> Value
    ) async throws(ClientError) -> Value {
        for _ in 0..<2 {
            do throws(ClientError) {
                return try await ask()
            } catch {
                guard error.code == .unreachable else { throw error }
            }
        }
        return try await ask()
    }
}

/// What became of a command with an idempotency key.
public struct KeyedOutcome: Sendable, Hashable {
    /// What it came to.
    public var outcome: Outcome
    /// Whether it is the outcome of an earlier call, which this one only repeated.
    public var isReplayed: Bool
}

/// An answer, or a part of it: the state it reflects, and rows.
public struct QueryResult: Sendable {
    /// The version of the data that it reflects.
    public var lsn: LSN
    /// When that version's last step was recorded, by the server's clock.
    public var time: Instant
    /// Its rows, with typed columns.
    public var table: ResultTable

    mutating func append(_ block: ResultTable) { self.table.append(contentsOf: block) }
}
