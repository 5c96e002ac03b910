internal import Glibc
internal import Logging
internal import NIOCore

/// Performs the actions of ``ConnectionGate`` for all listeners.
///
/// Runs on the engine's loop, like every connection, hence `@unchecked Sendable`.
final class Acceptance: @unchecked Sendable {
    private var gate: ConnectionGate
    private let loop: any EventLoop
    private let logger: Logger
    /// Listeners that wait until another connection may be accepted.
    private var held: [AcceptHandler] = []
    private var isRetryScheduled = false

    /// The delay until a retry after descriptors ran out, if no connection closes before.
    private static let retryDelay = TimeAmount.seconds(1)

    init(connectionsMax: Int, loop: any EventLoop, logger: Logger) {
        self.gate = ConnectionGate(connectionsMax: connectionsMax)
        self.loop = loop
        self.logger = logger
    }

    /// Whether the listener may accept; if not, it is resumed when it may.
    fileprivate func admits(_ listener: AcceptHandler) -> Bool {
        self.loop.assertInEventLoop()
        if self.gate.isOpen { return true }
        if !self.held.contains(where: { $0 === listener }) { self.held.append(listener) }
        return false
    }

    fileprivate func accepted(_ connection: any Channel) {
        self.perform(self.gate.accepted())
        connection.closeFuture.whenComplete { _ in self.perform(self.gate.closed()) }
    }

    fileprivate func acceptFailed() {
        self.perform(self.gate.acceptFailed())
        guard !self.isRetryScheduled else { return }
        self.isRetryScheduled = true
        self.loop.scheduleTask(in: Self.retryDelay) {
            self.isRetryScheduled = false
            self.perform(self.gate.retry())
        }
    }

    private func perform(_ action: ConnectionGate.Action) {
        self.loop.assertInEventLoop()
        switch action {
        case .pause(let report), .resume(let report):
            if let report { self.log(report) }
        case .none:
            return
        }
        guard self.gate.isOpen else { return }
        let held = self.held
        self.held = []
        for listener in held { listener.accept() }
    }

    /// Traps if a listener is held that may accept, or is held twice.
    func checkInvariants() {
        self.gate.checkInvariants()
        precondition(
            !self.gate.isOpen || self.held.isEmpty,
            "\(self.held.count) listeners are held"
        )
        let distinct = Set(self.held.map { ObjectIdentifier($0) })
        precondition(distinct.count == self.held.count, "a listener is held twice")
    }

    private func log(_ report: ConnectionGate.Report) {
        switch report {
        case .full(let connectionsMax):
            self.logger.warning(
                """
                \(connectionsMax) connections, which is the limit: no more are accepted until one \
                closes (--connections, and the limit of open files: ulimit -n)
                """
            )
        case .exhausted(let connections):
            self.logger.warning(
                """
                no file descriptor for another connection beside \(connections): no more are \
                accepted until one is free (ulimit -n)
                """
            )
        case .over(let connections):
            self.logger.notice("\(connections) connections: new ones are accepted again")
        }
    }
}

/// Sits before a listening socket and lets it accept the next connection when the gate allows it.
final class AcceptHandler: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias OutboundIn = Never

    private let acceptance: Acceptance
    private var context: ChannelHandlerContext?

    init(_ acceptance: Acceptance) { self.acceptance = acceptance }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func read(context: ChannelHandlerContext) {
        if self.acceptance.admits(self) { context.read() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.acceptance.accepted(self.unwrapInboundIn(data))
        context.fireChannelRead(data)
    }

    /// Handles a lack of descriptors or kernel memory.
    ///
    /// Any other error is one client that went away while it was accepted.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let code = (error as? IOError)?.errnoCode,
            [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(code)
        else { return }
        self.acceptance.acceptFailed()
    }

    fileprivate func accept() { self.context?.read() }
}
