import Testing

@testable import InventoryServer

/// Server statistics.
@Suite struct ServerMetricsTests {
    @Test func `a percentile is the smallest duration that covers the share`() {
        var durations = RecentDurations() { didSet { durations.checkInvariants() } }
        #expect(durations.value(at: 0.5) == 0)
        durations.record(7)
        #expect(durations.value(at: 0.01) == 7)
        #expect(durations.value(at: 1) == 7)
        for value in [1, 9, 3, 5] { durations.record(Int64(value)) }
        #expect(durations.value(at: 0.5) == 5)
        #expect(durations.value(at: 0.99) == 9)
        // Older ones are replaced.
        for value in 0..<RecentDurations.countMax { durations.record(Int64(100 + value % 2)) }
        #expect(durations.value(at: 0.5) == 100)
        #expect(durations.value(at: 0.51) == 101)
    }
}
