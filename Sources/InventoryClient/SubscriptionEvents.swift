public import Bytes
public import InventoryModel
internal import NIOCore
internal import NIOPosix

/// What a subscription brings, in order.
public enum SubscriptionEvent: Hashable, Sendable {
    /// It begins after this LSN; with a snapshot first, or not.
    case began(lsn: LSN, hasSnapshot: Bool)
    /// Rows of the snapshot.
    case snapshot([Change])
    /// The snapshot is complete; it was the state at this LSN.
    case caughtUp(lsn: LSN)
    /// One step: all of its changes that the subscription is for.
    case entry(Entry)
    /// Everything up to this LSN has been delivered.
    case progress(lsn: LSN)
    /// A copy of the levels that followed every step so far is the server's: it was compared as of
    /// this LSN.
    ///
    /// Comes about each second with the topic `InventoryModel/SubscriptionTopics/proof`.
    case proven(lsn: LSN)
    /// What came is not what the server said: steps were lost, altered, repeated or exchanged on the
    /// way. It begins anew.
    case differs(lsn: LSN)
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

    private let subscription: Subscription
    private let configuration: ClientConfiguration

    init(_ subscription: Subscription, _ configuration: ClientConfiguration) {
        self.subscription = subscription
        self.configuration = configuration
    }

    /// Subscribes, over a connection of its own.
    public func makeAsyncIterator() -> Iterator {
        let feed = SubscriptionFeed(
            self.subscription,
            self.configuration,
            by: self.configuration.address,
            on: MultiThreadedEventLoopGroup.singleton.next()
        )
        return Iterator(base: feed.events(waiting: 256...1_024))
    }

    /// Dropping it, or cancelling its task, ends the subscription and closes its connection.
    public struct Iterator: AsyncIteratorProtocol {
        var base: FeedIterator<SubscriptionFeed>

        /// The next event.
        ///
        /// - Throws: ``ClientError`` for what trying again cannot mend, and ``ClientError/Code-swift.struct/cancelled``.
        public mutating func next() async throws -> SubscriptionEvent? {
            try await self.base.next()
        }
    }
}
