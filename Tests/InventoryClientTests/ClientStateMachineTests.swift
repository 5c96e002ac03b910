import InventoryModel
import InventoryWire
import Testing

@testable import InventoryClient

@Suite struct ClientStateMachineTests {
    private static let session = SessionID(high: 1, low: 2)
    private static let command = Command.createCategory(name: "C").encoded

    private static func status(_ last: UInt64) -> SessionStatus {
        SessionStatus(number: 1, lastSequence: last, oldestRemembered: 1)
    }

    private func sequences(_ action: ClientStateMachine.Action) -> [UInt64] {
        if case .send(let commands) = action { commands.map { $0.sequence } } else { [] }
    }

    @Test func `without waiting for storage, a full disk fails all waiting commands`() {
        var machine = ClientStateMachine(
            session: Self.session,
            continuesSession: false,
            waitsForStorage: false
        ) {
            didSet { machine.checkInvariants() }
        }
        for id in 1...3 as ClosedRange<UInt64> {
            _ = machine.submitted(Self.command, requestID: id)
        }
        _ = machine.accepted()
        #expect(self.sequences(machine.opened(Self.status(0))) == [1, 2, 3])
        #expect(machine.answered(requestID: 1, refusal: nil) == .settled)
        // Behind the first command it only means that this one waits for the first.
        #expect(machine.answered(requestID: 3, refusal: Self.full) == .again)
        guard case .stopped(let stopped) = machine.answered(requestID: 2, refusal: Self.full) else {
            Issue.record("it continues")
            return
        }
        #expect(stopped.map { $0.requestID } == [2, 3])
        #expect(machine.moreToSend() == .nothing)
        #expect(machine.resending(after: 2) == .nothing)
        #expect(machine.answered(requestID: 3, refusal: Self.full) == .stray)
        // No number was consumed.
        #expect(self.sequences(machine.submitted(Self.command, requestID: 4)) == [2])
    }

    @Test func `without waiting for storage, a full disk fails the opening of a session too`() {
        var machine = ClientStateMachine(
            session: Self.session,
            continuesSession: false,
            waitsForStorage: false
        ) {
            didSet { machine.checkInvariants() }
        }
        _ = machine.submitted(Self.command, requestID: 1)
        _ = machine.accepted()
        guard case .fail(let failed, Self.full) = machine.openingRefused(Self.full) else {
            Issue.record("it retries")
            return
        }
        #expect(failed.map { $0.requestID } == [1])
    }

    @Test func `read-only requests open no session`() {
        var machine = ClientStateMachine(session: Self.session, continuesSession: false) {
            didSet { machine.checkInvariants() }
        }
        #expect(machine.accepted() == .nothing)
        #expect(machine.acceptsRequests)
    }

