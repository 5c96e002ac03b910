import Bytes
import InventoryModel
import InventoryWire
import NIOEmbedded
import Testing

@testable import InventoryClient

/// Feeds over their own connections, with a server that the test controls.
@Suite struct FeedTests {
    /// Records events, with a demand set by the test.
    private final class Listener<Event: Sendable>: FeedListener, @unchecked Sendable {
        var demand = FeedDemand.more
        private(set) var events: [Event] = []
        private(set) var ends: [ClientError?] = []

        func take(_ events: [Event]) -> FeedDemand {
            self.events += events
            return self.demand
        }

        func ended(_ error: ClientError?) { self.ends.append(error) }
    }

    private static let configuration = ClientConfiguration(
        actor: "listener",
        timeoutMilliseconds: 1_000,
        backoffMilliseconds: 10...80
    )

    private static func answer(_ server: ScriptedServer) -> (AnswerFeed, Listener<ServerMessage>) {
        let feed = AnswerFeed(.query(.verify), Self.configuration, by: server, on: server.loop)
        let listener = Listener<ServerMessage>()
        feed.start(listener)
        server.loop.run()
        feed.checkInvariants()
        return (feed, listener)
    }

    private static let header = ServerMessage.resultHeader(
        ResultHeader(lsn: 1, time: .zero, schema: [ResultField("name", .text)])
    )

    @Test func `an answer that never arrives ends by its deadline, with the reason`() throws {
        let server = ScriptedServer()
        server.isListening = false
        let (_, listener) = Self.answer(server)
        server.pass(milliseconds: 999)
        #expect(listener.ends.isEmpty)
        server.pass(milliseconds: 1)
        #expect(listener.ends.map { $0?.code } == [.unreachable])
        #expect(listener.ends.first??.message.hasPrefix("cannot connect to 127.0.0.1:7411") == true)
    }

    @Test func `the deadline of an answer applies to its next block, and a pause does not count`()
        throws
    {
        let server = ScriptedServer()
        let (feed, listener) = Self.answer(server)
        server.acceptHello()
        let sent = try #require(try server.requests().first)
        server.pass(milliseconds: 900)
        server.answer(sent.id, Self.header)
        server.pass(milliseconds: 900)
        #expect(listener.ends.isEmpty && listener.events == [Self.header])
        feed.checkInvariants()
        listener.demand = .enough
        server.answer(sent.id, Self.header)
        server.pass(milliseconds: 5_000)
        #expect(listener.ends.isEmpty)
        listener.demand = .more
        feed.produceMore()
        server.pass(milliseconds: 900)
        #expect(listener.ends.isEmpty)
        server.pass(milliseconds: 1_000)
        #expect(listener.ends.map { $0?.code } == [.timedOut])
        #expect(!server.isConnected)
        feed.checkInvariants()
    }

    @Test func `an answer that has begun ends with its connection, and is not retried`()
        throws
    {
        let server = ScriptedServer()
        let (_, listener) = Self.answer(server)
        server.acceptHello()
        let sent = try #require(try server.requests().first)
        server.answer(sent.id, Self.header)
        server.cut()
        #expect(listener.ends.map { $0?.code } == [.unreachable])
        server.pass(milliseconds: 10_000)
        #expect(server.connectionCount == 1)
    }

    @Test func `an answer ends with its last message and closes its connection`() throws {
        let server = ScriptedServer()
        let (feed, listener) = Self.answer(server)
        server.acceptHello()
        let sent = try #require(try server.requests().first)
        server.answer(sent.id, Self.header)
        feed.checkInvariants()
        server.answer(sent.id, .resultEnd(rowCount: 0))
        feed.checkInvariants()
        #expect(listener.events.count == 2)
        #expect(listener.ends == [nil])
        #expect(!server.isConnected)
    }

