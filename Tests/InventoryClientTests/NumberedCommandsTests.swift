import InventoryModel
import InventoryWire
import Testing

@testable import InventoryClient

@Suite struct NumberedCommandsTests {
    private static let command = Command.createCategory(name: "C").encoded

    private static func numbers(_ commands: [NumberedCommands.Pending]) -> [UInt64] {
        commands.map { $0.sequence }
    }

    @Test func `commands are numbered from the session's last number on`() {
        var commands = NumberedCommands(from: nil, waitsForStorage: true) {
            didSet { commands.checkInvariants() }
        }
        #expect(!commands.isNumbering)
        commands.begin(after: 7)
        commands.append(Self.command, requestID: 1)
        // Opened again, it knows its own numbers better.
        commands.begin(after: 3)
        commands.append(Self.command, requestID: 2)
        #expect(Self.numbers(commands.takeUnsent()) == [8, 9])
        #expect(commands.takeUnsent().isEmpty)
        #expect(commands.answered(requestID: 1, refusal: nil) == .settled)
        commands.reconnected()
        #expect(Self.numbers(commands.takeUnsent()) == [9])
    }

    @Test func `no more are sent than the server remembers outcomes of`() {
        var commands = NumberedCommands(from: 1, waitsForStorage: true) {
            didSet { commands.checkInvariants() }
        }
        let count = UInt64(Limits.sessionWindow) + 1
        for id in 1...count { commands.append(Self.command, requestID: id) }
        let sent = Self.numbers(commands.takeUnsent())
        #expect(sent.first == 1 && sent.count <= Limits.sessionWindow)
        let next = UInt64(sent.count) + 1
        #expect(commands.answered(requestID: 2, refusal: nil) == .settled)
        #expect(commands.takeUnsent().isEmpty || sent.count < Limits.sessionWindow)
        #expect(commands.answered(requestID: 1, refusal: nil) == .settled)
        #expect(commands.pending.first?.sequence == 3)
        #expect(commands.pending.contains { $0.sequence == next })
    }

    @Test func `a command whose number was chosen ends all behind it, if it is not decided`() {
        var commands = NumberedCommands(from: 8, waitsForStorage: false) {
            didSet { commands.checkInvariants() }
        }
        for number in 8...10 as ClosedRange<UInt64> {
            let isNext = commands.append(Self.command, requestID: number, number: number)
            #expect(isNext)
        }
        #expect(Self.numbers(commands.takeUnsent()) == [8, 9, 10])
        #expect(commands.answered(requestID: 8, refusal: nil) == .settled)
        guard case .stopped(let ended) = commands.answered(requestID: 9, refusal: .full) else {
            Issue.record("not stopped")
            return
        }
        #expect(Self.numbers(ended) == [9, 10])
        // The caller did not know yet: its next command must not get the place of another.
        let isTaken = commands.append(Self.command, requestID: 11, number: 11)
        #expect(!isTaken)
        #expect(commands.isEmpty)
        let isNext = commands.append(Self.command, requestID: 12, number: 9)
        #expect(isNext)
    }

    @Test func `a command whose number was chosen is not replaced when its call ends`() {
        var commands = NumberedCommands(from: 1, waitsForStorage: true) {
            didSet { commands.checkInvariants() }
        }
        for number in 1...3 as ClosedRange<UInt64> {
            let isNext = commands.append(Self.command, requestID: number, number: number)
            #expect(isNext)
        }
        guard case .withdrawn(let behind) = commands.abandoned(requestID: 2) else {
            Issue.record("not withdrawn")
            return
        }
        #expect(Self.numbers(behind) == [3])
        #expect(Self.numbers(commands.takeUnsent()) == [1])
        let isTaken = commands.append(Self.command, requestID: 4, number: 4)
        #expect(!isTaken)
        let isNext = commands.append(Self.command, requestID: 5, number: 2)
        #expect(isNext)
    }
}

extension Refusal {
    fileprivate static let full = Refusal(.storageFull)
}
