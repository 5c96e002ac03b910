internal import InventoryModel
internal import InventoryWire
internal import NIOCore
internal import NIOPosix

/// One answer over a connection of its own, at its reader's pace.
///
/// `@unchecked Sendable`: everything but the constants belongs to the loop, and every entry hops there
/// first.
final class AnswerFeed: NIOAsyncSequenceProducerDelegate, @unchecked Sendable {
    private let loop: any EventLoop
    private let query: Query
    private let configuration: ClientConfiguration
    private var source: QueryRows.Producer.Source?
    private var channel: (any Channel)?
    private var isOver = false
    private var isPaused = false
    private var hasConnected = false
    private var backoff: Int64
    private var deadline: NIODeadline
    private var lastFailure = ClientError(.unreachable)

    private static let requestID: UInt64 = 1

    init(_ query: Query, _ configuration: ClientConfiguration, on loop: any EventLoop) {
        self.query = query
        self.configuration = configuration
        self.loop = loop
        self.backoff = configuration.backoffMilliseconds.lowerBound
        self.deadline = .now()
    }

    func start(_ source: QueryRows.Producer.Source) {
        self.loop.execute {
            self.source = source
            self.extendDeadline()
            self.keepDeadline()
            self.connect()
        }
    }

    // MARK: - The reader

    func produceMore() {
        self.loop.execute {
            guard self.isPaused else { return }
            self.isPaused = false
            self.extendDeadline()
            self.setReading(true)
        }
    }

    func didTerminate() { self.loop.execute { self.end(nil) } }

    private func setReading(_ isReading: Bool) {
        self.channel?.setOption(.autoRead, value: isReading).whenFailure { _ in
            // The connection went meanwhile, which ends the answer by itself.
        }
    }

    // MARK: - The deadline

    private func extendDeadline() {
        self.deadline = .now() + .milliseconds(self.configuration.timeoutMilliseconds)
    }

    /// Fails when nothing came for as long as a call may take; a pause of the reader's does not count.
    private func keepDeadline() {
        self.loop.scheduleTask(deadline: self.deadline) {
            guard !self.isOver else { return }
            if self.isPaused { self.extendDeadline() }
            if self.deadline > .now() {
                self.keepDeadline()
                return
            }
            let code: ClientError.Code = self.hasConnected ? .timedOut : .unreachable
            self.end(ClientError(code, self.lastFailure.message))
        }
    }

    // MARK: - The connection

    private func connect() {
        guard !self.isOver else { return }
        self.configuration.address.connect(on: self.loop) {
            ClientHandler(
                onAccepted: { _ in self.accepted() },
                onMessage: { _, message in self.received(message) },
                onClosed: { self.lost($0) }
            )
        }.whenComplete { result in
            switch result {
            case .success(let channel):
                guard !self.isOver else {
                    channel.close(promise: nil)
                    return
                }
                self.channel = channel
                channel.sendHello(self.configuration)
            case .failure(let error):
                self.lastFailure = ClientError(
                    .unreachable,
                    "cannot connect to \(self.configuration.address): "
                        + NetworkFailure.reason(error)
                )
                let pause = self.backoff
                self.backoff = min(pause * 2, self.configuration.backoffMilliseconds.upperBound)
                self.loop.scheduleTask(in: .milliseconds(pause)) { self.connect() }
            }
        }
    }

    private func accepted() {
        self.hasConnected = true
        self.channel?.send {
            Request.query(self.query).encodeFrame(requestID: Self.requestID, into: &$0)
        }
    }

    /// An answer that has begun cannot be continued; its caller asks again.
    private func lost(_ error: ClientError) {
        self.channel = nil
        self.end(error)
    }

    private func received(_ message: ServerMessage) {
        guard !self.isOver else { return }
        self.extendDeadline()
        switch message {
        case .refused(let refusal):
            self.end(.refused(refusal))
        case .goodbye:
            // The connection closes next, and says why.
            break
        default:
            let isLast = if case .resultEnd = message { true } else { false }
            self.yield(message)
            if isLast { self.end(nil) }
        }
    }

    private func yield(_ message: ServerMessage) {
        switch self.source?.yield(contentsOf: [message]) {
        case .produceMore: break
        case .stopProducing:
            self.isPaused = true
            self.setReading(false)
        case .dropped, nil:
            self.end(nil)
        }
    }

    private func end(_ error: ClientError?) {
        guard !self.isOver else { return }
        self.isOver = true
        if let error { self.source?.finish(error) } else { self.source?.finish() }
        self.source = nil
        self.channel?.close(promise: nil)
        self.channel = nil
    }
}
