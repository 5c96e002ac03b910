import Inventory
import InventoryWire
import Testing

@testable import InventoryClient

@Suite struct ClientStateMachineTests {
    private static let session = SessionID(high: 1, low: 2)
    private static let command = Command.createCategory(name: "C")

    private static func standing(_ last: UInt64) -> SessionStanding {
        SessionStanding(number: 1, lastSequence: last, oldestRemembered: 1)
    }

    private func sequences(_ action: ClientStateMachine.Action) -> [UInt64] {
        if case .send(let commands) = action { commands.map { $0.sequence } } else { [] }
    }

    @Test func `a reader opens no session`() {
        var machine = ClientStateMachine(session: Self.session, continuesSession: false)
        #expect(machine.connected() == .sendHello)
        #expect(machine.accepted() == .nothing)
        #expect(machine.takesRequests)
    }

    @Test func `the first command opens the session and then goes out`() {
        var machine = ClientStateMachine(session: Self.session, continuesSession: false)
        _ = machine.connected()
        _ = machine.accepted()
        #expect(
            machine.submitted(Self.command, requestID: 5)
                == .openSession(Self.session, mayCreate: true)
        )
        #expect(self.sequences(machine.opened(Self.standing(0))) == [1])
        #expect(self.sequences(machine.submitted(Self.command, requestID: 6)) == [2])
        #expect(machine.answered(requestID: 5)?.sequence == 1)
        #expect(machine.answered(requestID: 5) == nil)
    }

    @Test func `after a lost connection what was not answered goes out again under its number`() {
        var machine = ClientStateMachine(session: Self.session, continuesSession: false)
        for id in 1...3 as ClosedRange<UInt64> {
            _ = machine.submitted(Self.command, requestID: id)
        }
        _ = machine.connected()
        #expect(machine.accepted() == .openSession(Self.session, mayCreate: true))
        #expect(self.sequences(machine.opened(Self.standing(0))) == [1, 2, 3])
        _ = machine.answered(requestID: 1)
        machine.lost()
        #expect(machine.connected() == .sendHello)
        // It was opened before, so a server that has forgotten it must say so.
        #expect(machine.accepted() == .openSession(Self.session, mayCreate: false))
        #expect(self.sequences(machine.opened(Self.standing(2))) == [2, 3])
    }

    @Test func `a session that goes on is numbered from where the server stands`() {
        var machine = ClientStateMachine(session: Self.session, continuesSession: true)
        _ = machine.submitted(Self.command, requestID: 1)
        _ = machine.connected()
        _ = machine.accepted()
        #expect(self.sequences(machine.opened(Self.standing(41))) == [42])
    }

    @Test func `a forgotten session fails what can never be answered`() {
        var machine = ClientStateMachine(session: Self.session, continuesSession: false)
        _ = machine.submitted(Self.command, requestID: 1)
        _ = machine.connected()
        _ = machine.accepted()
        let action = machine.openingRefused(Refusal(.sessionExpired))
        guard case .fail(let commands, let refusal) = action else {
            Issue.record("\(action)")
            return
        }
        #expect(commands.map { $0.requestID } == [1])
        #expect(refusal.code == .sessionExpired)
    }

    @Test func `a session that cannot be opened for now is asked for again, and nothing fails`() {
        var machine = ClientStateMachine(session: Self.session, continuesSession: false)
        _ = machine.submitted(Self.command, requestID: 1)
        _ = machine.connected()
        _ = machine.accepted()
        #expect(machine.openingRefused(Refusal(.storageFull)) == .openLater)
        #expect(machine.openIfWanted() == .openSession(Self.session, mayCreate: true))
        #expect(self.sequences(machine.opened(Self.standing(0))) == [1])
    }

    @Test func `commands without a number fail too when their session is refused for good`() {
        var machine = ClientStateMachine(session: Self.session, continuesSession: true)
        _ = machine.submitted(Self.command, requestID: 1)
        _ = machine.connected()
        _ = machine.accepted()
        guard case .fail(let commands, _) = machine.openingRefused(Refusal(.sessionExpired)) else {
            Issue.record("it waits for ever")
            return
        }
        #expect(commands.map { $0.requestID } == [1])
    }
}
