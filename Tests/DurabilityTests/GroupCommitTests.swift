import Bytes
import Testing

@testable import Durability

/// A group commit whose invariants are checked after each step.
private struct CheckedCommit {
    private(set) var value: GroupCommit

    init(durable: LSN) { self.value = GroupCommit(durable: durable) }

    var durable: LSN { self.value.durable }
    var isWriting: Bool { self.value.isWriting }
    var hasGathered: Bool { self.value.hasGathered }

    mutating func gathered(_ lsn: LSN) {
        self.value.gathered(lsn)
        self.value.checkInvariants()
    }

    mutating func begin() -> LSN? {
        defer { self.value.checkInvariants() }
        return self.value.begin()
    }

    mutating func written() {
        self.value.written()
        self.value.checkInvariants()
    }
}

@Suite struct GroupCommitTests {
    @Test func `without gathered steps there is no write`() {
        var commit = CheckedCommit(durable: LSN(7))
        #expect(commit.begin() == nil)
        #expect(!commit.isWriting && !commit.hasGathered)
    }

    @Test func `the first step is written immediately`() {
        var commit = CheckedCommit(durable: .zero)
        commit.gathered(.first)
        #expect(commit.begin() == .first)
        #expect(commit.durable == .zero)
        commit.written()
        #expect(commit.durable == .first)
    }

    @Test func `steps that arrive during a write share the next one`() {
        var commit = CheckedCommit(durable: .zero)
        commit.gathered(LSN(1))
        #expect(commit.begin() == LSN(1))
        commit.gathered(LSN(2))
        commit.gathered(LSN(9))
        #expect(commit.begin() == nil)
        #expect(commit.hasGathered)
        commit.written()
        #expect(commit.durable == LSN(1))
        #expect(commit.begin() == LSN(9))
        #expect(!commit.hasGathered)
        commit.written()
        #expect(commit.durable == LSN(9))
    }

    @Test func `an end of a write without its beginning stops the process`() async {
        await #expect(processExitsWith: .failure) {
            var commit = CheckedCommit(durable: .zero)
            commit.written()
        }
    }

    @Test func `descending LSNs stop the process`() async {
        await #expect(processExitsWith: .failure) {
            var commit = CheckedCommit(durable: LSN(5))
            commit.gathered(LSN(4))
        }
    }
}
