import Testing

@testable import InventoryInsights

/// Compared with values of published tables and of a numerics library.
@Suite struct StatisticsTests {
    @Test(arguments: [
        (1, 1.0, 0.6321205588285577), (3, 2.0, 0.3233235838169366), (5, 5.0, 0.5595067149347875),
        (10, 3.5, 0.00331494426463), (0, 4.0, 1.0), (40, 50.0, 0.935429631079),
        (120, 100.0, 0.0282303939649), (60, 5.0, 7.6e-43), (50_100, 50_000.0, 0.3279520726002077),
        (200_500, 200_000.0, 0.1320347829069381), (199_000, 200_000.0, 0.9874116984075398),
    ]) func `the tail of a Poisson distribution equals the tables`(
        count: Int,
        mean: Double,
        tail: Double
    ) {
        let value = Statistics.poissonTail(atLeast: Int64(count), mean: mean)
        // The extreme one is known to two digits.
        #expect(
            isClose(value, tail, within: tail < 1e-9 ? 0.01 * tail : 1e-9),
            "\(value) for \(tail)"
        )
    }

    @Test func `a Poisson tail is 1 at 0, 0 without demand, and decreasing`() {
        #expect(Statistics.poissonTail(atLeast: 5, mean: 0) == 0)
        #expect(Statistics.poissonTail(atLeast: 0, mean: 0) == 1)
        #expect(Statistics.poissonTail(atLeast: 1_000_000, mean: 10) == 0)
        for mean in [0.1, 7, 300, 9_999, 10_001, 1e9] {
            var before = 1.0
            for count in stride(
                from: Int64(0),
                through: Int64(mean * 2) + 10,
                by: max(1, Int(mean / 7))
            ) {
                let value = Statistics.poissonTail(atLeast: count, mean: mean)
                #expect(value >= 0 && value <= before + 1e-12)
                before = value
            }
        }
    }

    @Test(arguments: [
        (0.5, 0.0), (0.8, 0.8416212335729143), (0.9, 1.2815515655446004),
        (0.95, 1.6448536269514722), (0.975, 1.959963984540054), (0.99, 2.3263478740408408),
        (0.999, 3.090232306167813), (0.999999, 4.753424308822899), (0.01, -2.3263478740408408),
    ]) func `the quantile of the normal distribution is exact to a Double's precision`(
        share: Double,
        z: Double
    ) {
        #expect(isClose(Statistics.normalQuantile(share), z, within: 1e-9))
    }

    @Test func `averages and deviations equal their definitions`() {
        #expect(Statistics.mean([]) == nil && Statistics.mean([1, 2, 6]) == 3)
        #expect(Statistics.deviation([4]) == 0)
        #expect(isClose(Statistics.deviation([2, 4, 4, 4, 5, 5, 7, 9]), (32.0 / 7).squareRoot()))
        #expect(Statistics.ewma([], days: 3) == nil)
        // α = 2 ÷ (3 + 1): 10, then 5, then 7.5, then 3.75 on a day without a sale.
        #expect(Statistics.ewma([10, 0, 10, 0], days: 3) == 3.75)
    }

    @Test func `the tail of a huge mean equals the normal distribution`() {
        for mean in [1.1e9, 1e12, 1e16] {
            #expect(abs(Statistics.poissonTail(atLeast: Int64(mean), mean: mean) - 0.5) < 1e-4)
            let far = Int64(mean + 2 * mean.squareRoot())
            #expect(
                isClose(Statistics.poissonTail(atLeast: far, mean: mean), 0.022_75, within: 1e-3)
            )
        }
        let (below, above) = (0.999e9, 1.001e9)
        for mean in [below, above] {
            let count = Int64(mean + mean.squareRoot())
            #expect(abs(Statistics.poissonTail(atLeast: count, mean: mean) - 0.158_655) < 2e-5)
        }
    }
}
