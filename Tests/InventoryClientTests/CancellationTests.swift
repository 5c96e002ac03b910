import Bytes
import InventoryModel
import InventoryWire
import NIOEmbedded
import Testing

@testable import InventoryClient

/// Calls cancelled at any moment, with a server that the test controls.
@Suite struct CancellationTests {
    private static let command = Command.createCategory(name: "C").encoded
    private static let key = IdempotencyKey(high: 3, low: 4)
    private static let status = SessionStatus(
        number: 1,
        lastSequence: 0,
        oldestRemembered: 1
    )

    private static func done(_ lsn: LSN) -> ServerMessage {
        .outcome(.done(Outcome.Done(lsn: lsn, time: .zero)))
    }

    private static func code<Value>(
        _ box: Box<Result<Value, ClientError>>
    ) -> [ClientError.Code?] {
        box.values.map { if case .failure(let error) = $0 { error.code } else { nil } }
    }

    /// A client whose session is open.
    private static func ready(_ server: ScriptedServer) throws -> ClientCore {
        let client = server.client()
        client.openSession { _ in }
        _ = try server.requests()
        server.acceptHello()
        let opening = try server.requests()
        server.answer(try #require(opening.first?.id), .sessionOpened(Self.status))
        return client
    }

    @Test func `a call cancelled before it began is not sent`() throws {
        let server = ScriptedServer()
        let client = try Self.ready(server)
        let call = Call(on: server.loop)
        call.cancel()
        let command = Box<Result<Outcome, ClientError>>()
        let keyed = Box<Result<KeyedOutcome, ClientError>>()
        let answer = Box<Result<ServerMessage, ClientError>>()
        client.submit(Self.command, call: call) { command.take($0) }
        client.submit(Self.command, key: Self.key, firstTried: nil, call: call) { keyed.take($0) }
        client.request(.query(.verify), call: call) {
            answer.take($0)
            return true
        }
        #expect(try server.requests().isEmpty)
        #expect(Self.code(command) == [.cancelled])
        #expect(Self.code(keyed) == [.cancelled])
        #expect(Self.code(answer) == [.cancelled])
        client.checkInvariants()
    }

    @Test func `a cancelled command that waits for a connection is withdrawn`() throws {
        let server = ScriptedServer()
        server.isListening = false
        let client = server.client()
        let call = Call(on: server.loop)
        let cancelled = Box<Result<Outcome, ClientError>>()
        let other = Box<Result<Outcome, ClientError>>()
        client.submit(Self.command, call: call) { cancelled.take($0) }
        client.submit(Command.createCategory(name: "Other").encoded) { other.take($0) }
        server.loop.run()
        call.cancel()
        server.loop.run()
        #expect(Self.code(cancelled) == [.cancelled])
        server.isListening = true
        server.pass(milliseconds: 2_000)
        server.acceptHello()
        let opening = try server.requests()
        server.answer(try #require(opening.first?.id), .sessionOpened(Self.status))
        // Its number is consumed by a filler, so that the other command keeps its own.
        let sent = try server.requests().map { $0.request }
        let filler = Request.command(sequence: 1, .batch([], .independent))
        #expect(sent == [filler, .command(sequence: 2, .createCategory(name: "Other"))])
        client.checkInvariants()
    }

    @Test func `a cancelled command that was sent is unknown, and its late answer is accepted`()
        throws
    {
        let server = ScriptedServer()
        let client = try Self.ready(server)
        let call = Call(on: server.loop)
        let cancelled = Box<Result<Outcome, ClientError>>()
        client.submit(Self.command, call: call) { cancelled.take($0) }
        let sent = try server.requests()
        call.cancel()
        server.loop.run()
        guard case .failure(let error) = cancelled.values.first else {
            Issue.record("\(cancelled.values)")
            return
        }
        #expect(error.code == .unknown && error.sequence == 1)
        #expect(client.machine.numbered.pending.map { $0.sequence } == [1])
        server.answer(try #require(sent.first?.id), Self.done(7))
        #expect(client.machine.numbered.pending.isEmpty)
        #expect(cancelled.values.count == 1)
        let next = Box<Result<Outcome, ClientError>>()
        client.submit(Self.command) { next.take($0) }
        let second = try server.requests()
        #expect(second.map { $0.request } == [.command(sequence: 2, .createCategory(name: "C"))])
        server.answer(try #require(second.first?.id), Self.done(8))
        #expect(next.values.count == 1)
        client.checkInvariants()
    }

    @Test func `a cancelled command with a key that was sent is unknown by its key`() throws {
        let server = ScriptedServer()
        let client = try Self.ready(server)
        let call = Call(on: server.loop)
        let cancelled = Box<Result<KeyedOutcome, ClientError>>()
        client.submit(Self.command, key: Self.key, firstTried: nil, call: call) {
            cancelled.take($0)
        }
        let sent = try server.requests()
        call.cancel()
        server.loop.run()
        guard case .failure(let error) = cancelled.values.first else {
            Issue.record("\(cancelled.values)")
            return
        }
        #expect(error.code == .unknown && error.key == Self.key)
        // A late answer is ignored.
        server.answer(try #require(sent.first?.id), Self.done(7))
        #expect(cancelled.values.count == 1)
        client.checkInvariants()
    }

    @Test(arguments: [
        Request.query(.verify), .insight(.named(NamedInsight(.top, window: .last(1, .day)))),
    ])
    func `a cancelled query is cancelled at the server, and its late answer is dropped`(
        readRequest: Request
    ) throws {
        let server = ScriptedServer()
        let client = try Self.ready(server)
        let call = Call(on: server.loop)
        let answer = Box<Result<ServerMessage, ClientError>>()
        client.request(readRequest, call: call) {
            answer.take($0)
            return false
        }
        let sent = try #require(try server.requests().first)
        #expect(sent.request == readRequest)
        call.cancel()
        let after = try server.requests().map { $0.request }
        #expect(after == [.cancel(requestID: sent.id)])
        #expect(Self.code(answer) == [.cancelled])
        server.answer(sent.id, .refused(Refusal(.invalidField)))
        #expect(answer.values.count == 1)
        client.checkInvariants()
    }

    @Test func `a query past its deadline is cancelled at the server too`() throws {
        let server = ScriptedServer()
        let client = try Self.ready(server)
        let answer = Box<Result<ServerMessage, ClientError>>()
        client.request(.query(.verify)) {
            answer.take($0)
            return false
        }
        let sent = try #require(try server.requests().first)
        server.pass(milliseconds: 10_000)
        #expect(Self.code(answer) == [.timedOut])
        #expect(try server.requests().map { $0.request } == [.cancel(requestID: sent.id)])
    }

    @Test func `a request with a one-frame answer is not cancelled at the server`() throws {
        let server = ScriptedServer()
        let client = try Self.ready(server)
        let call = Call(on: server.loop)
        let answer = Box<Result<ServerMessage, ClientError>>()
        client.request(.ping, call: call) {
            answer.take($0)
            return true
        }
        _ = try server.requests()
        call.cancel()
        #expect(try server.requests().isEmpty)
        #expect(Self.code(answer) == [.cancelled])
    }

    @Test func `waiting for a connection or a session can be cancelled`() throws {
        let server = ScriptedServer()
        server.isListening = false
        let client = server.client()
        let call = Call(on: server.loop)
        let hello = Box<Result<HelloAccepted, ClientError>>()
        let session = Box<Result<SessionStatus, ClientError>>()
        client.greet(call) { hello.take($0) }
        let other = Call(on: server.loop)
        client.openSession(other) { session.take($0) }
        server.loop.run()
        #expect(client.needsConnection)
        call.cancel()
        other.cancel()
        server.loop.run()
        #expect(Self.code(hello) == [.cancelled])
        #expect(Self.code(session) == [.cancelled])
        // No call needs a connection any more, so none is made.
        #expect(!client.needsConnection)
        server.isListening = true
        server.pass(milliseconds: 60_000)
        #expect(server.connectionCount <= 1)
    }

    @Test func `closing ends every waiting call`() throws {
        let server = ScriptedServer()
        server.isListening = false
        let client = server.client()
        let hello = Box<Result<HelloAccepted, ClientError>>()
        let command = Box<Result<Outcome, ClientError>>()
        client.greet { hello.take($0) }
        client.submit(Self.command) { command.take($0) }
        server.loop.run()
        _ = client.close()
        server.loop.run()
        #expect(Self.code(hello) == [.closed])
        #expect(Self.code(command) == [.closed])
        client.greet { hello.take($0) }
        server.loop.run()
        #expect(Self.code(hello) == [.closed, .closed])
        client.checkInvariants()
    }

    @Test func `a feed that is dropped closes its connection`() throws {
        struct Nobody: FeedListener {
            func take(_ events: [SubscriptionEvent]) -> FeedDemand { .more }
            func ended(_ error: ClientError?) { Issue.record("\(String(describing: error))") }
        }
        let server = ScriptedServer()
        let feed = SubscriptionFeed(
            Subscription(topics: .all, start: .now),
            ClientConfiguration(actor: "listener"),
            by: server,
            on: server.loop
        )
        feed.start(Nobody())
        server.loop.run()
        server.acceptHello()
        #expect(try server.requests().count == 1)
        #expect(server.isConnected)
        feed.didTerminate()
        server.loop.run()
        #expect(!server.isConnected)
        server.pass(milliseconds: 60_000)
        #expect(server.connectionCount == 1)
    }
}
