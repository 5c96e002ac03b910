import Testing

@testable import InventoryServer

/// The measure of the turns of the engine's loop.
@Suite struct LoopTurnsTests {
    @Test func `a turn lasts from its first read, and is counted`() {
        let turns = LoopTurns()
        turns.checkInvariants()
        #expect(!turns.isCounting)
        turns.began(at: 1_000_000)
        turns.began(at: 2_000_000)
        turns.turned(from: 3_000_000, to: 5_000_000)
        turns.checkInvariants()
        #expect(turns.isCounting && turns.number == 1)
        let longest = turns.rows(at: 5_000_000).first { $0.name == "turnWallMicrosecondsMax" }
        #expect(longest?.value == 4_000)
    }

    @Test func `a turn without a read lasts from its start`() {
        let turns = LoopTurns()
        for number in 1...500 as ClosedRange<UInt64> {
            let start = number * 1_000_000_000
            turns.turned(from: start, to: start + 7_000)
            turns.checkInvariants()
        }
        #expect(turns.number == 500)
        let longest = turns.rows(at: 500_000_000_000).first { $0.name == "turnWallMicrosecondsMax" }
        #expect(longest?.value == 7)
    }
}
