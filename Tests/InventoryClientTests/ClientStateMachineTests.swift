import InventoryModel
import InventoryWire
import Testing

@testable import InventoryClient

@Suite struct ClientStateMachineTests {
    private static let session = SessionID(high: 1, low: 2)
    private static let command = Command.createCategory(name: "C").encoded

    private static func standing(_ last: UInt64) -> SessionStatus {
        SessionStatus(number: 1, lastSequence: last, oldestRemembered: 1)
    }

    private func sequences(_ action: ClientStateMachine.Action) -> [UInt64] {
        if case .send(let commands) = action { commands.map { $0.sequence } } else { [] }
    }

    @Test func `who does not wait for a full disk has that as the answer to all that wait`() {
        var machine = ClientStateMachine(
            session: Self.session,
            continuesSession: false,
            waitsForStorage: false
        )
        for id in 1...3 as ClosedRange<UInt64> {
            _ = machine.submitted(Self.command, requestID: id)
        }
        _ = machine.accepted()
        #expect(self.sequences(machine.opened(Self.standing(0))) == [1, 2, 3])
        #expect(machine.answered(requestID: 1, refusal: nil) == .settled)
        // Behind the first it only says that it waits for that.
        #expect(machine.answered(requestID: 3, refusal: Self.full) == .again)
        guard case .stopped(let stopped) = machine.answered(requestID: 2, refusal: Self.full) else {
            Issue.record("it goes on")
            return
        }
        #expect(stopped.map { $0.requestID } == [2, 3])
        #expect(machine.moreToSend() == .nothing)
        #expect(machine.resending(after: 2) == .nothing)
        #expect(machine.answered(requestID: 3, refusal: Self.full) == .stray)
        // No number was used up.
        #expect(self.sequences(machine.submitted(Self.command, requestID: 4)) == [2])
    }

    @Test func `who does not wait for a full disk is not kept waiting for a session either`() {
        var machine = ClientStateMachine(
            session: Self.session,
            continuesSession: false,
            waitsForStorage: false
        )
        _ = machine.submitted(Self.command, requestID: 1)
        _ = machine.accepted()
        guard case .fail(let failed, Self.full) = machine.openingRefused(Self.full) else {
            Issue.record("it asks again")
            return
        }
        #expect(failed.map { $0.requestID } == [1])
    }

    @Test func `a reader opens no session`() {
        var machine = ClientStateMachine(session: Self.session, continuesSession: false)
        #expect(machine.accepted() == .nothing)
        #expect(machine.takesRequests)
    }

