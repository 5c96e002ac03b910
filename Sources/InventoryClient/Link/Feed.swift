internal import InventoryModel
internal import NIOCore

/// Events over their own connection, at the pace of their consumer (back-pressure).
///
///     server ──▶ Link ──messages──▶ feed ──events──▶ listener
///                 ◀── pause, resume, close ──────────────┘
///
/// The common part of all feeds is here; each feed sends its request and turns messages into events.
protocol Feed: LinkOwner, NIOAsyncSequenceProducerDelegate {
    associatedtype Event: Sendable
    var link: Link { get }
    /// `nil` before it begins and after it has ended.
    var listener: (any FeedListener<Event>)? { get set }
    func began()
    /// The listener accepts events again.
    func resumed()
}

/// Receives the events of a feed.
protocol FeedListener<Event>: Sendable {
    associatedtype Event
    func take(_ events: [Event]) -> FeedDemand
    /// The feed has ended: with an error, or `nil` if it is complete.
    func ended(_ error: ClientError?)
}

enum FeedDemand {
    case more
    /// No more until the listener requests them.
    case enough
    case gone
}

extension Feed {
    func began() {
        // Most feeds have nothing to do before they are connected.
    }

    func resumed() {
        // The connection is read again; most feeds have nothing else to do.
    }

    func linkEnded(_ error: ClientError) { self.end(error) }

    func start(_ listener: any FeedListener<Event>) {
        self.link.loop.execute {
            self.link.owner = self
            self.listener = listener
            self.began()
            self.link.connectIfNeeded()
        }
    }

    // MARK: - The listener

    func produceMore() {
        self.link.loop.execute {
            guard !self.link.machine.isReading else { return }
            self.resumed()
            self.link.resume()
        }
    }

    func didTerminate() { self.link.loop.execute { self.stop() } }

    func yield(_ events: [Event]) {
        switch self.listener?.take(events) {
        case .more, nil: break
        case .enough: self.link.pause()
        case .gone: self.stop()
        }
    }

    /// The server refuses or ends the request: retries if the refusal is retryable, otherwise ends the feed.
    func refused(_ refusal: Refusal) {
        if refusal.code.isRetryable {
            self.link.leave(.refused(refusal))
        } else {
            self.end(.refused(refusal))
        }
    }

    /// Ends the feed, with an error or because it is complete.
    func end(_ error: ClientError?) {
        let listener = self.listener
        self.stop()
        listener?.ended(error)
    }

    private func stop() {
        self.listener = nil
        self.link.close()
    }
}

// MARK: - As an asynchronous sequence

extension Feed {
    typealias Producer = NIOThrowingAsyncSequenceProducer<
        Event, any Error, NIOAsyncSequenceProducerBackPressureStrategies.HighLowWatermark, Self
    >

    /// Starts the feed and returns an iterator over its events.
    ///
    /// Dropping the iterator or cancelling the iterating task ends the feed and closes its connection.
    ///
    /// - Parameter waiting: The counts of buffered events at which the connection is read again (lower
    ///   bound) and paused (upper bound).
    /// - Returns: The iterator.
    func events(waiting: ClosedRange<Int>) -> FeedIterator<Self> {
        let made = Producer.makeSequence(
            elementType: Event.self,
            failureType: (any Error).self,
            backPressureStrategy: .init(
                lowWatermark: waiting.lowerBound,
                highWatermark: waiting.upperBound
            ),
            finishOnDeinit: true,
            delegate: self
        )
        self.start(SequenceListener<Self>(source: made.source))
        return FeedIterator(base: made.sequence.makeAsyncIterator())
    }
}

/// Iterates the events of a feed.
struct FeedIterator<Source: Feed> {
    var base: Source.Producer.AsyncIterator

    mutating func next() async throws(ClientError) -> Source.Event? {
        do {
            return try await self.base.next()
        } catch {
            // A feed ends with a `ClientError`; any other error means that the task was cancelled.
            throw error as? ClientError ?? ClientError(.cancelled)
        }
    }
}

private struct SequenceListener<Source: Feed>: FeedListener {
    let source: Source.Producer.Source

    func take(_ events: [Source.Event]) -> FeedDemand {
        switch self.source.yield(contentsOf: events) {
        case .produceMore: .more
        case .stopProducing: .enough
        case .dropped: .gone
        }
    }

    func ended(_ error: ClientError?) {
        if let error { self.source.finish(error) } else { self.source.finish() }
    }
}
