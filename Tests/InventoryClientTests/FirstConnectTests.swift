import InventoryWire
import NIOEmbedded
import Testing

@testable import InventoryClient

/// How long a client waits for a server that was never there.
@Suite struct FirstConnectTests {
    private typealias Answers = Box<Result<HelloAccepted, ClientError>>

    private static func codes(_ answers: Answers) -> [ClientError.Code?] {
        answers.values.map { if case .failure(let error) = $0 { error.code } else { nil } }
    }

    @Test(arguments: [nil, 500] as [Int64?])
    func `a server that is not there is reported after the first attempts, or at the deadline`(
        limit: Int64?
    ) throws {
        let server = ScriptedServer()
        server.isListening = false
        let client = server.client(firstConnectMilliseconds: limit)
        let answers = Answers()
        client.greet { answers.take($0) }
        server.loop.run()
        server.pass(milliseconds: 499)
        #expect(Self.codes(answers) == [])
        // The next attempt is at 630 ms: pauses of 10, 20, 40 … 320.
        server.pass(milliseconds: 200)
        #expect(Self.codes(answers) == (limit == nil ? [] : [.unreachable]))
        server.pass(milliseconds: 10_000)
        #expect(Self.codes(answers) == [.unreachable])
        client.checkInvariants()
    }

    @Test func `a server that starts within the limit is used`() throws {
        let server = ScriptedServer()
        server.isListening = false
        let client = server.client(firstConnectMilliseconds: 500)
        let answers = Answers()
        client.greet { answers.take($0) }
        server.loop.run()
        server.pass(milliseconds: 200)
        server.isListening = true
        server.pass(milliseconds: 200)
        server.acceptHello()
        #expect(Self.codes(answers) == [nil])
        // Once it was there, it is waited for until the deadline.
        server.isListening = false
        server.cut()
        client.greet { answers.take($0) }
        server.pass(milliseconds: 5_000)
        #expect(Self.codes(answers) == [nil])
        client.checkInvariants()
    }

    @Test func `a peer that does not speak the protocol is reported at once`() throws {
        let server = ScriptedServer()
        let client = server.client(firstConnectMilliseconds: 500)
        let answers = Answers()
        client.greet { answers.take($0) }
        server.loop.run()
        server.sendNoise()
        #expect(Self.codes(answers) == [.protocolViolation])
        client.checkInvariants()
    }
}
