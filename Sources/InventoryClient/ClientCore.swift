internal import InventoryModel
internal import InventoryWire
internal import NIOCore
internal import NIOPosix

/// Performs what ``ClientStateMachine`` says, over one ``Link``: sends, hands over answers, keeps
/// deadlines.
///
/// `@unchecked Sendable`: everything but the constants belongs to the loop, and every entry hops
/// there first.
final class ClientCore: LinkOwner, @unchecked Sendable {
    typealias CommandCompletion = @Sendable (Result<Outcome, ClientError>) -> Void
    typealias KeyedCompletion = @Sendable (Result<KeyedOutcome, ClientError>) -> Void
    /// Takes the messages of an answer, and says whether it was the last.
    typealias MessageHandler = @Sendable (Result<ServerMessage, ClientError>) -> Bool

    let loop: any EventLoop
    let link: Link
    private(set) var machine: ClientStateMachine
    private var nextRequestID: UInt64 = 1
    private(set) var lastFailure = ClientError(.unreachable)
    private var completions: [UInt64: CommandCompletion] = [:]
    var keyed: KeyedCommands
    var keyedCompletions: [UInt64: KeyedCompletion] = [:]
    /// Why commands were turned away for now, that had no other answer since.
    var turnedAway: [UInt64: Refusal] = [:]
    private var handlers: [UInt64: MessageHandler] = [:]
    /// Requests that wait for a connection.
    private var unsent: [(id: UInt64, request: Request)] = []
    private var openRequestID: UInt64 = 0
    private(set) var accepted: HelloAccepted?
    /// When the hello was accepted, by the loop's clock.
    private var acceptedAt = NIODeadline.distantPast
    private var greeters: [@Sendable (Result<HelloAccepted, ClientError>) -> Void] = []

