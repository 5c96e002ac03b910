import Testing

@testable import InventoryServer

@Suite struct FanoutPaceTests {
    private static let turn: UInt64 = 2_000_000

    /// Runs turns in sequence, during which the loop uses a share of a processor.
    private static func turns(
        _ count: Int,
        lateCount: Int,
        loopPercent: UInt64
    ) -> (pace: FanoutPace, end: UInt64) {
        var pace = FanoutPace()
        var now: UInt64 = 1_000_000_000
        for _ in 0..<count {
            pace.turned(
                from: now,
                to: now + Self.turn,
                servedCount: 10,
                lateCount: lateCount,
                loop: (now + Self.turn) * loopPercent / 100
            )
            now += Self.turn
        }
        return (pace, now)
    }

    @Test
    func `while the loop is busy, the fan-out rests for as long as it serves late subscribers`() {
        let (pace, end) = Self.turns(10, lateCount: 5, loopPercent: 60)
        #expect(pace.isLoopBusy)
        #expect(pace.restsUntil == end + Self.turn)
    }

    @Test func `while the loop is idle, the fan-out does not rest`() {
        let (pace, _) = Self.turns(10, lateCount: 10, loopPercent: 10)
        #expect(!pace.isLoopBusy)
        #expect(pace.restsUntil == 0)
    }

    @Test func `current subscribers are served at once, however busy the loop is`() {
        let (pace, _) = Self.turns(10, lateCount: 4, loopPercent: 90)
        #expect(pace.isLoopBusy)
        #expect(pace.restsUntil == 0)
    }

    @Test func `a turn that served nobody does not count for late subscribers`() {
        var pace = FanoutPace()
        pace.turned(from: 5, to: 9, servedCount: 0, lateCount: 0, loop: 1 << 40)
        #expect(pace.restsUntil == 0)
    }
}
