public import InventoryModel
internal import InventoryWire
internal import NIOCore
internal import NIOPosix

/// What a subscription brings, in order.
public enum SubscriptionEvent: Hashable, Sendable {
    /// It begins after this LSN; with a snapshot first, or not.
    case began(lsn: UInt64, hasSnapshot: Bool)
    /// Rows of the snapshot.
    case snapshot([Change])
    /// The snapshot is complete; it was the state at this LSN.
    case caughtUp(lsn: UInt64)
    /// One step: all of its changes that the subscription is for.
    case entry(Entry)
    /// Everything up to this LSN has been delivered.
    case progress(lsn: UInt64)
    /// A copy of the levels that followed every step so far is the server's: it was compared as of
    /// this LSN.
    ///
    /// Comes about each second with the topic `InventoryModel/SubscriptionTopics/proof`.
    case proven(lsn: UInt64)
    /// What came is not what the server said: steps were lost, altered, repeated or exchanged on the
    /// way. It begins anew.
    case differs(lsn: UInt64)
    /// What came before is void; a snapshot follows.
    case reset
    /// The connection is gone, or the server refuses the subscription for now (``ClientError/refusal``): it goes
    /// on by itself once there is a connection again that takes it.
    case disconnected(ClientError)
}

/// The events of a subscription, for as long as they are listened to.
///
/// When the connection is lost it reconnects and resumes after the last step it delivered: every
/// step comes once. The connection is read only as fast as events are taken, so a slow listener
/// keeps a few of them in memory and the rest at the server. It ends by an error that trying again
/// cannot mend, such as a refused filter.
public struct SubscriptionEvents: AsyncSequence, Sendable {
    public typealias Element = SubscriptionEvent
    typealias Producer = NIOThrowingAsyncSequenceProducer<
        SubscriptionEvent, any Error,
        NIOAsyncSequenceProducerBackPressureStrategies.HighLowWatermark, SubscriptionFeed
    >

    private let subscription: Subscription
    private let configuration: ClientConfiguration

    init(_ subscription: Subscription, _ configuration: ClientConfiguration) {
        self.subscription = subscription
        self.configuration = configuration
    }

    public func makeAsyncIterator() -> Iterator {
        let feed = SubscriptionFeed(
            self.subscription,
            self.configuration,
            by: self.configuration.address,
            on: MultiThreadedEventLoopGroup.singleton.next()
        )
        let made = Producer.makeSequence(
            elementType: SubscriptionEvent.self,
            failureType: (any Error).self,
            backPressureStrategy: .init(lowWatermark: 256, highWatermark: 1_024),
            finishOnDeinit: true,
            delegate: feed
        )
        feed.start(SequenceListener(source: made.source))
        return Iterator(base: made.sequence.makeAsyncIterator())
    }

    public struct Iterator: AsyncIteratorProtocol {
        var base: Producer.AsyncIterator

        public mutating func next() async throws -> SubscriptionEvent? {
            try await self.base.next()
        }
    }
}

/// Who takes the events of a subscription.
protocol SubscriptionListener: Sendable {
    func take(_ events: [SubscriptionEvent]) -> SubscriptionDemand
    /// No more events come.
    func ended(_ error: ClientError)
}

enum SubscriptionDemand {
    case more
    /// None until it asks again.
    case enough
    case gone
}

/// The listener of the asynchronous sequence.
private struct SequenceListener: SubscriptionListener {
    let source: SubscriptionEvents.Producer.Source

    func take(_ events: [SubscriptionEvent]) -> SubscriptionDemand {
        switch self.source.yield(contentsOf: events) {
        case .produceMore: .more
        case .stopProducing: .enough
        case .dropped: .gone
        }
    }

    func ended(_ error: ClientError) { self.source.finish(error) }
}

/// Keeps one subscription going over its own connection: of one event loop.
final class SubscriptionFeed: NIOAsyncSequenceProducerDelegate, @unchecked Sendable {
    private let loop: any EventLoop
    private let configuration: ClientConfiguration
    private let connector: any Connector
    private var subscription: Subscription
    private var listener: (any SubscriptionListener)?
    private var channel: (any Channel)?
    private var backoff: Int64
    private var isOver = false
    /// Why the server does not serve it for now, until the connection is closed for that.
    private var refusal: Refusal?
    private var isPaused = false
    /// Whether the rows of a snapshot are coming in.
    private var isInSnapshot = false
    /// The last step that was told of; nothing before the subscription's first beginning.
    private var position: UInt64?
    /// What has come of a window whose end has not, if it is conflated: its levels are of one step only
    /// together, so it is handed over whole, and dropped where the connection ends before.
    private var window: [Entry] = []
    /// Whether this connection told what cannot be: nothing more of it counts.
    private var isDistrusted = false
    /// What the levels come to, where the subscriber wants that proven.
    private var proof: CopyProof?

    init(
        _ subscription: Subscription,
        _ configuration: ClientConfiguration,
        by connector: any Connector,
        on loop: any EventLoop
    ) {
        self.loop = loop
        self.subscription = subscription
        self.configuration = configuration
        self.connector = connector
        self.backoff = configuration.backoffMilliseconds.lowerBound
    }

