import Testing

@testable import InventoryServer

@Suite struct StandingPaceTests {
    @Test func `the first turn is due at once`() {
        #expect(StandingPace().nextAt == 0)
    }

    @Test func `what costs little has its turn at every period`() {
        var pace = StandingPace()
        pace.ran(from: 1_000, cost: 10_000, among: 100)
        #expect(pace.nextAt == 1_000 + StandingPace.period)
    }

    @Test(arguments: [1, 7, 100, 256])
    func `all turns together take a quarter of a core, whatever each costs`(count: Int) {
        // Each insight costs as much again as the one before: cheap ones and dear ones together.
        var share = 0.0
        for number in 0..<count {
            let cost = UInt64(1_000 + number * number * 50_000)
            var pace = StandingPace()
            pace.ran(from: 5, cost: cost, among: count)
            share += Double(cost) / Double(pace.nextAt - 5)
        }
        #expect(share <= 1 / Double(StandingPace.coreParts) + 0.000_001)
    }

    @Test func `telling rests for nine times what it took of the loop`() {
        var pace = StandingPace()
        pace.told(until: 100, cost: 7)
        #expect(pace.nextAt == 163)
        // A rest that is longer already is kept.
        pace.told(until: 110, cost: 1)
        #expect(pace.nextAt == 163)
    }

    @Test func `a cost beyond any bound is a rest and no overflow`() {
        var pace = StandingPace()
        pace.ran(from: 9, cost: .max / 2, among: 256)
        #expect(pace.nextAt > 9)
    }
}