    @Test func `the first command opens the session and is then sent`() {
        var machine = ClientStateMachine(session: Self.session, continuesSession: false) {
            didSet { machine.checkInvariants() }
        }
        _ = machine.accepted()
        #expect(
            machine.submitted(Self.command, requestID: 5)
                == .openSession(Self.session, mayCreate: true)
        )
        #expect(self.sequences(machine.opened(Self.status(0))) == [1])
        #expect(self.sequences(machine.submitted(Self.command, requestID: 6)) == [2])
        #expect(machine.answered(requestID: 5, refusal: nil) == .settled)
        #expect(machine.answered(requestID: 5, refusal: nil) == .stray)
    }

    @Test func `after a lost connection unanswered commands are retried with their numbers`() {
        var machine = ClientStateMachine(session: Self.session, continuesSession: false) {
            didSet { machine.checkInvariants() }
        }
        for id in 1...3 as ClosedRange<UInt64> {
            _ = machine.submitted(Self.command, requestID: id)
        }
        #expect(machine.accepted() == .openSession(Self.session, mayCreate: true))
        #expect(self.sequences(machine.opened(Self.status(0))) == [1, 2, 3])
        _ = machine.answered(requestID: 1, refusal: nil)
        #expect(machine.lost() == .nothing)
        // It was opened before, so a server that has forgotten it must refuse it.
        #expect(machine.accepted() == .openSession(Self.session, mayCreate: false))
        #expect(self.sequences(machine.opened(Self.status(2))) == [2, 3])
    }

    @Test func `a continued session is numbered from the server's last number`() {
        var machine = ClientStateMachine(session: Self.session, continuesSession: true) {
            didSet { machine.checkInvariants() }
        }
        _ = machine.submitted(Self.command, requestID: 1)
        _ = machine.accepted()
        #expect(self.sequences(machine.opened(Self.status(41))) == [42])
    }

    @Test func `a forgotten session fails the commands that can never be answered`() {
        var machine = ClientStateMachine(session: Self.session, continuesSession: false) {
            didSet { machine.checkInvariants() }
        }
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

    @Test func `a retryable refusal of a session is retried, and no command fails`() {
        var machine = ClientStateMachine(session: Self.session, continuesSession: false) {
            didSet { machine.checkInvariants() }
        }
        _ = machine.submitted(Self.command, requestID: 1)
        _ = machine.accepted()
        #expect(machine.openingRefused(Refusal(.storageFull)) == .retryOpening)
        #expect(machine.openIfNeeded() == .openSession(Self.session, mayCreate: true))
        #expect(self.sequences(machine.opened(Self.status(0))) == [1])
    }

    @Test func `commands without a number fail too when their session is refused permanently`() {
        var machine = ClientStateMachine(session: Self.session, continuesSession: true) {
            didSet { machine.checkInvariants() }
        }
        _ = machine.submitted(Self.command, requestID: 1)
        _ = machine.accepted()
        guard case .fail(let commands, _) = machine.openingRefused(Refusal(.sessionExpired)) else {
            Issue.record("it waits forever")
            return
        }
        #expect(commands.map { $0.requestID } == [1])
    }

    // MARK: - Retryable refusals

    /// Returns a machine with an open session that has sent `count` commands, from 1.
    private func ready(_ count: UInt64 = 0) -> ClientStateMachine {
        var machine = ClientStateMachine(session: Self.session, continuesSession: false) {
            didSet { machine.checkInvariants() }
        }
        _ = machine.accepted()
        _ = machine.sessionNeeded()
        _ = machine.opened(Self.status(0))
        for id in 0..<count { _ = machine.submitted(Self.command, requestID: id + 1) }
        return machine
    }

    private static let full = Refusal(.storageFull)
    private static let gap = Refusal(.sequenceGap)

    @Test func `a refused first command is retried alone, and the others follow it`() {
        var machine = self.ready(3) {
            didSet { machine.checkInvariants() }
        }
        #expect(machine.answered(requestID: 1, refusal: Self.full) == .again)
        #expect(machine.answered(requestID: 2, refusal: Self.gap) == .again)
        #expect(machine.answered(requestID: 3, refusal: Self.gap) == .again)
        // While the first is blocked the others would be refused: none is sent.
        #expect(machine.submitted(Self.command, requestID: 4) == .nothing)
        #expect(machine.resending(after: 2) == .nothing)
        #expect(self.sequences(machine.resending(after: 1)) == [1])
        #expect(machine.answered(requestID: 1, refusal: Self.full) == .again)
        #expect(self.sequences(machine.resending(after: 1)) == [1])
        #expect(machine.answered(requestID: 1, refusal: nil) == .settled)
        #expect(self.sequences(machine.moreToSend()) == [2, 3, 4])
    }

    @Test func `a command of which every copy was refused can be withdrawn`() {
        var machine = self.ready(2) {
            didSet { machine.checkInvariants() }
        }
        #expect(machine.answered(requestID: 1, refusal: nil) == .settled)
        #expect(machine.answered(requestID: 2, refusal: Self.full) == .again)
        #expect(machine.abandoned(requestID: 2) == .withdrawn(behind: []))
        // Its number is free again.
        #expect(self.sequences(machine.submitted(Self.command, requestID: 3)) == [2])
    }

    @Test func `a command withdrawn before others leaves a filler in its place`() {
        var machine = self.ready(3) {
            didSet { machine.checkInvariants() }
        }
        #expect(machine.answered(requestID: 1, refusal: Self.full) == .again)
        #expect(machine.abandoned(requestID: 1) == .withdrawn(behind: []))
        // Those behind it are in flight: their numbers cannot change.
        #expect(machine.numbered.pending.map { $0.sequence } == [1, 2, 3])
        #expect(machine.numbered.pending.map { $0.isFiller } == [true, false, false])
        guard case .send(let sent) = machine.resending(after: 1) else {
            Issue.record("no filler has its number")
            return
        }
        #expect(sent.map { $0.command } == [NumberedCommands.filler])
        #expect(machine.answered(requestID: 1, refusal: Refusal(.outOfRange)) == .settled)
        #expect(self.sequences(machine.moreToSend()) == [2, 3])
    }

    @Test func `fillers at the end are removed with the command before them`() {
        var machine = self.ready(3) {
            didSet { machine.checkInvariants() }
        }
        for id in 1...3 as ClosedRange<UInt64> {
            #expect(machine.answered(requestID: id, refusal: Self.full) == .again)
        }
        #expect(machine.abandoned(requestID: 1) == .withdrawn(behind: []))
        #expect(machine.abandoned(requestID: 2) == .withdrawn(behind: []))
        #expect(machine.numbered.pending.count == 3)
        #expect(machine.abandoned(requestID: 3) == .withdrawn(behind: []))
        #expect(machine.numbered.pending.isEmpty)
        #expect(self.sequences(machine.submitted(Self.command, requestID: 4)) == [1])
    }

    @Test func `a command without a number can be withdrawn`() {
        var machine = ClientStateMachine(session: Self.session, continuesSession: true) {
            didSet { machine.checkInvariants() }
        }
        _ = machine.submitted(Self.command, requestID: 1)
        _ = machine.submitted(Self.command, requestID: 2)
        #expect(machine.abandoned(requestID: 1) == .withdrawn(behind: []))
        _ = machine.accepted()
        #expect(self.sequences(machine.opened(Self.status(7))) == [8])
    }

    @Test func `a command that was never sent can be withdrawn`() {
        var machine = ClientStateMachine(session: Self.session, continuesSession: false) {
            didSet { machine.checkInvariants() }
        }
        _ = machine.submitted(Self.command, requestID: 1)
        #expect(machine.abandoned(requestID: 1) == .withdrawn(behind: []))
        #expect(machine.numbered.pending.isEmpty)
    }

    // MARK: - Unknown outcomes

    @Test func `an abandoned command in flight is unknown, and keeps its number`() {
        var machine = self.ready(1) {
            didSet { machine.checkInvariants() }
        }
        #expect(machine.abandoned(requestID: 1) == .unknown(sequence: 1))
        #expect(self.sequences(machine.submitted(Self.command, requestID: 2)) == [2])
        // Its answer is still accepted.
        #expect(machine.lost() == .nothing)
        _ = machine.accepted()
        #expect(self.sequences(machine.opened(Self.status(0))) == [1, 2])
        #expect(machine.answered(requestID: 1, refusal: nil) == .settled)
    }

    @Test func `a copy lost with its connection may have been executed, whatever follows`() {
        var machine = self.ready(1) {
            didSet { machine.checkInvariants() }
        }
        #expect(machine.lost() == .nothing)
        _ = machine.accepted()
        #expect(self.sequences(machine.opened(Self.status(0))) == [1])
        // This copy was not processed; the other may have been, or may still be.
        #expect(machine.answered(requestID: 1, refusal: Self.full) == .again)
        #expect(machine.abandoned(requestID: 1) == .unknown(sequence: 1))
    }

    @Test func `a lost session leaves commands in flight unknown, and the others not executed`() {
        var machine = self.ready(2) {
            didSet { machine.checkInvariants() }
        }
        #expect(machine.answered(requestID: 2, refusal: Self.full) == .again)
        #expect(machine.lost() == .nothing)
        _ = machine.submitted(Self.command, requestID: 3)
        _ = machine.accepted()
        let action = machine.openingRefused(Refusal(.sessionExpired))
        guard case .fail(let failed, _) = action else {
            Issue.record("\(action)")
            return
        }
        #expect(failed.map { $0.requestID } == [1, 2, 3])
        #expect(failed.map { $0.isWithdrawable } == [false, true, true])
    }

    @Test func `a session that expires in the meantime leaves a lost copy unknown`() {
        var machine = self.ready(1) {
            didSet { machine.checkInvariants() }
        }
        #expect(machine.lost() == .nothing)
        _ = machine.accepted()
        _ = machine.opened(Self.status(0))
        _ = machine.submitted(Self.command, requestID: 2)
        let expired = Refusal(.sessionExpired)
        #expect(machine.answered(requestID: 1, refusal: expired) == .unknown(sequence: 1))
        #expect(machine.answered(requestID: 2, refusal: expired) == .settled)
        #expect(machine.numbered.pending.isEmpty)
    }

    @Test func `a forgotten outcome is unknown, not unexecuted`() {
        var machine = self.ready(2) {
            didSet { machine.checkInvariants() }
        }
        let forgotten = Refusal(.outcomeForgotten)
        #expect(machine.answered(requestID: 1, refusal: forgotten) == .unknown(sequence: 1))
        #expect(machine.answered(requestID: 2, refusal: nil) == .settled)
    }

    // MARK: - Numbers

    @Test func `no more commands are in flight than outcomes the server remembers`() {
        let window = UInt64(Limits.sessionWindow)
        var machine = self.ready(window) {
            didSet { machine.checkInvariants() }
        }
        #expect(machine.submitted(Self.command, requestID: window + 1) == .nothing)
        #expect(machine.submitted(Self.command, requestID: window + 2) == .nothing)
        // An answer out of order frees no space: the first outcome must stay remembered.
        #expect(machine.answered(requestID: 2, refusal: nil) == .settled)
        #expect(machine.moreToSend() == .nothing)
        #expect(machine.answered(requestID: 1, refusal: nil) == .settled)
        #expect(self.sequences(machine.moreToSend()) == [window + 1, window + 2])
        #expect(machine.lost() == .nothing)
        _ = machine.accepted()
        #expect(self.sequences(machine.opened(Self.status(0))) == Array(3...(window + 2)))
    }

    @Test func `the outcomes of commands in flight fit in the bytes that the server remembers`() {
        let part = Command.batch(
            Array(repeating: .createCategory(name: "C"), count: 512),
            .independent
        ).encoded
        #expect(part.outcomeByteCountMax == Limits.outcomeByteCountMax)
        var machine = self.ready(0) {
            didSet { machine.checkInvariants() }
        }
        let fitting = UInt64(Limits.sessionOutcomeByteCountMax / Limits.outcomeByteCountMax)
        for id in 1...fitting { #expect(machine.submitted(part, requestID: id) != .nothing) }
        #expect(machine.submitted(Self.command, requestID: fitting + 1) == .nothing)
        #expect(machine.answered(requestID: 1, refusal: nil) == .settled)
        #expect(self.sequences(machine.moreToSend()) == [fitting + 1])
    }

    @Test func `a request that the server cannot decode consumes no number`() {
        var machine = self.ready(3) {
            didSet { machine.checkInvariants() }
        }
        #expect(machine.answered(requestID: 1, refusal: nil) == .settled)
        #expect(machine.answered(requestID: 2, refusal: Refusal(.malformedFrame)) == .settled)
        // The command behind it was sent too early: a filler is sent before it now.
        guard case .send(let sent) = machine.moreToSend() else {
            Issue.record("command 3 waits forever")
            return
        }
        #expect(sent.map { $0.sequence } == [2, 3])
        #expect(sent[0].command == NumberedCommands.filler)
        #expect(machine.answered(requestID: 3, refusal: Self.gap) == .again)
        #expect(machine.answered(requestID: 2, refusal: Refusal(.outOfRange)) == .settled)
        #expect(machine.answered(requestID: 3, refusal: nil) == .settled)
        #expect(self.sequences(machine.submitted(Self.command, requestID: 4)) == [4])
    }

    @Test func `commands of an earlier run are retried from a given number`() {
        var machine = ClientStateMachine(session: Self.session, continuesSession: true) {
            didSet { machine.checkInvariants() }
        }
        _ = machine.accepted()
        _ = machine.sessionNeeded()
        _ = machine.opened(Self.status(7))
        machine.resume(from: 5)
        let sent = (1...4).map { machine.submitted(Self.command, requestID: $0) }
        #expect(sent.flatMap { self.sequences($0) } == [5, 6, 7, 8])
    }
}
