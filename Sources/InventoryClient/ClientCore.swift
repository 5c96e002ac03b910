internal import ColumnStore
internal import Inventory
internal import InventoryWire
internal import NIOCore
internal import NIOPosix

/// Performs what ``ClientStateMachine`` says, on one event loop: connects, sends, keeps deadlines.
///
/// `@unchecked Sendable`: everything but the constants belongs to the loop, and every entry hops
/// there first.
final class ClientCore: @unchecked Sendable {
    typealias CommandCompletion = @Sendable (Result<Outcome, ClientError>) -> Void
    /// Takes the messages of an answer, and says whether it was the last.
    typealias MessageHandler = @Sendable (Result<ServerMessage, ClientError>) -> Bool

    let loop: any EventLoop
    private let configuration: ClientConfiguration
    private let connector: any Connector
    private var machine: ClientStateMachine
    private var channel: (any Channel)?
    private var isConnecting = false
    private var isClosed = false
    private var nextRequestID: UInt64 = 1
    private var backoff: Int64
    private var lastFailure = ClientError(.unreachable)
    private var completions: [UInt64: CommandCompletion] = [:]
    /// Why commands were turned away for now that have not gone out again since.
    private var turnedAway: [UInt64: Refusal] = [:]
    private var handlers: [UInt64: MessageHandler] = [:]
    /// Requests that wait for a connection.
    private var unsent: [(id: UInt64, request: Request)] = []
    private var openRequestID: UInt64 = 0
    private(set) var accepted: HelloAccepted?
    private var greeters: [@Sendable (Result<HelloAccepted, ClientError>) -> Void] = []

    private var openers: [@Sendable (Result<SessionStanding, ClientError>) -> Void] = []

    init(
        _ configuration: ClientConfiguration,
        by connector: any Connector,
        on loop: any EventLoop
    ) {
        self.loop = loop
        self.configuration = configuration
        self.connector = connector
        self.machine = ClientStateMachine(
            session: configuration.session,
            continuesSession: configuration.continuesSession
        )
        self.backoff = configuration.backoffMilliseconds.lowerBound
    }

    /// The pause before a request that was turned away for now goes out again.
    private static let retryMilliseconds: Int64 = 20

    private var timeout: TimeAmount { .milliseconds(self.configuration.timeoutMilliseconds) }

    // MARK: - Asking

    /// Completes once the server has accepted a hello.
    func greet(_ completion: @escaping @Sendable (Result<HelloAccepted, ClientError>) -> Void) {
        self.loop.execute {
            if let accepted = self.accepted {
                completion(.success(accepted))
                return
            }
            let once = Once(completion)
            self.greeters.append { once.call($0) }
            self.loop.scheduleTask(in: self.timeout) { once.call(.failure(self.lastFailure)) }
            self.connectIfNeeded()
        }
    }

    /// Completes once the session is open.
    func openSession(
        _ completion: @escaping @Sendable (Result<SessionStanding, ClientError>) -> Void
    ) {
        self.loop.execute {
            if let standing = self.machine.standing {
                completion(.success(standing))
                return
            }
            let once = Once(completion)
            self.openers.append { once.call($0) }
            self.perform(self.machine.sessionWanted())
            self.loop.scheduleTask(in: self.timeout) { once.call(.failure(self.lastFailure)) }
            self.connectIfNeeded()
        }
    }

    func submit(_ command: Command, _ completion: @escaping CommandCompletion) {
        self.loop.execute {
            guard !self.isClosed else {
                completion(.failure(ClientError(.closed)))
                return
            }
            let id = self.takeRequestID()
            self.completions[id] = completion
            self.perform(self.machine.submitted(command, requestID: id))
            self.connectIfNeeded()
            self.loop.scheduleTask(in: self.timeout) { self.expire(command: id) }
        }
    }

    func request(_ request: Request, _ handler: @escaping MessageHandler) {
        self.loop.execute {
            guard !self.isClosed else {
                _ = handler(.failure(ClientError(.closed)))
                return
            }
            let id = self.takeRequestID()
            self.handlers[id] = handler
            if self.machine.takesRequests, let channel = self.channel {
                channel.send { request.encodeFrame(requestID: id, into: &$0) }
            } else {
                self.unsent.append((id, request))
                self.connectIfNeeded()
            }
            self.loop.scheduleTask(in: self.timeout) { self.expire(request: id) }
        }
    }