    func start(_ listener: any SubscriptionListener) {
        self.loop.execute {
            self.listener = listener
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
            self.listener = nil
            self.channel?.close(promise: nil)
        }
    }

    private func setReading(_ isReading: Bool) {
        self.channel?.setOption(.autoRead, value: isReading).whenFailure { _ in
            // The connection went meanwhile.
        }
    }

    private func yield(_ events: [SubscriptionEvent]) {
        guard let listener = self.listener else { return }
        switch listener.take(events) {
        case .more: break
        case .enough:
            self.isPaused = true
            self.setReading(false)
        case .gone: self.isOver = true
        }
    }

    private func fail(_ error: ClientError) {
        self.isOver = true
        self.listener?.ended(error)
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
                self.yield([.disconnected(ClientError(.unreachable, NetworkFailure.reason(error)))])
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
        self.backoff = self.configuration.backoffMilliseconds.lowerBound
        self.isDistrusted = false
        self.channel?.send {
            Request.subscribe(self.subscription).encodeFrame(requestID: 1, into: &$0)
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
        self.window = []
        guard !self.isOver else { return }
        if error.code == .protocolViolation {
            self.fail(error)
            return
        }
        if self.isInSnapshot {
            // Half a snapshot is none: it begins again.
            self.subscription.start = .snapshot
            self.yield([.reset])
        }
        self.yield([.disconnected(self.refusal.take().map { .refused($0) } ?? error)])
        self.reconnectLater()
    }

    // MARK: - Events

    private func received(_ message: ServerMessage) {
        guard !self.isDistrusted else { return }
        if let lsn = self.outOfPlace(message) {
            self.distrust(lsn)
            return
        }
        switch message {
        case .subscribed(let subscribed):
            self.isInSnapshot = subscribed.hasSnapshot
            self.position = subscribed.hasSnapshot ? nil : subscribed.lsn
            if subscribed.hasSnapshot { self.beginProof() }
            if !subscribed.hasSnapshot { self.subscription.start = .after(subscribed.lsn) }
            self.yield([.began(lsn: subscribed.lsn, hasSnapshot: subscribed.hasSnapshot)])
        case .snapshotRows(let changes):
            for change in changes { self.proof?.apply(change) }
            self.yield([.snapshot(changes)])
        case .caughtUp(let lsn):
            self.isInSnapshot = false
            self.position = lsn
            self.subscription.start = .after(lsn)
            self.proof?.remember(lsn)
            self.yield([.caughtUp(lsn: lsn)])
        case .entries(let entries) where self.subscription.updatesPerSecond != nil:
            self.window += entries
        case .entries(let entries):
            self.told(entries)
        case .progress(let lsn, _):
            self.told(self.window)
            self.window = []
            self.position = lsn
            self.subscription.start = .after(lsn)
            self.yield([.progress(lsn: lsn)])
        case .digest(let lsn, let value):
            self.compare(lsn, value)
        case .reset:
            self.isInSnapshot = true
            self.position = nil
            self.window = []
            self.beginProof()
            self.yield([.reset])
        case .refused(let refusal):
            self.turnedAway(refusal)
        case .closed(let refusal, let lsn):
            if !self.isInSnapshot {
                self.position = lsn
                self.subscription.start = .after(lsn)
            }
            self.turnedAway(refusal)
        case .goodbye:
            // The connection closes next, and says why.
            break
        default:
            self.fail(ClientError(.protocolViolation, "\(message.opcode) in a subscription"))
        }
    }

    private func told(_ entries: [Entry]) {
        guard let last = entries.last else { return }
        self.position = last.lsn
        self.subscription.start = .after(last.lsn)
        self.follow(entries)
        self.yield(entries.map { .entry($0) })
    }

    /// The LSN of a message that cannot come here: of a step that was told of before, or of one that
    /// was passed over; nothing if it may.
    private func outOfPlace(_ message: ServerMessage) -> UInt64? {
        guard var position = self.window.last?.lsn ?? self.position else { return nil }
        switch message {
        case .subscribed(let subscribed) where !subscribed.hasSnapshot:
            return subscribed.lsn == position ? nil : subscribed.lsn
        case .entries(let entries):
            for entry in entries {
                if entry.lsn <= position { return entry.lsn }
                position = entry.lsn
            }
            return nil
        case .progress(let lsn, _):
            return lsn < position ? lsn : nil
        default:
            return nil
        }
    }

    /// What has come cannot be trusted, so it begins with the state again.
    private func distrust(_ lsn: UInt64) {
        self.isDistrusted = true
        self.position = nil
        self.subscription.start = .snapshot
        self.yield([.differs(lsn: lsn)])
        self.channel?.close(promise: nil)
    }

    // MARK: - The proof

    private func beginProof() {
        self.proof = self.subscription.topics.contains(.proof) ? CopyProof() : nil
    }

    private func follow(_ entries: [Entry]) {
        guard self.proof != nil else { return }
        for entry in entries {
            for change in entry.changes { self.proof?.apply(change) }
            self.proof?.remember(entry.lsn)
        }
    }

    private func compare(_ lsn: UInt64, _ value: UInt64) {
        switch self.proof?.check(lsn, value) {
        case .proven:
            self.yield([.proven(lsn: lsn)])
        case .differs:
            self.distrust(lsn)
        case .unknown, nil:
            break
        }
    }
}
