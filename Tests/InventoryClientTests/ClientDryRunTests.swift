import Bytes
import InventoryModel
import InventoryWire
import NIOEmbedded
import Testing

@testable import InventoryClient

/// The dry run of a client: first as transcripts of its state machine, then over a connection.
@Suite struct ClientDryRunTests {
    private static let session = SessionID(high: 1, low: 2)
    private static let command = Command.createCategory(name: "C").encoded
    private static let status = SessionStatus(number: 1, lastSequence: 0, oldestRemembered: 1)
    private static let overloaded = Refusal(.overloaded)

    private static func machine() -> ClientStateMachine {
        ClientStateMachine(session: session, continuesSession: false, isDryRun: true)
    }

    private func sequences(_ action: ClientStateMachine.Action) -> [UInt64] {
        if case .send(let commands) = action { commands.map { $0.sequence } } else { [] }
    }

    @Test func `nothing is sent before the dry run has begun`() {
        var machine = Self.machine() { didSet { machine.checkInvariants() } }
        #expect(machine.submitted(Self.command, requestID: 1) == .nothing)
        #expect(machine.accepted() == .beginDryRun)
        #expect(machine.phase == .beginning && !machine.acceptsRequests)
        #expect(machine.submitted(Self.command, requestID: 2) == .nothing)
        #expect(machine.sessionNeeded() == .nothing)
        #expect(machine.openIfNeeded() == .nothing)
        #expect(machine.dryRunAnswered(nil) == .openSession(Self.session, mayCreate: true))
        #expect(machine.acceptsRequests)
        #expect(self.sequences(machine.opened(Self.status)) == [1, 2])
        #expect(machine.answered(requestID: 1, refusal: nil) == .settled)
        #expect(self.sequences(machine.submitted(Self.command, requestID: 3)) == [3])
    }

    @Test func `a dry run without commands opens no session`() {
        var machine = Self.machine() { didSet { machine.checkInvariants() } }
        #expect(machine.accepted() == .beginDryRun)
        #expect(machine.dryRunAnswered(nil) == .nothing)
        #expect(machine.phase == .idle)
    }

    @Test func `a refused dry run ends, and so does one whose connection is lost`() {
        for isRefused in [true, false] {
            var machine = Self.machine() { didSet { machine.checkInvariants() } }
            _ = machine.submitted(Self.command, requestID: 1)
            #expect(machine.accepted() == .beginDryRun)
            let end = isRefused ? machine.dryRunAnswered(Self.overloaded) : machine.lost()
            #expect(end == .end)
            #expect(machine.phase == .over && !machine.acceptsRequests)
            #expect(machine.abandoned(requestID: 1) == nil)
            #expect(machine.lost() == .nothing)
            #expect(machine.openIfNeeded() == .nothing)
            machine.closed()
            #expect(machine.phase == .over)
        }
    }

    @Test func `a dry run that has begun ends with its connection, in every phase`() {
        for phase in [ClientStateMachine.Phase.idle, .opening, .ready] {
            var machine = Self.machine() { didSet { machine.checkInvariants() } }
            _ = machine.accepted()
            _ = machine.dryRunAnswered(nil)
            if phase != .idle { _ = machine.submitted(Self.command, requestID: 1) }
            if phase == .ready { _ = machine.opened(Self.status) }
            #expect(machine.phase == phase)
            #expect(machine.lost() == .end)
            #expect(machine.numbered.pending.isEmpty)
            #expect(machine.answered(requestID: 1, refusal: nil) == .stray)
            #expect(machine.moreToSend() == .nothing && machine.resending(after: 1) == .nothing)
        }
    }

    @Test func `a connection lost before the hello was accepted is followed by another`() {
        var machine = Self.machine() { didSet { machine.checkInvariants() } }
        _ = machine.submitted(Self.command, requestID: 1)
        #expect(machine.lost() == .nothing)
        #expect(machine.accepted() == .beginDryRun)
        machine.closed()
        #expect(machine.phase == .offline)
        // The client ends its calls itself.
        #expect(machine.abandoned(requestID: 1) == .withdrawn(behind: []))
    }

    // MARK: - Over a connection

    /// A client whose hello was accepted, and the id of its request for a dry run.
    private func client(of server: ScriptedServer) throws -> (client: ClientCore, id: UInt64) {
        let client = server.client(isDryRun: true)
        client.greet { _ in }
        server.loop.run()
        server.acceptHello()
        let requests = try server.requests()
        #expect(requests.map { $0.request } == [.beginDryRun])
        return (client, try #require(requests.first?.id))
    }

    @Test func `calls wait for the answer to the dry run, a hello too`() throws {
        let server = ScriptedServer()
        let (client, id) = try self.client(of: server)
        let hellos = Box<Result<HelloAccepted, ClientError>>()
        client.greet { hellos.take($0) }
        client.request(.ping) { _ in true }
        client.submit(.createCategory(name: "C")) { _ in }
        client.checkInvariants()
        #expect(try server.requests().isEmpty && hellos.values.isEmpty)
        server.answer(id, .pong(durable: 1, time: .zero))
        #expect(hellos.values.count == 1)
        let requests = try server.requests().map { $0.request }
        #expect(requests == [.openSession(SessionID(high: 1, low: 2), mayCreate: true), .ping])
        client.checkInvariants()
    }

    @Test func `a refused or lost dry run fails every call once, and connects no more`() throws {
        for isRefused in [true, false] {
            let server = ScriptedServer()
            let (client, id) = try self.client(of: server)
            let codes = Box<ClientError.Code?>()
            @Sendable func take<Value>(_ result: Result<Value, ClientError>) {
                let code: ClientError.Code? =
                    if case .failure(let error) = result { error.code } else { nil }
                codes.take(code)
            }
            client.greet { take($0) }
            client.openSession { take($0) }
            client.submit(.createCategory(name: "C")) { take($0) }
            let key = IdempotencyKey(high: 1, low: 1)
            client.submit(Self.command, key: key, firstTried: nil) { take($0) }
            client.request(.ping) {
                take($0)
                return true
            }
            server.loop.run()
            if isRefused { server.answer(id, .refused(Self.overloaded)) } else { server.cut() }
            let code = isRefused ? ClientError.Code.refused : .unreachable
            #expect(codes.values == Array(repeating: code, count: 5))
            #expect(client.machine.phase == .over && client.keyed.isEmpty)
            client.checkInvariants()
            server.pass(milliseconds: 20_000)
            #expect(codes.values.count == 5 && server.connectionCount == 1)
        }
    }
}