    func close() -> EventLoopFuture<Void> {
        self.loop.flatSubmit {
            self.isClosed = true
            for (_, completion) in self.completions {
                completion(.failure(ClientError(.closed)))
            }
            self.completions = [:]
            self.failRequests(ClientError(.closed))
            guard let channel = self.channel else { return self.loop.makeSucceededVoidFuture() }
            self.channel = nil
            return channel.close().recover { _ in
                // It was closed from the other side.
            }
        }
    }

    private func takeRequestID() -> UInt64 {
        defer { self.nextRequestID += 1 }
        return self.nextRequestID
    }

    // MARK: - Deadlines

    private func expire(command id: UInt64) {
        guard let completion = self.completions.removeValue(forKey: id) else { return }
        let pending = self.machine.commands.first { $0.requestID == id }
        guard let pending, pending.wasSent else {
            completion(.failure(ClientError(.unreachable, self.lastFailure.message)))
            return
        }
        if let refusal = self.turnedAway[id], self.machine.withdrawn(requestID: id) {
            // Not looked at, and not sent again: it was not carried out, and the reason is known.
            self.turnedAway[id] = nil
            completion(.failure(.refused(refusal)))
            return
        }
        // It stays with its number: later ones are behind it, and its answer is still taken.
        completion(
            .failure(
                ClientError(
                    .unknown,
                    "no answer to command \(pending.sequence) in time",
                    sequence: pending.sequence
                )
            )
        )
    }

    private func expire(request id: UInt64) {
        guard let handler = self.handlers.removeValue(forKey: id) else { return }
        let wasSent = !self.unsent.contains { $0.id == id }
        self.unsent.removeAll { $0.id == id }
        let code: ClientError.Code = wasSent ? .timedOut : .unreachable
        _ = handler(.failure(ClientError(code, self.lastFailure.message)))
    }

    // MARK: - Connecting

    private func connectIfNeeded() {
        guard self.channel == nil, !self.isConnecting, !self.isClosed else { return }
        self.isConnecting = true
        self.connector.connect(on: self.loop) {
            ClientHandler(
                onAccepted: { self.helloAccepted($0) },
                onMessage: { self.received($0, $1) },
                onClosed: { self.connectionLost($0) }
            )
        }.whenComplete { result in
            self.isConnecting = false
            switch result {
            case .success(let channel):
                guard !self.isClosed else {
                    channel.close(promise: nil)
                    return
                }
                self.channel = channel
                self.perform(self.machine.connected())
            case .failure(let error):
                let address = self.configuration.address
                self.lastFailure = ClientError(
                    .unreachable,
                    "cannot connect to \(address): \(Self.reason(error))"
                )
                self.reconnectLater()
            }
        }
    }

    private static func reason(_ error: any Error) -> String {
        if let error = error as? NIOConnectionError {
            return error.connectionErrors.first.map { "\($0.error)" } ?? "\(error)"
        }
        return "\(error)"
    }

    private func reconnectLater() {
        let hasWork =
            !self.completions.isEmpty || !self.handlers.isEmpty || !self.greeters.isEmpty
            || !self.openers.isEmpty
        guard hasWork, !self.isClosed else { return }
        let pause = self.backoff
        self.backoff = min(self.backoff * 2, self.configuration.backoffMilliseconds.upperBound)
        self.loop.scheduleTask(in: .milliseconds(pause)) { self.connectIfNeeded() }
    }

    private func helloAccepted(_ accepted: HelloAccepted) {
        self.accepted = accepted
        self.backoff = self.configuration.backoffMilliseconds.lowerBound
        for greeter in self.greeters { greeter(.success(accepted)) }
        self.greeters = []
        self.perform(self.machine.accepted())
        let unsent = self.unsent
        self.unsent = []
        for (id, request) in unsent {
            self.channel?.send { request.encodeFrame(requestID: id, into: &$0) }
        }
    }

    private func connectionLost(_ error: ClientError) {
        guard !self.isClosed else { return }
        self.channel = nil
        self.accepted = nil
        self.lastFailure = error
        self.machine.lost()
        // A query whose answer has begun cannot be continued; its caller asks again.
        let lost = self.handlers.filter { id, _ in !self.unsent.contains { $0.id == id } }
        for (id, handler) in lost {
            self.handlers[id] = nil
            _ = handler(.failure(error))
        }
        if error.code == .refused { self.failGreeters(error) }
        self.reconnectLater()
    }

    private func failGreeters(_ error: ClientError) {
        for greeter in self.greeters { greeter(.failure(error)) }
        self.greeters = []
    }

