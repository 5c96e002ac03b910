internal import Bytes
internal import InventoryWire
internal import NIOCore

/// Who keeps a connection: what it brings.
///
/// All calls come on the link's loop.
protocol LinkOwner: AnyObject, Sendable {
    /// Whether another connection is to be made after one was lost.
    var wantsLink: Bool { get }
    /// The server takes requests from now on.
    func linkAccepted(_ hello: HelloAccepted)
    func linkReceived(_ requestID: UInt64, _ message: ServerMessage)
    /// No connection could be made; another attempt follows.
    func linkUnreachable(_ reason: String)
    /// The connection is gone; another one follows, if it is wanted.
    func linkLost(_ error: ClientError)
    /// The connection is gone, and the link with it.
    func linkEnded(_ error: ClientError)
}

/// Performs what ``LinkMachine`` says, on one event loop: connects, says hello, pauses, closes.
///
/// Whatever goes over the connection is its owner's, which it keeps alive while there is an attempt, a
/// connection or a pause.
///
/// `@unchecked Sendable`: everything but the constants belongs to the loop.
final class Link: @unchecked Sendable {
    let loop: any EventLoop
    let configuration: ClientConfiguration
    weak var owner: (any LinkOwner)?
    private let connector: any Connector
    private(set) var machine: LinkMachine
    private var channel: (any Channel)?
    /// Why the connection is being given up, until it is closed for that.
    private var leavingReason: ClientError?

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

    // MARK: - The owner's part

    /// Connects, unless there is a connection already or one is being made.
    func want() { self.perform(self.machine.wanted()) }

    /// The server serves what was asked for: see ``LinkMachine/Policy/isServedByHello``.
    func served() { self.machine.served() }

    func pause() { self.perform(self.machine.readerPaused()) }

    func resume() { self.perform(self.machine.readerResumed()) }

    /// Gives this connection up and makes another: it is lost by `reason`, if that is given.
    func leave(_ reason: ClientError? = nil) {
        self.leavingReason = reason
        self.perform(self.machine.left())
    }

    /// Ends it for good; its owner is called no more.
    @discardableResult
    func close() -> EventLoopFuture<Void> {
        let action = self.machine.closed()
        guard action == .closeConnection, let channel = self.channel.take() else {
            return self.loop.makeSucceededVoidFuture()
        }
        return channel.close().recover { _ in
            // It was closed from the other side.
        }
    }

    /// Writes frames and sends them at once; without a connection they are gone.
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
            // The connection went meanwhile, which is an event of its own.
        }
    }

    private func connect(_ attempt: UInt64, _ owner: any LinkOwner) {
        self.connector.connect(on: self.loop) {
            ClientHandler(
                onAccepted: { self.accepted($0, owner) },
                onMessage: { id, message in
                    guard self.machine.takesMessages else { return }
                    owner.linkReceived(id, message)
                },
                onClosed: { self.lost($0, attempt: attempt, of: owner) }
            )
        }.whenComplete { result in
            switch result {
            case .success(let channel): self.connected(channel, attempt)
            case .failure(let error):
                guard self.machine.unreachable(attempt) == .passing else { return }
                owner.linkUnreachable(NetworkFailure.reason(error))
                self.perform(self.machine.resume(isWanted: owner.wantsLink))
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
        case .passing:
            self.channel = nil
            owner.linkLost(error)
            self.perform(self.machine.resume(isWanted: owner.wantsLink))
        case .final:
            self.channel = nil
            owner.linkEnded(error)
        case .ignored:
            break
        }
    }
}

extension LinkOwner {
    /// Kept until it is closed, unless the owner has something else to say.
    var wantsLink: Bool { true }
}

extension ClientConfiguration {
    /// How long a call takes at most.
    var timeout: TimeAmount { .milliseconds(self.timeoutMilliseconds) }
}
