internal import InventoryModel
internal import InventoryWire
internal import NIOCore

/// The calls of one client that have no answer yet, over one ``Link``.
///
/// It performs the actions of ``ClientStateMachine`` and ``KeyedCommands``: sends requests, dispatches
/// answers and enforces deadlines. A call ends once: by its answer, its deadline, the cancellation of its
/// task, or when the client closes.
///
/// `@unchecked Sendable`: everything but the constants is confined to the event loop, and every entry
/// point switches to it first.
final class ClientCore: LinkOwner, @unchecked Sendable {
    typealias CommandCompletion = @Sendable (Result<Outcome, ClientError>) -> Void
    typealias KeyedCompletion = @Sendable (Result<KeyedOutcome, ClientError>) -> Void
    typealias HelloCompletion = @Sendable (Result<HelloAccepted, ClientError>) -> Void
    typealias SessionCompletion = @Sendable (Result<SessionStatus, ClientError>) -> Void
    /// Receives the messages of an answer and returns whether it was the last.
    typealias MessageHandler = @Sendable (Result<ServerMessage, ClientError>) -> Bool

    /// A read-only request whose answer is not complete yet.
    struct ReadRequest {
        var request: Request
        var handler: MessageHandler
        var wasSent = false
    }

    let loop: any EventLoop
    let link: Link
    var machine: ClientStateMachine
    var keyed: KeyedCommands
    private var nextRequestID: UInt64 = 1
    var openRequestID: UInt64 = 0
    /// The request for a dry run, if the client makes one.
    var dryRunRequestID: UInt64 = 0
    var lastFailure = ClientError(.unreachable)
    var completions: [UInt64: CommandCompletion] = [:]
    var keyedCompletions: [UInt64: KeyedCompletion] = [:]
    var readRequests: [UInt64: ReadRequest] = [:]
    var helloWaiters: [Once<HelloAccepted>] = []
    var sessionWaiters: [Once<SessionStatus>] = []
    /// The latest retryable refusal of each command that had no other answer since, by request id.
    var retryableRefusals: [UInt64: Refusal] = [:]
    var accepted: HelloAccepted?
    /// When the hello was accepted, by the loop's clock.
    var acceptedAt = NIODeadline.distantPast
    /// When the first call waited for a hello; `nil` before that.
    var greetedAt: NIODeadline?

    init(
        _ configuration: ClientConfiguration,
        by connector: any Connector,
        on loop: any EventLoop
    ) {
        self.loop = loop
        let pauses = configuration.backoffMilliseconds
        let policy = LinkMachine.Policy(pauses: pauses, retriesViolations: true)
        self.link = Link(configuration, policy, by: connector, on: loop)
        self.machine = ClientStateMachine(
            session: configuration.session,
            continuesSession: configuration.continuesSession,
            waitsForStorage: configuration.waitsForStorage,
            isDryRun: configuration.isDryRun
        )
        self.keyed = KeyedCommands(waitsForStorage: configuration.waitsForStorage)
        self.link.owner = self
    }

    /// The pause before a request is retried after a retryable refusal.
    static let retryMilliseconds: Int64 = 20

    private var timeout: TimeAmount { self.link.configuration.timeout }

    /// The server's clock, estimated from its hello: never ahead of it.
    var serverTime: Instant {
        guard let accepted = self.accepted else { return .zero }
        let passed = (self.loop.now - self.acceptedAt).nanoseconds / 1_000
        return Instant(microseconds: accepted.serverTime.microseconds &+ passed)
    }

    /// The hello of a server that accepts requests now; `nil` without one.
    var greeting: HelloAccepted? { self.machine.acceptsRequests ? self.accepted : nil }

    func takeRequestID() -> UInt64 {
        defer { self.nextRequestID += 1 }
        return self.nextRequestID
    }

    // MARK: - Calls

    /// Completes once the server has accepted a hello.
    func greet(_ call: Call? = nil, _ completion: @escaping HelloCompletion) {
        self.begin(call, completing: completion) { once in
            if let greeting = self.greeting { return once.call(.success(greeting)) }
            self.helloWaiters.append(once)
            self.greetedAt = self.greetedAt ?? self.loop.now
        }
    }

    /// Completes once the session is open.
    func openSession(_ call: Call? = nil, _ completion: @escaping SessionCompletion) {
        self.begin(call, completing: completion) { once in
            if let status = self.machine.status { return once.call(.success(status)) }
            self.sessionWaiters.append(once)
            self.perform(self.machine.sessionNeeded())
        }
    }

    func completeHelloWaiters(_ result: Result<HelloAccepted, ClientError>) {
        let helloWaiters = self.helloWaiters
        self.helloWaiters = []
        for waiter in helloWaiters { waiter.call(result) }
    }

    func completeSessionWaiters(_ result: Result<SessionStatus, ClientError>) {
        let sessionWaiters = self.sessionWaiters
        self.sessionWaiters = []
        for waiter in sessionWaiters { waiter.call(result) }
    }

    /// Begins a call that waits for an event which completes all waiting calls at once.
    private func begin<Value: Sendable>(
        _ call: Call?,
        completing completion: @escaping @Sendable (Result<Value, ClientError>) -> Void,
        body: @escaping @Sendable (Once<Value>) -> Void
    ) {
        self.loop.execute {
            let once = Once(completion)
            if self.link.isClosed { return once.call(.failure(ClientError(.closed))) }
            if call?.begin({ once.call(.failure(ClientError(.cancelled))) }) == false { return }
            body(once)
            self.loop.scheduleTask(in: self.timeout) { once.call(.failure(self.lastFailure)) }
            self.link.connectIfNeeded()
        }
    }

