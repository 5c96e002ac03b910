import Testing

@testable import InventoryServer

@Suite struct LiveInsightPaceTests {
    @Test func `the first recomputation is due at once`() {
        #expect(LiveInsightPace().nextAt == 0)
    }

    @Test func `a cheap insight is recomputed every period`() {
        var pace = LiveInsightPace()
        pace.ran(from: 1_000, to: 11_000, cost: 10_000, among: 100)
        #expect(pace.nextAt == 1_000 + LiveInsightPace.period)
    }

    @Test(arguments: [1, 7, 100, 256])
    func `all turns together take a quarter of a core, whatever each costs`(count: Int) {
        // Cheap and expensive ones together, all within the longest rest.
        var share = 0.0
        for number in 0..<count {
            let cost = UInt64(1_000 + number * number * 10)
            var pace = LiveInsightPace()
            pace.ran(from: 5, to: 5 + cost, cost: cost, among: count)
            share += Double(cost) / Double(pace.nextAt - 5)
        }
        #expect(share <= 1 / Double(LiveInsightPace.coreParts) + 0.000_001)
    }

    @Test func `publishing rests for nine times its cost on the loop`() {
        var pace = LiveInsightPace()
        pace.published(until: 100, cost: 7)
        #expect(pace.nextAt == 163)
        // A longer rest is retained.
        pace.published(until: 110, cost: 1)
        #expect(pace.nextAt == 163)
    }

    @Test(arguments: [1, 1_000_000, 40_000_000_000, .max / 2] as [UInt64])
    func `whatever a turn costs, it rests for no more than a second`(cost: UInt64) {
        var pace = LiveInsightPace()
        let end = 9 + min(cost, 60_000_000_000)
        pace.ran(from: 9, to: end, cost: cost, among: 256)
        #expect(pace.nextAt > 9)
        #expect(pace.nextAt <= max(9 + LiveInsightPace.period, end + LiveInsightPace.restMax))
        pace.published(until: end, cost: 30_000_000_000)
        #expect(pace.nextAt <= end + LiveInsightPace.restMax)
    }

    @Test func `a recomputation that waited for a processor rests by its cost, not its duration`() {
        var pace = LiveInsightPace()
        // 5 s by the clock, 2 ms of a processor: on a busy machine.
        pace.ran(from: 0, to: 5_000_000_000, cost: 2_000_000, among: 4)
        #expect(pace.nextAt == LiveInsightPace.period)
    }
}
