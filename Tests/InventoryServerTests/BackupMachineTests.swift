import Bytes
import InventoryModel
import InventoryTestSupport
import InventoryWire
import Testing

@testable import InventoryServer

@Suite struct BackupMachineTests {
    private static let piece = WireLimits.backupPieceByteCountMax
    private static let second: UInt64 = 1_000_000_000

    /// A backup at LSN 9 that began at second 1, and may hold back files for 100 bytes of log.
    private func backup(bytesPerSecond: UInt64 = 0) -> BackupMachine {
        BackupMachine(
            at: 9,
            pace: BackupPace(bytesPerSecond: bytesPerSecond),
            loggedByteCountMax: 100,
            now: Self.second
        )
    }

    /// A backup whose file thread makes the first block.
    private func making(bytesPerSecond: UInt64 = 0) -> BackupMachine {
        var machine = self.backup(bytesPerSecond: bytesPerSecond)
        #expect(machine.becameDurable(through: 9) == .open)
        #expect(machine.opened(takesMore: true, at: Self.second) == .makeBlock)
        machine.checkInvariants(hasView: false, rest: 0)
        return machine
    }

    @Test func `the life of a backup: durable, opened, blocks in pieces, the end`() {
        var machine = self.backup()
        machine.checkInvariants(hasView: true, rest: 0)
        // A power failure could undo its last step.
        #expect(machine.becameDurable(through: 8) == .writeLog)
        #expect(machine.logged(10, durable: 8) == .writeLog)
        #expect(machine.logged(10, durable: 9) == .open)
        machine.checkInvariants(hasView: false, rest: 0)
        #expect(machine.logged(10, durable: 10) == .nothing)
        #expect(machine.opened(takesMore: true, at: 5) == .makeBlock)
        let first = BackupMachine.Action.sendPiece(byteCount: Self.piece, pauseNanoseconds: 0)
        #expect(machine.blockMade(Self.piece + 7, takesMore: true, at: 5) == first)
        machine.checkInvariants(hasView: false, rest: 7)
        let second = BackupMachine.Action.sendPiece(byteCount: 7, pauseNanoseconds: 0)
        #expect(machine.pauseEnded(takesMore: true, at: 6) == second)
        machine.checkInvariants(hasView: false, rest: 0)
        #expect(machine.pauseEnded(takesMore: true, at: 6) == .makeBlock)
        #expect(machine.exhausted() == .complete)
        #expect(machine.state == .ended && machine.byteCount == UInt64(Self.piece) + 7)
    }

    @Test func `nothing is made while the reader is behind, and it resumes where it was`() {
        var machine = self.making()
        #expect(machine.blockMade(20, takesMore: false, at: 5) == .nothing)
        machine.checkInvariants(hasView: false, rest: 20)
        #expect(machine.becameWritable(takesMore: false, at: 9) == .nothing)
        // It is behind since the first time.
        #expect(machine.state == .stalled(rest: 20, since: 5))
        let rest = BackupMachine.Action.sendPiece(byteCount: 20, pauseNanoseconds: 0)
        #expect(machine.becameWritable(takesMore: true, at: 10) == rest)
        // Writable sockets mean nothing to a backup that waits for something else.
        #expect(machine.becameWritable(takesMore: true, at: 10) == .nothing)
        #expect(machine.pauseEnded(takesMore: false, at: 11) == .nothing)
        #expect(machine.state == .stalled(rest: 0, since: 11))
        #expect(machine.becameWritable(takesMore: true, at: 12) == .makeBlock)
    }

    @Test func `a rate pauses after each piece for as long as it costs`() {
        var machine = self.making(bytesPerSecond: 1_000)
        let first = machine.blockMade(500, takesMore: true, at: Self.second)
        #expect(first == .sendPiece(byteCount: 500, pauseNanoseconds: Self.second / 2))
    }

