internal import InventoryWire
internal import NIOCore

/// One answer over its own connection, at the pace of its reader.
///
/// `@unchecked Sendable`: everything but the constants is confined to the event loop, and every entry
/// point switches to it first.
final class AnswerFeed: Feed, @unchecked Sendable {
    let link: Link
    var listener: (any FeedListener<ServerMessage>)?
    private let request: Request
    private var deadline = NIODeadline.now()
    private var lastFailure = ClientError(.unreachable)

    private static let requestID: UInt64 = 1

    init(
        _ request: Request,
        _ configuration: ClientConfiguration,
        by connector: any Connector,
        on loop: any EventLoop
    ) {
        self.request = request
        let pauses = configuration.backoffMilliseconds
        // An answer that has begun cannot be resumed; its caller retries.
        let policy = LinkMachine.Policy(pauses: pauses, reconnects: false)
        self.link = Link(configuration, policy, by: connector, on: loop)
    }

    // MARK: - The deadline

    func began() {
        self.extendDeadline()
        self.keepDeadline()
    }

    func resumed() { self.extendDeadline() }

    private func extendDeadline() {
        self.deadline = self.link.loop.now + self.link.configuration.timeout
    }

    /// Fails when no message arrives for the timeout of a call, not counting time in which the reader pauses.
    private func keepDeadline() {
        self.link.loop.scheduleTask(deadline: self.deadline) {
            guard !self.link.isClosed else { return }
            if !self.link.machine.isReading { self.extendDeadline() }
            guard self.deadline <= self.link.loop.now else { return self.keepDeadline() }
            let isConnected = self.link.machine.phase == .ready
            let code: ClientError.Code = isConnected ? .timedOut : .unreachable
            self.end(ClientError(code, self.lastFailure.message))
        }
    }

    // MARK: - Invariants

    /// Traps if it waits for longer than a call may take, or has a listener after its end.
    func checkInvariants() {
        self.link.checkInvariants()
        precondition(self.listener == nil || !self.link.isClosed, "closed with a listener")
        let latest = self.link.loop.now + self.link.configuration.timeout
        precondition(
            self.deadline <= latest,
            "the deadline is \((self.deadline - latest).nanoseconds) ns beyond the timeout"
        )
    }

    // MARK: - The connection

    func linkAccepted(_ hello: HelloAccepted) {
        self.link.send(self.request, id: Self.requestID)
    }

    func linkUnreachable(_ reason: String) {
        self.lastFailure = .unreachable(self.link.configuration.address, reason)
    }

    func linkLost(_ error: ClientError) {
        // The connection closed before the channel was handed over: another attempt follows.
        self.lastFailure = error
    }

    func linkReceived(_ requestID: UInt64, _ message: ServerMessage) {
        self.extendDeadline()
        switch message {
        case .refused(let refusal):
            self.end(.refused(refusal))
        case .goodbye:
            // The connection closes next, with the reason.
            break
        case .resultEnd, .backupEnd:
            self.yield([message])
            self.end(nil)
        default:
            self.yield([message])
        }
    }
}
