internal import InventoryModel
internal import InventoryWire
internal import NIOCore
internal import NIOPosix

/// Keeps one subscription to an insight going over its own connection.
///
/// `@unchecked Sendable`: everything but the constants belongs to the loop, and every entry hops
/// there first.
final class InsightFeed: NIOAsyncSequenceProducerDelegate, @unchecked Sendable {
    private let loop: any EventLoop
    private let insight: Insight
    private let configuration: ClientConfiguration
    private let connector: any Connector
    private var source: InsightEvents.Producer.Source?
    private var channel: (any Channel)?
    private var copy = InsightCopy()
    private var backoff: Int64
    private var isOver = false
    /// Why the server does not serve it for now, until the connection is closed for that.
    private var refusal: Refusal?
    private var isPaused = false

    private static let requestID: UInt64 = 1

    init(
        _ insight: Insight,
        _ configuration: ClientConfiguration,
        by connector: any Connector,
        on loop: any EventLoop
    ) {
        self.insight = insight
        self.configuration = configuration
        self.connector = connector
        self.loop = loop
        self.backoff = configuration.backoffMilliseconds.lowerBound
    }

    func start(_ source: InsightEvents.Producer.Source) {
        self.loop.execute {
            self.source = source
            self.connect()
        }
    }

    // MARK: - The listener

    func produceMore() {
        self.loop.execute {
            guard self.isPaused else { return }
            self.isPaused = false
            self.setReading(true)
        }
    }

    func didTerminate() {
        self.loop.execute {
            self.isOver = true
            self.source = nil
            self.channel?.close(promise: nil)
        }
    }

    private func setReading(_ isReading: Bool) {
        self.channel?.setOption(.autoRead, value: isReading).whenFailure { _ in
            // The connection went meanwhile.
        }
    }

    private func yield(_ event: InsightEvent) {
        switch self.source?.yield(contentsOf: [event]) {
        case .produceMore: break
        case .stopProducing:
            self.isPaused = true
            self.setReading(false)
        case .dropped, nil: self.isOver = true
        }
    }

    private func fail(_ error: ClientError) {
        self.isOver = true
        self.source?.finish(error)
        self.source = nil
        self.channel?.close(promise: nil)
    }

    // MARK: - The connection

    private func connect() {
        guard !self.isOver else { return }
        self.connector.connect(on: self.loop) {
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
                if self.isPaused { self.setReading(false) }
                channel.sendHello(self.configuration)
            case .failure(let error):
                self.yield(.disconnected(ClientError(.unreachable, NetworkFailure.reason(error))))
                self.reconnectLater()
            }
        }
    }

    private func reconnectLater() {
        guard !self.isOver else { return }
        let pause = self.backoff
        self.backoff = min(self.backoff * 2, self.configuration.backoffMilliseconds.upperBound)
        self.loop.scheduleTask(in: .milliseconds(pause)) { self.connect() }
    }

    private func accepted() {
        self.channel?.send {
            Request.subscribeInsight(self.insight)
                .encodeFrame(requestID: Self.requestID, into: &$0)
        }
    }

    /// The server refuses the subscription, or ends it: for now, or for good.
    private func turnedAway(_ refusal: Refusal) {
        guard refusal.code.isRetryable else { return self.fail(.refused(refusal)) }
        self.refusal = refusal
        self.channel?.close(promise: nil)
    }

    private func lost(_ error: ClientError) {
        self.channel = nil
        guard !self.isOver else { return }
        if error.code == .protocolViolation {
            self.fail(error)
            return
        }
        self.copy = InsightCopy()
        self.yield(.disconnected(self.refusal.take().map { .refused($0) } ?? error))
        self.reconnectLater()
    }

    private func received(_ message: ServerMessage) {
        guard !self.isOver else { return }
        switch message {
        case .refused(let refusal), .closed(let refusal, _):
            self.turnedAway(refusal)
        case .goodbye:
            // The connection closes next, and says why.
            break
        default:
            do throws(ClientError) {
                guard let event = try self.copy.take(message) else { return }
                // Only a result says that the server has room for one more.
                self.backoff = self.configuration.backoffMilliseconds.lowerBound
                self.yield(event)
            } catch {
                self.fail(error)
            }
        }
    }
}