    @Test func `a reader that stops is given up, and one that is slow sees that it continues`() {
        var machine = self.making()
        let start = 2 * Self.second
        #expect(machine.timePassed(takesMore: true, at: start - 1) == .nothing)
        #expect(machine.timePassed(takesMore: false, at: start) == .nothing)
        #expect(machine.timePassed(takesMore: true, at: start) == .showAlive)
        #expect(machine.timePassed(takesMore: true, at: start + 1) == .nothing)
        #expect(machine.blockMade(20, takesMore: false, at: start) == .nothing)
        let last = start + BackupMachine.stallNanosecondsMax
        #expect(machine.timePassed(takesMore: false, at: last) == .nothing)
        guard
            case .end(let refusal, .requested) = machine.timePassed(takesMore: false, at: last + 1)
        else {
            Issue.record("a reader that stopped holds back the log")
            return
        }
        #expect(refusal.code == .deadlineExceeded && machine.state == .ended)
    }

    @Test func `too much log during a backup ends it`() {
        var machine = self.making()
        #expect(machine.logged(100, durable: 20) == .nothing)
        machine.checkInvariants(hasView: false, rest: 0)
        guard case .end(let refusal, .tooSlow) = machine.logged(1, durable: 21) else {
            Issue.record("the backup holds back more log than it may")
            return
        }
        #expect(refusal.code == .overloaded && machine.state == .ended)
    }

    @Test func `what the file thread or a timer reports after the end has no effect`() {
        var machine = self.making()
        #expect(machine.end(Refusal(.shuttingDown)) == .end(Refusal(.shuttingDown), .requested))
        #expect(machine.opened(takesMore: true, at: 5) == .nothing)
        #expect(machine.blockMade(20, takesMore: true, at: 5) == .nothing)
        #expect(machine.pauseEnded(takesMore: true, at: 5) == .nothing)
        #expect(machine.exhausted() == .nothing)
        #expect(machine.failed("late") == .nothing)
        #expect(machine.state == .ended && machine.byteCount == 0)
        var failing = self.making()
        #expect(failing.failed("no disk") == .end(Refusal(.internal, .message("no disk")), .failed))
        var closed = self.backup()
        closed.closed()
        #expect(closed.state == .ended)
    }

    @Test func `a rate that is too low and a second backup are refused`() {
        let lowest = WireLimits.backupBytesPerSecondMin
        func code(_ rate: UInt64, _ isAnotherRunning: Bool) -> RefusalCode? {
            BackupMachine.refusal(bytesPerSecondMax: rate, isAnotherRunning: isAnotherRunning)?.code
        }
        #expect(code(0, false) == nil && code(lowest, false) == nil)
        #expect(code(lowest - 1, false) == .outOfRange)
        #expect(code(0, true) == .overloaded)
    }

    @Test func `events that no race explains are bugs`() async {
        await #expect(processExitsWith: .failure) {
            var machine = BackupMachine(
                at: 9,
                pace: BackupPace(bytesPerSecond: 0),
                loggedByteCountMax: 100,
                now: 0
            )
            _ = machine.blockMade(20, takesMore: true, at: 0)
        }
    }

    /// Any events in any order that may occur: each byte of each block is sent once.
    @Test(arguments: UInt64(1)...8)
    func `the bytes that are sent are those that are made`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var machine = self.making(bytesPerSecond: seed % 2 == 0 ? 0 : 1_000_000)
        var (now, made, rest) = (Self.second, 0, 0)
        for _ in 0..<2_000 {
            now += random.below(Self.second / 2)
            let takesMore = random.below(3) > 0
            let action: BackupMachine.Action
            switch machine.state {
            case .making:
                rest = 1 + Int(random.below(UInt64(3 * Self.piece)))
                made += rest
                action = machine.blockMade(rest, takesMore: takesMore, at: now)
            case .pausing: action = machine.pauseEnded(takesMore: takesMore, at: now)
            case .stalled: action = machine.becameWritable(takesMore: takesMore, at: now)
            case .waiting, .opening, .ended:
                Issue.record("\(machine.state)")
                return
            }
            if case .sendPiece(let byteCount, _) = action { rest -= byteCount }
            machine.checkInvariants(hasView: false, rest: rest)
            #expect(machine.byteCount == UInt64(made - rest))
            _ = machine.timePassed(takesMore: takesMore, at: now)
        }
    }
}
