import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryClient

/// Commands whose numbers are chosen, as those of an import are, at a server that decides some and refuses others.
@Suite struct ChosenNumberTests {
    /// What a server knows of one session.
    private struct Server {
        /// The decided commands, from number 1 on.
        var decided: [EncodedCommand] = []
        var isFull = false

        /// Decides a command, and returns the refusal of one that is not decided.
        mutating func receive(_ pending: NumberedCommands.Pending, _ code: RefusalCode) -> Refusal?
        {
            if pending.sequence <= UInt64(self.decided.count) { return nil }
            if pending.sequence > UInt64(self.decided.count) + 1 { return Refusal(.sequenceGap) }
            if self.isFull { return Refusal(code) }
            self.decided.append(pending.command)
            return nil
        }
    }

    @Test(arguments: 1...60 as ClosedRange<UInt64>)
    func `a number is only ever decided for the command that it was chosen for`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var server = Server()
        var machine = ClientStateMachine(
            session: SessionID(high: 2, low: seed),
            continuesSession: false,
            waitsForStorage: seed % 3 == 0,
            isDryRun: false
        )
        /// Sent commands that the server has not received, and their answers that the client has not.
        var sent: [NumberedCommands.Pending] = []
        var answers: [(requestID: UInt64, refusal: Refusal?)] = []
        func perform(_ action: ClientStateMachine.Action?) {
            if case .send(let commands) = action { sent += commands }
        }
        func open() {
            (sent, answers) = ([], [])
            if machine.phase == .offline { _ = machine.accepted() }
            if machine.phase == .idle { _ = machine.sessionNeeded() }
            let last = UInt64(server.decided.count)
            perform(
                machine.opened(
                    SessionStatus(number: 1, lastSequence: last, oldestRemembered: 1)
                )
            )
        }
        open()
        var next: UInt64 = 1
        var requestID: UInt64 = 1
        for _ in 0..<4_000 {
            switch Int.random(in: 0..<12, using: &random) {
            case 0..<3:
                // The caller goes on with its file; it may not have seen yet that a request failed.
                let taken = machine.submitted(
                    Self.command(next),
                    requestID: requestID,
                    number: next
                )
                perform(taken)
                (next, requestID) = (next + 1, requestID + 1)
            case 3..<6 where !sent.isEmpty:
                let pending = sent.removeFirst()
                let code: RefusalCode = seed % 2 == 0 ? .storageFull : .forbidden
                answers.append((pending.requestID, server.receive(pending, code)))
            case 6..<9 where !answers.isEmpty:
                let (id, refusal) = answers.removeFirst()
                _ = machine.answered(requestID: id, refusal: refusal)
                perform(machine.moreToSend())
            case 9:
                let waiting = machine.numbered.pending.map { $0.requestID }
                guard let id = waiting.randomElement(using: &random) else { continue }
                if Bool.random(using: &random) {
                    perform(machine.resending(after: id))
                } else if Int.random(in: 0..<8, using: &random) == 0 {
                    _ = machine.abandoned(requestID: id)
                    perform(machine.moreToSend())
                }
            case 10: server.isFull = Int.random(in: 0..<4, using: &random) == 0
            case 11 where Int.random(in: 0..<10, using: &random) == 0:
                _ = machine.lost()
                open()
                // Now and then it sees the failure, and continues behind what was decided.
                if machine.numbered.isEmpty { next = UInt64(server.decided.count) + 1 }
            default: break
            }
            machine.checkInvariants()
        }
        for (index, command) in server.decided.enumerated() {
            #expect(command == Self.command(UInt64(index) + 1), "number \(index + 1)")
        }
        #expect(server.decided.count > 5)
    }

    private static func command(_ number: UInt64) -> EncodedCommand {
        Command.createCategory(name: "\(number)").encoded
    }
}
