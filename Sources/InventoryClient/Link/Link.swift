internal import Bytes
internal import InventoryWire
internal import NIOCore

/// The owner of a connection, which receives its events.
///
/// All methods are called on the link's event loop.
protocol LinkOwner: AnyObject, Sendable {
    /// Whether to reconnect after the connection was lost.
    var needsConnection: Bool { get }
    /// The server accepts requests from now on.
    func linkAccepted(_ hello: HelloAccepted)
    func linkReceived(_ requestID: UInt64, _ message: ServerMessage)
    /// No connection could be made; another attempt follows.
    func linkUnreachable(_ reason: String)
    /// The connection was lost; the link reconnects if ``needsConnection`` is true.
    func linkLost(_ error: ClientError)
    /// The connection was lost and the link has ended.
    func linkEnded(_ error: ClientError)
}

/// Performs the actions of ``LinkMachine`` on one event loop: connects, sends the hello, pauses, closes.
///
/// The owner sends and receives the messages. The link retains it during an attempt, a connection or a pause.
///
/// `@unchecked Sendable`: everything but the constants is confined to the event loop.
final class Link: @unchecked Sendable {
    let loop: any EventLoop
    let configuration: ClientConfiguration
    weak var owner: (any LinkOwner)?
    private let connector: any Connector
    private(set) var machine: LinkMachine
    fileprivate private(set) var channel: (any Channel)?
    /// The reason for closing the connection, until it is closed.
    fileprivate private(set) var leavingReason: ClientError?

    init(
        _ configuration: ClientConfiguration,
        _ policy: LinkMachine.Policy,
        by connector: any Connector,
        on loop: any EventLoop
    ) {
        self.loop = loop
        self.configuration = configuration
        self.connector = connector
        self.machine = LinkMachine(policy)
    }

    var isClosed: Bool { self.machine.phase == .closed }

    // MARK: - Calls of the owner

    /// Connects, unless there is a connection already or one is being made.
    func connectIfNeeded() { self.perform(self.machine.needed()) }

    /// The server has served the request: see ``LinkMachine/Policy/isServedByHello``.
    func served() { self.machine.served() }

    func pause() { self.perform(self.machine.readerPaused()) }

    func resume() { self.perform(self.machine.readerResumed()) }

    /// Closes this connection and makes another, as if it was lost with `reason`, if given.
    func leave(_ reason: ClientError? = nil) {
        let action = self.machine.left()
        if action == .closeConnection { self.leavingReason = reason }
        self.perform(action)
    }

    /// Closes the link permanently; the owner is not called any more.
    @discardableResult
    func close() -> EventLoopFuture<Void> {
        let action = self.machine.closed()
        guard action == .closeConnection, let channel = self.channel.take() else {
            return self.loop.makeSucceededVoidFuture()
        }
        return channel.close().recover { _ in
            // The peer had already closed it.
        }
    }

    /// Writes frames and sends them at once; without a connection they are dropped.
    func send(_ encode: (inout ByteWriter) -> Void) { self.channel?.send(encode) }

    func send(_ request: Request, id: UInt64) {
        self.send { request.encodeFrame(requestID: id, into: &$0) }
    }

    // MARK: - Performing

    private func perform(_ action: LinkMachine.Action) {
        switch action {
        case .connect(let attempt):
            if let owner { self.connect(attempt, owner) }
        case .greet(let isReading):
            if !isReading { self.setReading(false) }
            self.channel?.sendHello(self.configuration)
        case .wait(let milliseconds):
            let owner = self.owner
            self.loop.scheduleTask(in: .milliseconds(milliseconds)) {
                withExtendedLifetime(owner) { self.perform(self.machine.pauseEnded()) }
            }
        case .setReading(let isReading):
            self.setReading(isReading)
        case .closeConnection:
            self.channel?.close(promise: nil)
        case .nothing:
            break
        }
    }

    private func setReading(_ isReading: Bool) {
        self.channel?.setOption(.autoRead, value: isReading).whenFailure { _ in
            // The connection was lost in the meantime, which is reported as its own event.
        }
    }

    private func connect(_ attempt: UInt64, _ owner: any LinkOwner) {
        self.connector.connect(on: self.loop) {
            ClientHandler(
                onAccepted: { self.accepted($0, owner) },
                onMessage: { id, message in
                    guard self.machine.acceptsMessages else { return }
                    owner.linkReceived(id, message)
                },
                onClosed: { self.lost($0, attempt: attempt, of: owner) }
            )
        }.whenComplete { result in
            switch result {
            case .success(let channel): self.connected(channel, attempt)
            case .failure(let error):
                guard self.machine.unreachable(attempt) == .temporary else { return }
                owner.linkUnreachable(NetworkFailure.reason(error))
                self.perform(self.machine.resume(isNeeded: owner.needsConnection))
            }
        }
    }

    private func connected(_ channel: any Channel, _ attempt: UInt64) {
        guard let action = self.machine.connected(attempt) else {
            channel.close(promise: nil)
            return
        }
        self.channel = channel
        self.perform(action)
    }

    private func accepted(_ hello: HelloAccepted, _ owner: any LinkOwner) {
        switch self.machine.accepted() {
        case .begin: owner.linkAccepted(hello)
        case .violation: self.leave(ClientError(.protocolViolation, "a second helloAccepted"))
        case .ignored: break
        }
    }

    private func lost(_ error: ClientError, attempt: UInt64, of owner: any LinkOwner) {
        let error = self.leavingReason.take() ?? error
        switch self.machine.lost(attempt, error.code) {
        case .temporary:
            self.channel = nil
            owner.linkLost(error)
            self.perform(self.machine.resume(isNeeded: owner.needsConnection))
        case .final:
            self.channel = nil
            owner.linkEnded(error)
        case .ignored:
            break
        }
    }
}

extension Link {
    /// Traps if it has a channel without a connection, or a reason to close none.
    func checkInvariants() {
        self.machine.checkInvariants()
        let phase = self.machine.phase
        let isConnected = phase == .greeting || phase == .ready || phase == .leaving
        precondition((self.channel != nil) == isConnected, "a channel while \(phase)")
        precondition(
            self.leavingReason == nil || phase == .leaving || phase == .closed,
            "a reason to leave while \(phase)"
        )
    }
}

extension LinkOwner {
    /// By default the link reconnects until it is closed.
    var needsConnection: Bool { true }
}

extension ClientConfiguration {
    /// The timeout of a call.
    var timeout: TimeAmount { .milliseconds(self.timeoutMilliseconds) }
}