    func submit(_ command: Command, _ completion: @escaping CommandCompletion) {
        self.submit(command.encoded, call: nil, completing: completion)
    }

    /// Submits a command.
    ///
    /// - Parameters:
    ///   - command: The encoded command.
    ///   - number: Its sequence number, which must be the next; `nil` for whichever is next.
    ///   - call: A call that may be cancelled; `nil` for none.
    ///   - completion: Called once, on the event loop.
    func submit(
        _ command: EncodedCommand,
        number: UInt64? = nil,
        call: Call? = nil,
        completing completion: @escaping CommandCompletion
    ) {
        self.loop.execute {
            if let error = self.refusal(of: command, behind: MemoryLayout<UInt64>.size) {
                return completion(.failure(error))
            }
            let id = self.takeRequestID()
            self.completions[id] = completion
            if call?.begin({ self.end(command: id, .cancelled) }) == false { return }
            if let number {
                guard
                    let action = self.machine.submitted(command, requestID: id, number: number)
                else { return self.complete(id, .failure(.outOfSequence(number))) }
                self.perform(action)
            } else {
                self.perform(self.machine.submitted(command, requestID: id))
            }
            self.link.connectIfNeeded()
            self.loop.scheduleTask(in: self.timeout) { self.end(command: id, .expired) }
        }
    }

    func submit(
        _ command: EncodedCommand,
        key: IdempotencyKey,
        firstTried: Instant?,
        call: Call? = nil,
        completing completion: @escaping KeyedCompletion
    ) {
        self.loop.execute {
            // The key with its length, and the instant.
            if let error = self.refusal(of: command, behind: 1 + key.text.utf8.count + 9) {
                return completion(.failure(error))
            }
            let id = self.takeRequestID()
            self.keyedCompletions[id] = completion
            if call?.begin({ self.end(keyed: id, .cancelled) }) == false { return }
            self.keyed.submitted(
                KeyedCommands.Pending(
                    requestID: id,
                    key: key,
                    firstTried: firstTried,
                    command: command
                )
            )
            self.sendKeyed()
            self.link.connectIfNeeded()
            self.loop.scheduleTask(in: self.timeout) { self.end(keyed: id, .expired) }
        }
    }

    /// Returns why a command cannot be sent at all: the client is closed, or no frame can hold the command.
    ///
    /// - Parameters:
    ///   - command: The encoded command.
    ///   - headByteCount: The bytes before the command in the request's body.
    /// - Returns: The error; `nil` if the command can be sent.
    private func refusal(of command: EncodedCommand, behind headByteCount: Int) -> ClientError? {
        if self.link.isClosed { return ClientError(.closed) }
        let byteCount = headByteCount + command.bytes.count
        let limit = WireLimits.requestByteCountMax
        guard byteCount > limit else { return nil }
        return .refused(WireError.frameTooLarge(byteCount: byteCount, limit: limit).refusal)
    }

    func request(_ request: Request, call: Call? = nil, handler: @escaping MessageHandler) {
        self.loop.execute {
            guard !self.link.isClosed else {
                _ = handler(.failure(ClientError(.closed)))
                return
            }
            let id = self.takeRequestID()
            self.readRequests[id] = ReadRequest(request: request, handler: handler)
            if call?.begin({ self.end(readRequest: id, .cancelled) }) == false { return }
            self.sendReadRequests([id])
            self.link.connectIfNeeded()
            self.loop.scheduleTask(in: self.timeout) { self.end(readRequest: id, .expired) }
        }
    }

    /// Sets the sequence number of the next command.
    func resume(from sequence: UInt64) { self.loop.execute { self.machine.resume(from: sequence) } }

    func close() -> EventLoopFuture<Void> {
        self.loop.flatSubmit {
            let closed = self.link.close()
            self.machine.closed()
            self.accepted = nil
            for id in self.completions.keys { self.end(command: id, .closed) }
            for id in self.keyedCompletions.keys { self.end(keyed: id, .closed) }
            for id in self.readRequests.keys { self.end(readRequest: id, .closed) }
            self.completeHelloWaiters(.failure(ClientError(.closed)))
            self.completeSessionWaiters(.failure(ClientError(.closed)))
            return closed
        }
    }
}

/// A call that its caller may cancel at any time, also before it has begun.
///
/// `@unchecked Sendable`: everything but the constants is confined to the event loop.
final class Call: @unchecked Sendable {
    private let loop: any EventLoop
    private var isCancelled = false
    private var onCancel: (() -> Void)?

    init(on loop: any EventLoop) { self.loop = loop }

    func cancel() {
        self.loop.execute {
            self.isCancelled = true
            self.onCancel.take()?()
        }
    }

    /// Registers the action that ends the call on cancellation.
    ///
    /// - Parameter onCancel: Ends the call; runs at once if the call was already cancelled.
    /// - Returns: Whether the call may begin.
    func begin(_ onCancel: @escaping () -> Void) -> Bool {
        if self.isCancelled { onCancel() } else { self.onCancel = onCancel }
        return !self.isCancelled
    }
}

/// A completion that runs at most once, by whichever event comes first; confined to the event loop.
final class Once<Value: Sendable>: @unchecked Sendable {
    private var body: (@Sendable (Result<Value, ClientError>) -> Void)?

    init(_ body: @escaping @Sendable (Result<Value, ClientError>) -> Void) { self.body = body }

    var isWaiting: Bool { self.body != nil }

    func call(_ result: Result<Value, ClientError>) { self.body.take()?(result) }
}
