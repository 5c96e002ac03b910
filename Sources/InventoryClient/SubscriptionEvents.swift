public import Bytes
public import InventoryModel
internal import NIOCore
internal import NIOPosix

/// An event of a subscription.
public enum SubscriptionEvent: Hashable, Sendable {
    /// The subscription begins after this LSN, with or without a snapshot first.
    case began(lsn: LSN, hasSnapshot: Bool)
    /// Rows of the snapshot.
    case snapshot([Change])
    /// The snapshot is complete; it is the state at this LSN.
    case caughtUp(lsn: LSN)
    /// One step: all of its changes that match the subscription.
    case entry(Entry)
    /// Everything up to this LSN has been delivered.
    case progress(lsn: LSN)
    /// The replica of the levels is verified: its state checksum as of this LSN equals the server's.
    ///
    /// It arrives about once a second with the topic `InventoryModel/SubscriptionTopics/proof`.
    case verified(lsn: LSN)
    /// The replica differs from the server as of this LSN: steps were lost, altered, repeated or reordered
    /// on the way.
    ///
    /// The subscription starts again with a snapshot.
    case mismatched(lsn: LSN)
    /// All previous events are void; a snapshot follows.
    case reset
    /// The connection was lost, or the server refuses the subscription temporarily (``ClientError/refusal``).
    ///
    /// The subscription reconnects and resumes by itself.
    case disconnected(ClientError)
}

/// The events of a subscription, while the sequence is iterated.
///
/// After a lost connection it reconnects and resumes after the last step that it delivered, so every step
/// is delivered once. The connection is read only as fast as events are consumed (back-pressure): for a
/// slow consumer a few events are buffered in memory, and the rest stays at the server. The sequence ends
/// with an error that a retry cannot fix, such as a refused filter.
public struct SubscriptionEvents: AsyncSequence, Sendable {
    /// An event, in the order in which the server sent it.
    public typealias Element = SubscriptionEvent

    private let subscription: Subscription
    private let configuration: ClientConfiguration

    init(_ subscription: Subscription, _ configuration: ClientConfiguration) {
        self.subscription = subscription
        self.configuration = configuration
    }

    /// Subscribes over its own connection.
    public func makeAsyncIterator() -> Iterator {
        let feed = SubscriptionFeed(
            self.subscription,
            self.configuration,
            by: self.configuration.address,
            on: MultiThreadedEventLoopGroup.singleton.next()
        )
        return Iterator(base: feed.events(waiting: 256...1_024))
    }

    /// Iterates the events.
    ///
    /// Dropping it or cancelling its task ends the subscription and closes its connection.
    public struct Iterator: AsyncIteratorProtocol {
        var base: FeedIterator<SubscriptionFeed>

        /// Returns the next event.
        ///
        /// - Throws: ``ClientError`` for what a retry cannot fix, or `cancelled`.
        public mutating func next() async throws -> SubscriptionEvent? {
            try await self.base.next()
        }
    }
}