    private var openers: [@Sendable (Result<SessionStanding, ClientError>) -> Void] = []

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
            waitsForStorage: configuration.waitsForStorage
        )
        self.keyed = KeyedCommands(waitsForStorage: configuration.waitsForStorage)
        self.link.owner = self
    }

    /// The pause before a request that was turned away for now goes out again.
    static let retryMilliseconds: Int64 = 20

    var timeout: TimeAmount { self.link.configuration.timeout }
    var isClosed: Bool { self.link.isClosed }

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
            self.link.want()
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
            self.link.want()
        }
    }

    func submit(_ command: Command, _ completion: @escaping CommandCompletion) {
        self.submit(command.encoded, completion)
    }

    func submit(_ command: EncodedCommand, _ completion: @escaping CommandCompletion) {
        self.loop.execute {
            guard !self.isClosed else {
                completion(.failure(ClientError(.closed)))
                return
            }
            if let refusal = command.tooLarge() {
                completion(.failure(.refused(refusal)))
                return
            }
            let id = self.takeRequestID()
            self.completions[id] = completion
            self.perform(self.machine.submitted(command, requestID: id))
            self.link.want()
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
            if self.machine.takesRequests {
                self.link.send(request, id: id)
            } else {
                self.unsent.append((id, request))
                self.link.want()
            }
            self.loop.scheduleTask(in: self.timeout) { self.expire(request: id) }
        }
    }

    /// Has the next command take up the session's numbers at `sequence`.
    func goOn(from sequence: UInt64) { self.loop.execute { self.machine.goOn(from: sequence) } }

    func close() -> EventLoopFuture<Void> {
        self.loop.flatSubmit {
            let closed = self.link.close()
            for (id, completion) in self.completions {
                switch self.machine.givenUp(requestID: id) {
                case .withdrawn:
                    completion(.failure(ClientError(.closed)))
                case .unknown(let sequence):
                    completion(.failure(.unknown(sequence, "closed before its answer came")))
                }
            }
            self.completions = [:]
            self.abandonKeyed()
            self.failRequests(ClientError(.closed))
            self.machine.lost()
            return closed
        }
    }

    func takeRequestID() -> UInt64 {
        defer { self.nextRequestID += 1 }
        return self.nextRequestID
    }

    // MARK: - Deadlines

    private func expire(command id: UInt64) {
        guard let completion = self.completions.removeValue(forKey: id) else { return }
        switch self.machine.givenUp(requestID: id) {
        case .withdrawn:
            self.perform(self.machine.moreToSend())
            if let refusal = self.turnedAway.removeValue(forKey: id) {
                completion(.failure(.refused(refusal)))
            } else {
                completion(.failure(ClientError(.unreachable, self.lastFailure.message)))
            }
        case .unknown(let sequence):
            // It stays with its number: later ones are behind it, and its answer is still taken.
            completion(.failure(.unknown(sequence, "no answer to command \(sequence) in time")))
        }
    }

    private func expire(request id: UInt64) {
        guard let handler = self.handlers.removeValue(forKey: id) else { return }
        let wasSent = !self.unsent.contains { $0.id == id }
        self.unsent.removeAll { $0.id == id }
        let code: ClientError.Code = wasSent ? .timedOut : .unreachable
        _ = handler(.failure(ClientError(code, self.lastFailure.message)))
    }

    // MARK: - Connecting

    /// The server's clock, as far as its hello said: not ahead of it.
    var serverTime: Instant {
        guard let accepted = self.accepted else { return .zero }
        let passed = (self.loop.now - self.acceptedAt).nanoseconds / 1_000
        return Instant(microseconds: accepted.serverTime.microseconds &+ passed)
    }

    var wantsLink: Bool {
        !self.completions.isEmpty || !self.handlers.isEmpty || !self.greeters.isEmpty
            || !self.openers.isEmpty || !self.keyedCompletions.isEmpty
    }

    func linkUnreachable(_ reason: String) {
        self.lastFailure = .unreachable(self.link.configuration.address, reason)
    }

    func linkAccepted(_ accepted: HelloAccepted) {
        self.accepted = accepted
        self.acceptedAt = self.loop.now
        for greeter in self.greeters { greeter(.success(accepted)) }
        self.greeters = []
        self.perform(self.machine.accepted())
        self.sendKeyed()
        let unsent = self.unsent
        self.unsent = []
        for (id, request) in unsent { self.link.send(request, id: id) }
    }

    func linkLost(_ error: ClientError) {
        self.accepted = nil
        self.lastFailure = error
        self.machine.lost()
        self.keyed.lost()
        // A query whose answer has begun cannot be continued; its caller asks again.
        let lost = self.handlers.filter { id, _ in !self.unsent.contains { $0.id == id } }
        for (id, handler) in lost {
            self.handlers[id] = nil
            _ = handler(.failure(error))
        }
        if error.code == .refused { self.failGreeters(error) }
    }

    func linkEnded(_ error: ClientError) {
        preconditionFailure("a client's link ends only when it is closed; this one did by \(error)")
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

    // MARK: - Invariants

    /// - Complexity: O(n) for n calls that are under way.
    func checkInvariants() {
        self.link.machine.checkInvariants()
        self.machine.checkInvariants()
        self.keyed.checkInvariants()
        let phase = self.link.machine.phase
        precondition(!self.wantsLink || phase != .idle, "calls wait, and nobody connects")
        let isAccepted = phase == .ready || phase == .leaving
        precondition(!self.machine.takesRequests || isAccepted, "requests over a link \(phase)")
        for (id, _) in self.unsent {
            precondition(self.handlers[id] != nil, "request \(id) waits for nobody")
        }
    }

    // MARK: - Answers

    func linkReceived(_ id: UInt64, _ message: ServerMessage) {
        if id == self.openRequestID, self.machine.phase == .opening {
            self.receivedOpening(message)
            return
        }
        if self.receivedKeyed(id, message) || self.receivedAnswer(id, message) { return }
        guard let handler = self.handlers[id] else { return }
        if case .refused(let refusal) = message {
            self.handlers[id] = nil
            _ = handler(.failure(.refused(refusal)))
        } else if handler(.success(message)) {
            self.handlers[id] = nil
        }
    }

    /// Takes the answer to a command.
    ///
    /// - Returns: Whether the message is one.
    private func receivedAnswer(_ id: UInt64, _ message: ServerMessage) -> Bool {
        let settlement = self.machine.answered(requestID: id, refusal: message.refusal)
        switch settlement {
        case .stray:
            return false
        case .again:
            // The reason is the first one's: a gap only says that it waits for that.
            let isReason = message.refusal?.code.isRetryable ?? false
            let first = self.machine.commands.first?.requestID ?? id
            self.turnedAway[id] = isReason ? message.refusal : self.turnedAway[first]
            self.resendLater(id)
        case .stopped(let commands):
            let refusal = message.refusal ?? Refusal(.storageFull)
            for pending in commands {
                self.complete(pending.requestID, .failure(.refused(refusal)))
            }
        case .unknown(let sequence):
            let code = message.refusal?.code.name ?? "\(message.opcode)"
            self.complete(id, .failure(.unknown(sequence, "command \(sequence): \(code)")))
        case .settled:
            switch message {
            case .outcome(let outcome): self.complete(id, .success(outcome))
            case .refused(let refusal): self.complete(id, .success(.refused(refusal)))
            default:
                let problem = "\(message.opcode) answers a command"
                self.complete(id, .failure(ClientError(.protocolViolation, problem)))
            }
        }
        self.perform(self.machine.moreToSend())
        return true
    }

    /// Whoever waited may have given up by now, and been told so.
    private func complete(_ id: UInt64, _ result: Result<Outcome, ClientError>) {
        self.turnedAway[id] = nil
        self.completions.removeValue(forKey: id)?(result)
    }

    private func resendLater(_ id: UInt64) {
        self.loop.scheduleTask(in: .milliseconds(Self.retryMilliseconds)) {
            self.perform(self.machine.resending(after: id))
        }
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
            guard !self.machine.retries(refusal.code) else { return }
            for opener in self.openers { opener(.failure(.refused(refusal))) }
            self.openers = []
            self.link.leave()
        default:
            self.link.leave()
        }
    }

    private func perform(_ action: ClientStateMachine.Action) {
        switch action {
        case .openSession(let session, let mayCreate):
            self.openRequestID = self.takeRequestID()
            let request = Request.openSession(session, mayCreate: mayCreate)
            self.link.send(request, id: self.openRequestID)
        case .send(let commands):
            self.link.send { writer in
                for pending in commands {
                    pending.command.encodeFrame(
                        sequence: pending.sequence,
                        requestID: pending.requestID,
                        into: &writer
                    )
                }
            }
        case .openLater:
            self.loop.scheduleTask(in: .milliseconds(Self.retryMilliseconds)) {
                self.perform(self.machine.openIfWanted())
            }
        case .fail(let commands, let refusal):
            for pending in commands { self.fail(pending, refusal) }
        case .nothing:
            break
        }
    }

    /// The session of a command is gone.
    private func fail(_ pending: ClientStateMachine.PendingCommand, _ refusal: Refusal) {
        guard !pending.isUntouched else {
            self.complete(pending.requestID, .failure(.refused(refusal)))
            return
        }
        let problem = "command \(pending.sequence) had no answer, and its session is gone: "
        let error = ClientError.unknown(pending.sequence, problem + refusal.code.name)
        self.complete(pending.requestID, .failure(error))
    }
}

extension EncodedCommand {
    /// Why it cannot be sent at all, if so: no frame takes it.
    ///
    /// `headByteCount`: What goes before it in a request's body: its sequence number, if nothing else.
    func tooLarge(behind headByteCount: Int = MemoryLayout<UInt64>.size) -> Refusal? {
        let byteCount = headByteCount + self.bytes.count
        let limit = WireLimits.requestByteCountMax
        return byteCount <= limit
            ? nil : WireError.frameTooLarge(byteCount: byteCount, limit: limit).refusal
    }
}

extension ServerMessage {
    /// The refusal of a request, whatever it came in.
    var refusal: Refusal? {
        switch self {
        case .refused(let refusal), .outcome(.refused(let refusal)),
            .replayedOutcome(.refused(let refusal)):
            refusal
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
