import InventoryTestSupport
import Testing

@testable import InventoryInsights

/// A sparse series of days equals the same series with all days.
@Suite struct DaySeriesTests {
    @Test func `mean, deviation and average cover all days`() {
        var random = SplitMix64(seed: 81)
        for _ in 0..<500 {
            let values = (0..<Int(random.below(60))).map { _ in
                random.below(4) == 0 ? Double(random.below(50)) : 0
            }
            let span = 1 + Int(random.below(12))
            let series = DaySeries(values)
            #expect(series.count == values.count)
            #expect(series.mean == Statistics.mean(values))
            #expect(isClose(series.deviation, Statistics.deviation(values)))
            let ewma = series.ewma(days: span)
            let naive = Statistics.ewma(values, days: span)
            #expect((ewma == nil) == (naive == nil))
            #expect(isClose(ewma ?? 0, naive ?? 0))
            let last = Array(values.suffix(span))
            #expect(series.last(span).count == last.count)
            #expect(series.last(span).mean == Statistics.mean(last))
        }
    }

    @Test func `three million days cost only the days with a sale`() {
        var series = DaySeries(count: 3_652_059)
        series.append(8, on: 0)
        series.append(4, on: 3_652_058)
        #expect(series.mean == 12 / 3_652_059.0)
        #expect(series.last(2).mean == 2)
        #expect(series.ewma(days: 3) == 2)
    }
}
