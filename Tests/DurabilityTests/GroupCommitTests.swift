import Bytes
import Durability
import Testing

@Suite struct GroupCommitTests {
    @Test func `without gathered steps there is no write`() {
        var commit = GroupCommit(durable: LSN(7))
        #expect(commit.begin() == nil)
        #expect(!commit.isWriting && !commit.hasGathered)
    }

    @Test func `the first step is written immediately`() {
        var commit = GroupCommit(durable: .zero)
        commit.gathered(.first)
        #expect(commit.begin() == .first)
        #expect(commit.durable == .zero)
        commit.written()
        #expect(commit.durable == .first)
    }

    @Test func `steps that arrive during a write share the next one`() {
        var commit = GroupCommit(durable: .zero)
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
            var commit = GroupCommit(durable: .zero)
            commit.written()
        }
    }

    @Test func `descending LSNs stop the process`() async {
        await #expect(processExitsWith: .failure) {
            var commit = GroupCommit(durable: LSN(5))
            commit.gathered(LSN(4))
        }
    }
}
