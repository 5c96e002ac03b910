import InventoryModel
import InventoryTestSupport
import InventoryWire
import Testing

@testable import InventoryServer

@Suite struct DryRunMachineTests {
    private static let late = Refusal(.deadlineExceeded)

    /// A dry run whose copy is being made.
    private func building(_ counts: inout DryRunCounts) -> DryRunMachine {
        var machine = DryRunMachine()
        machine.checkInvariants(isBuilding: false, hasCopy: false)
        #expect(machine.requested(&counts) == .build)
        machine.checkInvariants(isBuilding: true, hasCopy: false)
        return machine
    }

    @Test func `the life of a dry run: built, begun, closed, freed`() {
        var counts = DryRunCounts(max: 1)
        var machine = self.building(&counts)
        #expect(counts.open == 1 && !machine.runsRequests)
        #expect(machine.built() == .begin)
        #expect(machine.state == .begun(byteCount: 0) && machine.runsRequests)
        machine.checkInvariants(isBuilding: false, hasCopy: true)
        machine.decided(70)
        machine.decided(30)
        #expect(machine.state == .begun(byteCount: 100))
        #expect(machine.closed(&counts) == .free)
        // The copy takes memory until it has been freed.
        #expect(counts.open == 0 && counts.ending == 1)
        machine.checkInvariants(isBuilding: false, hasCopy: false)
        machine.freed(&counts)
        #expect(machine.state == .ended && counts.count == 0)
    }

    @Test func `one whose connection is closed counts until its copy was made and freed`() {
        var counts = DryRunCounts(max: 1)
        var machine = self.building(&counts)
        #expect(machine.closed(&counts) == .cancelBuild)
        machine.checkInvariants(isBuilding: true, hasCopy: false)
        #expect(counts.open == 0 && counts.ending == 1)
        var other = DryRunMachine()
        guard case .refuse(let refusal) = other.requested(&counts) else {
            Issue.record("one more than may begin")
            return
        }
        #expect(refusal.code == .overloaded)
        #expect(machine.built() == .free)
        machine.freed(&counts)
        #expect(counts.count == 0)
    }

    @Test func `the making of a copy that is withdrawn or fails leaves nothing`() {
        var counts = DryRunCounts(max: 1)
        var withdrawn = self.building(&counts)
        #expect(withdrawn.closed(&counts) == .cancelBuild)
        #expect(withdrawn.buildWithdrawn() == .free)
        withdrawn.freed(&counts)
        #expect(withdrawn.state == .ended && counts.count == 0)

        var failed = self.building(&counts)
        #expect(failed.closed(&counts) == .cancelBuild)
        #expect(failed.buildFailed(Self.late, &counts) == .nothing)
        #expect(failed.state == .ended && counts.count == 0)
    }

    @Test func `one that takes too long or is one too many is refused, and does not count`() {
        var counts = DryRunCounts(max: 1)
        var late = self.building(&counts)
        #expect(late.buildFailed(Self.late, &counts) == .refuse(Self.late))
        #expect(late.state == .refused && counts.count == 0)
        #expect(late.closed(&counts) == .nothing)
        #expect(late.state == .ended)

        var first = self.building(&counts)
        var second = DryRunMachine()
        _ = second.requested(&counts)
        #expect(second.state == .refused && counts.count == 1)
        #expect(second.closed(&counts) == .nothing)
        #expect(first.built() == .begin && counts.count == 1)
    }

    @Test func `requests are refused by what the dry run has come to`() {
        func problem(_ machine: DryRunMachine) -> String {
            guard case .field(_, let problem) = machine.refusal(of: .subscribe).detail else {
                return ""
            }
            return problem
        }
        var counts = DryRunCounts(max: 1)
        var machine = self.building(&counts)
        #expect(problem(machine) == "came before the dry run began")
        _ = machine.built()
        #expect(problem(machine) == "\(Opcode.subscribe) is not part of a dry run")
        var refused = DryRunMachine()
        _ = refused.requested(&counts)
        #expect(problem(refused) == "belongs to a dry run that was refused")
    }

    @Test func `commands are refused beyond the bytes of changes that one may make`() {
        var counts = DryRunCounts()
        var machine = self.building(&counts)
        #expect(machine.writeRefusal == nil)
        _ = machine.built()
        machine.decided(WireLimits.dryRunByteCountMax)
        #expect(machine.writeRefusal == nil)
        machine.decided(1)
        #expect(machine.writeRefusal?.code == .tooManyLines)
    }

    /// A number of dry runs at once, in any order of events.
    @Test(arguments: UInt64(1)...8)
    func `the counts are those of the dry runs that have, or may get, a copy`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var counts = DryRunCounts()
        var machines: [DryRunMachine] = []
        for _ in 0..<2_000 {
            if random.below(4) == 0 {
                var machine = DryRunMachine()
                let isFull = counts.count == WireLimits.dryRunsMax
                #expect((machine.requested(&counts) == .build) != isFull)
                machines.append(machine)
            } else if let index = machines.indices.randomElement(using: &random) {
                self.advance(&machines[index], &counts, &random)
            }
            machines.removeAll { $0.state == .ended }
            counts.checkInvariants(open: machines.count { $0.share == .open })
            #expect(counts.ending == machines.count { $0.share == .ending })
        }
    }

    /// Lets any event happen that may.
    private func advance(
        _ machine: inout DryRunMachine,
        _ counts: inout DryRunCounts,
        _ random: inout SplitMix64
    ) {
        switch (machine.state, random.below(3)) {
        case (.building, 0), (.abandoned, 0): _ = machine.built()
        case (.building, 1), (.abandoned, 1): _ = machine.buildFailed(Self.late, &counts)
        case (.abandoned, _): _ = machine.buildWithdrawn()
        case (.building, _), (.begun, 0), (.refused, _): _ = machine.closed(&counts)
        case (.begun, _): machine.decided(Int(random.below(100)))
        case (.freeing, _): machine.freed(&counts)
        case (.requested, _), (.ended, _): break
        }
    }
}