    @Test func `the first command opens the session and then goes out`() {
        var machine = ClientStateMachine(session: Self.session, continuesSession: false)
        _ = machine.accepted()
        #expect(
            machine.submitted(Self.command, requestID: 5)
                == .openSession(Self.session, mayCreate: true)
        )
        #expect(self.sequences(machine.opened(Self.standing(0))) == [1])
        #expect(self.sequences(machine.submitted(Self.command, requestID: 6)) == [2])
        #expect(machine.answered(requestID: 5, refusal: nil) == .settled)
        #expect(machine.answered(requestID: 5, refusal: nil) == .stray)
    }

    @Test func `after a lost connection what was not answered goes out again under its number`() {
        var machine = ClientStateMachine(session: Self.session, continuesSession: false)
        for id in 1...3 as ClosedRange<UInt64> {
            _ = machine.submitted(Self.command, requestID: id)
        }
        #expect(machine.accepted() == .openSession(Self.session, mayCreate: true))
        #expect(self.sequences(machine.opened(Self.standing(0))) == [1, 2, 3])
        _ = machine.answered(requestID: 1, refusal: nil)
        machine.lost()
        // It was opened before, so a server that has forgotten it must say so.
        #expect(machine.accepted() == .openSession(Self.session, mayCreate: false))
        #expect(self.sequences(machine.opened(Self.standing(2))) == [2, 3])
    }

    @Test func `a session that goes on is numbered from where the server stands`() {
        var machine = ClientStateMachine(session: Self.session, continuesSession: true)
        _ = machine.submitted(Self.command, requestID: 1)
        _ = machine.accepted()
        #expect(self.sequences(machine.opened(Self.standing(41))) == [42])
    }

    @Test func `a forgotten session fails what can never be answered`() {
        var machine = ClientStateMachine(session: Self.session, continuesSession: false)
        _ = machine.submitted(Self.command, requestID: 1)
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
        _ = machine.accepted()
        #expect(machine.openingRefused(Refusal(.storageFull)) == .openLater)
        #expect(machine.openIfWanted() == .openSession(Self.session, mayCreate: true))
        #expect(self.sequences(machine.opened(Self.standing(0))) == [1])
    }

    @Test func `commands without a number fail too when their session is refused for good`() {
        var machine = ClientStateMachine(session: Self.session, continuesSession: true)
        _ = machine.submitted(Self.command, requestID: 1)
        _ = machine.accepted()
        guard case .fail(let commands, _) = machine.openingRefused(Refusal(.sessionExpired)) else {
            Issue.record("it waits for ever")
            return
        }
        #expect(commands.map { $0.requestID } == [1])
    }

    // MARK: - Commands that are turned away

    /// A machine whose session is open, with as many commands sent, from 1 on.
    private func ready(_ count: UInt64 = 0) -> ClientStateMachine {
        var machine = ClientStateMachine(session: Self.session, continuesSession: false)
        _ = machine.accepted()
        _ = machine.sessionWanted()
        _ = machine.opened(Self.standing(0))
        for id in 0..<count { _ = machine.submitted(Self.command, requestID: id + 1) }
        return machine
    }

    private static let full = Refusal(.storageFull)
    private static let gap = Refusal(.sequenceGap)

    @Test func `a command that is turned away goes out again alone, and the rest behind it`() {
        var machine = self.ready(3)
        #expect(machine.answered(requestID: 1, refusal: Self.full) == .again)
        #expect(machine.answered(requestID: 2, refusal: Self.gap) == .again)
        #expect(machine.answered(requestID: 3, refusal: Self.gap) == .again)
        // While the first is held up the others would be refused: nothing more is sent.
        #expect(machine.submitted(Self.command, requestID: 4) == .nothing)
        #expect(machine.resending(after: 2) == .nothing)
        #expect(self.sequences(machine.resending(after: 1)) == [1])
        #expect(machine.answered(requestID: 1, refusal: Self.full) == .again)
        #expect(self.sequences(machine.resending(after: 1)) == [1])
        #expect(machine.answered(requestID: 1, refusal: nil) == .settled)
        #expect(self.sequences(machine.moreToSend()) == [2, 3, 4])
    }

    @Test func `what was turned away each time it was sent can be given up without a trace`() {
        var machine = self.ready(2)
        #expect(machine.answered(requestID: 1, refusal: nil) == .settled)
        #expect(machine.answered(requestID: 2, refusal: Self.full) == .again)
        #expect(machine.givenUp(requestID: 2) == .withdrawn)
        // Its number is free for another.
        #expect(self.sequences(machine.submitted(Self.command, requestID: 3)) == [2])
    }

    @Test func `what was given up before those behind it leaves a filler in its place`() {
        var machine = self.ready(3)
        #expect(machine.answered(requestID: 1, refusal: Self.full) == .again)
        #expect(machine.givenUp(requestID: 1) == .withdrawn)
        // Those behind it are on their way: their numbers cannot move up.
        #expect(machine.commands.map { $0.sequence } == [1, 2, 3])
        #expect(machine.commands.map { $0.isFiller } == [true, false, false])
        guard case .send(let sent) = machine.resending(after: 1) else {
            Issue.record("nothing takes its number")
            return
        }
        #expect(sent.map { $0.command } == [ClientStateMachine.filler])
        #expect(machine.answered(requestID: 1, refusal: Refusal(.outOfRange)) == .settled)
        #expect(self.sequences(machine.moreToSend()) == [2, 3])
    }

    @Test func `fillers at the end go with the command they were before`() {
        var machine = self.ready(3)
        for id in 1...3 as ClosedRange<UInt64> {
            #expect(machine.answered(requestID: id, refusal: Self.full) == .again)
        }
        #expect(machine.givenUp(requestID: 1) == .withdrawn)
        #expect(machine.givenUp(requestID: 2) == .withdrawn)
        #expect(machine.commands.count == 3)
        #expect(machine.givenUp(requestID: 3) == .withdrawn)
        #expect(machine.commands.isEmpty)
        #expect(self.sequences(machine.submitted(Self.command, requestID: 4)) == [1])
    }

    @Test func `a command without a number is given up without a trace`() {
        var machine = ClientStateMachine(session: Self.session, continuesSession: true)
        _ = machine.submitted(Self.command, requestID: 1)
        _ = machine.submitted(Self.command, requestID: 2)
        #expect(machine.givenUp(requestID: 1) == .withdrawn)
        _ = machine.accepted()
        #expect(self.sequences(machine.opened(Self.standing(7))) == [8])
    }

    @Test func `a command that was never sent is given up without a trace`() {
        var machine = ClientStateMachine(session: Self.session, continuesSession: false)
        _ = machine.submitted(Self.command, requestID: 1)
        #expect(machine.givenUp(requestID: 1) == .withdrawn)
        #expect(machine.commands.isEmpty)
    }

    // MARK: - Commands of which nothing is known

    @Test func `a command on its way is unknown when it is given up, and keeps its number`() {
        var machine = self.ready(1)
        #expect(machine.givenUp(requestID: 1) == .unknown(sequence: 1))
        #expect(self.sequences(machine.submitted(Self.command, requestID: 2)) == [2])
        // It is settled all the same.
        machine.lost()
        _ = machine.accepted()
        #expect(self.sequences(machine.opened(Self.standing(0))) == [1, 2])
        #expect(machine.answered(requestID: 1, refusal: nil) == .settled)
    }

    @Test func `a copy lost with its connection may have been carried out, whatever comes later`() {
        var machine = self.ready(1)
        machine.lost()
        _ = machine.accepted()
        #expect(self.sequences(machine.opened(Self.standing(0))) == [1])
        // This copy was not looked at; the other may have been, or may still be.
        #expect(machine.answered(requestID: 1, refusal: Self.full) == .again)
        #expect(machine.givenUp(requestID: 1) == .unknown(sequence: 1))
    }

    @Test func `a session that is gone leaves what was on its way unknown, and the rest undone`() {
        var machine = self.ready(2)
        #expect(machine.answered(requestID: 2, refusal: Self.full) == .again)
        machine.lost()
        _ = machine.submitted(Self.command, requestID: 3)
        _ = machine.accepted()
        let action = machine.openingRefused(Refusal(.sessionExpired))
        guard case .fail(let failed, _) = action else {
            Issue.record("\(action)")
            return
        }
        #expect(failed.map { $0.requestID } == [1, 2, 3])
        #expect(failed.map { $0.isUntouched } == [false, true, true])
    }

    @Test func `a session that expires on the way leaves a lost copy unknown`() {
        var machine = self.ready(1)
        machine.lost()
        _ = machine.accepted()
        _ = machine.opened(Self.standing(0))
        _ = machine.submitted(Self.command, requestID: 2)
        let expired = Refusal(.sessionExpired)
        #expect(machine.answered(requestID: 1, refusal: expired) == .unknown(sequence: 1))
        #expect(machine.answered(requestID: 2, refusal: expired) == .settled)
        #expect(machine.commands.isEmpty)
    }

    @Test func `a forgotten outcome is unknown, not undone`() {
        var machine = self.ready(2)
        let forgotten = Refusal(.outcomeForgotten)
        #expect(machine.answered(requestID: 1, refusal: forgotten) == .unknown(sequence: 1))
        #expect(machine.answered(requestID: 2, refusal: nil) == .settled)
    }

    // MARK: - Numbers

    @Test func `no more are on their way than the server remembers the outcomes of`() {
        let window = UInt64(Limits.sessionWindow)
        var machine = self.ready(window)
        #expect(machine.submitted(Self.command, requestID: window + 1) == .nothing)
        #expect(machine.submitted(Self.command, requestID: window + 2) == .nothing)
        // An answer out of order makes no room: the first one's outcome must stay remembered.
        #expect(machine.answered(requestID: 2, refusal: nil) == .settled)
        #expect(machine.moreToSend() == .nothing)
        #expect(machine.answered(requestID: 1, refusal: nil) == .settled)
        #expect(self.sequences(machine.moreToSend()) == [window + 1, window + 2])
        machine.lost()
        _ = machine.accepted()
        #expect(self.sequences(machine.opened(Self.standing(0))) == Array(3...(window + 2)))
    }

    @Test func `no more are on their way than their outcomes have bytes to be remembered in`() {
        let part = Command.batch(
            Array(repeating: .createCategory(name: "C"), count: 512),
            .independent
        ).encoded
        #expect(part.outcomeByteCountMax == Limits.outcomeByteCountMax)
        var machine = self.ready(0)
        let fitting = UInt64(Limits.sessionOutcomeByteCountMax / Limits.outcomeByteCountMax)
        for id in 1...fitting { #expect(machine.submitted(part, requestID: id) != .nothing) }
        #expect(machine.submitted(Self.command, requestID: fitting + 1) == .nothing)
        #expect(machine.answered(requestID: 1, refusal: nil) == .settled)
        #expect(self.sequences(machine.moreToSend()) == [fitting + 1])
    }

    @Test func `a request that the server cannot read used no number up`() {
        var machine = self.ready(3)
        #expect(machine.answered(requestID: 1, refusal: nil) == .settled)
        #expect(machine.answered(requestID: 2, refusal: Refusal(.malformedFrame)) == .settled)
        // What was behind it went out too early: a filler goes ahead of it now.
        guard case .send(let sent) = machine.moreToSend() else {
            Issue.record("command 3 waits for ever")
            return
        }
        #expect(sent.map { $0.sequence } == [2, 3])
        #expect(sent[0].command == ClientStateMachine.filler)
        #expect(machine.answered(requestID: 3, refusal: Self.gap) == .again)
        #expect(machine.answered(requestID: 2, refusal: Refusal(.outOfRange)) == .settled)
        #expect(machine.answered(requestID: 3, refusal: nil) == .settled)
        #expect(self.sequences(machine.submitted(Self.command, requestID: 4)) == [4])
    }

    @Test func `commands of an earlier run are given again from a number that is named`() {
        var machine = ClientStateMachine(session: Self.session, continuesSession: true)
        _ = machine.accepted()
        _ = machine.sessionWanted()
        _ = machine.opened(Self.standing(7))
        machine.resume(from: 5)
        let sent = (1...4).map { machine.submitted(Self.command, requestID: $0) }
        #expect(sent.flatMap { self.sequences($0) } == [5, 6, 7, 8])
    }
}
