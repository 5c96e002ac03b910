import InventoryTestSupport
import Testing

@testable import InventoryInsights

@Suite struct LeadersTests {
    @Test(arguments: [1, 2, 7, 100])
    func `the least of the leading numbers is that of the sorted numbers`(count: Int) {
        var random = SplitMix64(seed: UInt64(count))
        var leaders = Leaders(count)
        var numbers: [Int64] = []
        for _ in 0..<300 {
            let number = Int64(random.below(500)) - 250
            leaders.note(number)
            numbers.append(number)
            leaders.checkInvariants()
            let sorted = numbers.sorted(by: >)
            #expect(leaders.least == (sorted.count < count ? .min : sorted[count - 1]))
        }
    }
}