    private func failRequests(_ error: ClientError) {
        let handlers = self.handlers
        self.handlers = [:]
        self.unsent = []
        for handler in handlers.values { _ = handler(.failure(error)) }
    }

    // MARK: - Answers

    private func received(_ id: UInt64, _ message: ServerMessage) {
        if id == self.openRequestID, self.machine.phase == .opening {
            self.receivedOpening(message)
            return
        }
        if let completion = self.takeCompletion(id, message) {
            switch message {
            case .outcome(let outcome): completion(.success(outcome))
            case .refused(let refusal): completion(.success(.refused(refusal)))
            default:
                completion(.failure(ClientError(.protocolViolation, "\(message.opcode)")))
            }
            return
        }
        guard let handler = self.handlers[id] else { return }
        if case .refused(let refusal) = message {
            self.handlers[id] = nil
            _ = handler(.failure(.refused(refusal)))
        } else if handler(.success(message)) {
            self.handlers[id] = nil
        }
    }

    /// The completion of the command that a message answers; nothing if the message answers none.
    private func takeCompletion(_ id: UInt64, _ message: ServerMessage) -> CommandCompletion? {
        // A gap is what follows a command that was turned away for now.
        if let refusal = message.refusal,
            refusal.code.isRetryable || refusal.code == .sequenceGap,
            let pending = self.machine.refusedForNow(requestID: id)
        {
            // Not looked at, so its number is still free: it goes out again shortly, in its order.
            self.turnedAway[id] = refusal
            self.loop.scheduleTask(in: .milliseconds(Self.retryMilliseconds)) {
                self.resend(pending)
            }
            return nil
        }
        guard self.machine.answered(requestID: id) != nil else { return nil }
        self.turnedAway[id] = nil
        return self.completions.removeValue(forKey: id) ?? { _ in }
    }

    private func resend(_ pending: ClientStateMachine.PendingCommand) {
        guard self.machine.phase == .ready,
            let first = self.machine.commands.first, first.sequence == pending.sequence
        else { return }
        self.perform(.send(self.machine.commands))
    }

    private func receivedOpening(_ message: ServerMessage) {
        switch message {
        case .sessionOpened(let standing):
            self.perform(self.machine.opened(standing))
            for opener in self.openers { opener(.success(standing)) }
            self.openers = []
        case .refused(let refusal):
            self.lastFailure = .refused(refusal)
            self.perform(self.machine.openingRefused(refusal))
            // The calls that wait for it have their deadlines.
            guard !refusal.code.isRetryable else { return }
            for opener in self.openers { opener(.failure(.refused(refusal))) }
            self.openers = []
            self.channel?.close(promise: nil)
        default:
            self.channel?.close(promise: nil)
        }
    }

    private func perform(_ action: ClientStateMachine.Action) {
        switch action {
        case .sendHello:
            self.channel?.sendHello(self.configuration)
        case .openSession(let session, let mayCreate):
            self.openRequestID = self.takeRequestID()
            let request = Request.openSession(session, mayCreate: mayCreate)
            self.channel?.send { request.encodeFrame(requestID: self.openRequestID, into: &$0) }
        case .send(let commands):
            for pending in commands { self.turnedAway[pending.requestID] = nil }
            self.channel?.send { writer in
                for pending in commands {
                    Request.command(sequence: pending.sequence, pending.command)
                        .encodeFrame(requestID: pending.requestID, into: &writer)
                }
            }
        case .openLater:
            self.loop.scheduleTask(in: .milliseconds(Self.retryMilliseconds)) {
                self.perform(self.machine.openIfWanted())
            }
        case .fail(let commands, let refusal):
            for pending in commands {
                let completion = self.completions.removeValue(forKey: pending.requestID)
                completion?(.failure(.refused(refusal)))
            }
        case .nothing:
            break
        }
    }
}

extension ServerMessage {
    /// The refusal of a request, whatever it came in.
    fileprivate var refusal: Refusal? {
        switch self {
        case .refused(let refusal), .outcome(.refused(let refusal)): refusal
        default: nil
        }
    }
}

/// Calls once; of the loop.
private final class Once<Value: Sendable>: @unchecked Sendable {
    private var body: (@Sendable (Value) -> Void)?
    init(_ body: @escaping @Sendable (Value) -> Void) { self.body = body }

    func call(_ value: Value) {
        self.body?(value)
        self.body = nil
    }
}