    @Test func `a subscription starts over if the server has another database`() throws {
        let server = ScriptedServer()
        let subscription = Subscription(topics: .stock, start: .after(7))
        let feed = SubscriptionFeed(subscription, Self.configuration, by: server, on: server.loop)
        let listener = Listener<SubscriptionEvent>()
        feed.start(listener)
        server.loop.run()
        for (databaseLow, expected) in [(2, .after(7)), (2, .after(9)), (3, .snapshot)]
            as [(UInt64, SubscriptionStart)]
        {
            server.databaseLow = databaseLow
            server.acceptHello()
            let sent = try #require(try server.requests().first)
            guard case .subscribe(let subscription) = sent.request else {
                Issue.record("\(sent.request)")
                return
            }
            #expect(subscription.start == expected)
            if expected == .after(7) {
                server.answer(sent.id, .subscribed(Subscribed(lsn: 7, hasSnapshot: false)))
                server.answer(sent.id, .progress(lsn: 9, time: .zero))
            }
            server.cut()
            server.pass(milliseconds: 500)
        }
        let resets = listener.events.filter { if case .reset = $0 { true } else { false } }
        #expect(resets.count == 1)
    }

    @Test func `a live insight with retryable refusals is retried with increasing pauses`() throws {
        let server = ScriptedServer()
        let insight = Insight.named(NamedInsight(.top, window: .last(1, .day)))
        let feed = InsightFeed(insight, Self.configuration, by: server, on: server.loop)
        let listener = Listener<InsightEvent>()
        feed.start(listener)
        server.loop.run()
        var moments: [Int64] = []
        for millisecond in 0..<400 as Range<Int64> {
            if server.isConnected {
                server.acceptHello()
                let sent = try #require(try server.requests().first)
                server.answer(sent.id, .refused(Refusal(.overloaded)))
                moments.append(millisecond)
            }
            server.pass(milliseconds: 1)
            feed.checkInvariants()
        }
        let pauses = zip(moments, moments.dropFirst()).map { $1 - $0 }
        #expect(pauses.prefix(5) == [10, 20, 40, 80, 80])
        #expect(listener.ends.isEmpty)
        for case .disconnected(let error) in listener.events {
            #expect(error.refusal?.code == .overloaded)
        }
        #expect(listener.events.count == moments.count)
    }

    @Test func `a subscription closed with a retryable refusal resumes where it was closed`() throws
    {
        let server = ScriptedServer()
        let subscription = Subscription(topics: .stock, start: .now)
        let feed = SubscriptionFeed(subscription, Self.configuration, by: server, on: server.loop)
        let listener = Listener<SubscriptionEvent>()
        feed.start(listener)
        server.loop.run()
        server.acceptHello()
        let sent = try #require(try server.requests().first)
        #expect(sent.request == .subscribe(subscription))
        server.answer(sent.id, .subscribed(Subscribed(lsn: 4, hasSnapshot: false)))
        server.answer(sent.id, .closed(Refusal(.shuttingDown), lsn: 9))
        // Later messages are ignored.
        server.answer(sent.id, .progress(lsn: 100, time: .zero))
        server.pass(milliseconds: 10)
        server.acceptHello()
        var resumed = subscription
        resumed.start = .after(9)
        #expect(try server.requests().map { $0.request } == [.subscribe(resumed)])
        let refused = ClientError.refused(Refusal(.shuttingDown))
        #expect(listener.events == [.began(lsn: 4, hasSnapshot: false), .disconnected(refused)])
        feed.checkInvariants()
    }

    @Test func `a permanent refusal ends a feed, as a protocol violation does`() throws {
        let server = ScriptedServer()
        let subscription = Subscription(topics: .stock, start: .now)
        func begin() throws -> (Listener<SubscriptionEvent>, UInt64) {
            let feed = SubscriptionFeed(
                subscription,
                Self.configuration,
                by: server,
                on: server.loop
            )
            let listener = Listener<SubscriptionEvent>()
            feed.start(listener)
            server.loop.run()
            server.acceptHello()
            return (listener, try #require(try server.requests().first?.id))
        }
        let (refused, first) = try begin()
        server.answer(first, .refused(Refusal(.productNotFound)))
        #expect(refused.ends.map { $0?.refusal?.code } == [.productNotFound])
        let (puzzled, second) = try begin()
        server.answer(second, .pong(durable: 1, time: .zero))
        #expect(puzzled.ends.map { $0?.code } == [.protocolViolation])
        let (greeted, _) = try begin()
        server.acceptHello()
        #expect(greeted.ends.map { $0?.code } == [.protocolViolation])
        server.pass(milliseconds: 10_000)
        #expect(server.connectionCount == 3)
    }
}
