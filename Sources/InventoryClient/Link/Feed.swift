internal import InventoryModel
internal import NIOCore

/// Events over a connection of their own, at the pace of whoever takes them.
///
///     server ──▶ Link ──messages──▶ feed ──events──▶ listener
///                 ◀── pause, resume, close ──────────────┘
///
/// What is common to all of them is here; a feed says what it asks for, and makes events of messages.
protocol Feed: LinkOwner, NIOAsyncSequenceProducerDelegate {
    associatedtype Event: Sendable
    var link: Link { get }
    /// `nil` before it begins and once it is over.
    var listener: (any FeedListener<Event>)? { get set }
    func began()
    /// The listener takes events again.
    func resumed()
}

/// Who takes the events of a feed.
protocol FeedListener<Event>: Sendable {
    associatedtype Event
    func take(_ events: [Event]) -> FeedDemand
    /// No more events come; `nil` at the end of what was asked for.
    func ended(_ error: ClientError?)
}

enum FeedDemand {
    case more
    /// None until it asks again.
    case enough
    case gone
}

extension Feed {
    func began() {
        // Most have nothing to do before they are connected.
    }

    func resumed() {
        // The connection is read again; most have nothing else to do.
    }

    func linkEnded(_ error: ClientError) { self.end(error) }

    func start(_ listener: any FeedListener<Event>) {
        self.link.loop.execute {
            self.link.owner = self
            self.listener = listener
            self.began()
            self.link.want()
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

    /// The server refuses what was asked for, or ends it: for now, or for good.
    func turnedAway(_ refusal: Refusal) {
        if refusal.code.isRetryable {
            self.link.leave(.refused(refusal))
        } else {
            self.end(.refused(refusal))
        }
    }

    /// Ends it, with an error or at the end of what was asked for.
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

    /// Starts it for an asynchronous sequence.
    ///
    /// `waiting`: With how many events in memory the connection is read again, and is paused.
    /// Dropping the iterator, or cancelling the task that iterates, ends it and closes its connection.
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

/// Takes the events of a feed one by one.
struct FeedIterator<Source: Feed> {
    var base: Source.Producer.AsyncIterator

    mutating func next() async throws(ClientError) -> Source.Event? {
        do {
            return try await self.base.next()
        } catch {
            // A feed ends by a `ClientError`; anything else is that the task was cancelled.
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
