package import InventoryClient
package import InventoryModel

/// Measures sales alone and with live insights, in turns, so that other load of the machine affects both
/// alike.
package struct InsightBench {
    package let options: any LoadOptions
    private let requests: BenchRequests
    private let interests: [BenchSubscriber.Interest]
    /// The number of different live insights.
    package let insightCount: Int
    package let rounds: Int
    private let client: InventoryClient

    package init(
        _ options: any LoadOptions,
        requests: BenchRequests,
        insightCount: Int,
        subscribers: Int,
        rounds: Int,
        client: InventoryClient
    ) {
        self.options = options
        self.requests = requests
        self.insightCount = insightCount
        self.rounds = rounds
        self.client = client
        self.interests = (0..<subscribers).map { .insight(Self.insight($0 % insightCount)) }
    }

    package var subscriberCount: Int { self.interests.count }

    /// Returns one of a mix of dashboard queries: totals, time series, lists, and single products.
    private static func insight(_ number: Int) -> Insight {
        let limit = UInt32(10 + number)
        let product = InsightFilter(products: [ProductID(UInt32(number + 1))])
        let byNet = [InsightOrder(.measure(.net), descending: true)]
        let query =
            switch number % 5 {
            case 0:
                InsightQuery(
                    source: .sales,
                    window: .last(1, .day),
                    groups: [[.hour], []],
                    measures: [.units, .net],
                    limit: limit + 24
                )
            case 1:
                InsightQuery(
                    source: .sales,
                    window: .last(7, .day),
                    groups: [[.product]],
                    measures: [.units, .net, .margin],
                    order: byNet,
                    limit: limit
                )
            case 2:
                InsightQuery(
                    source: .sales,
                    window: .last(30, .day),
                    groups: [[.category], []],
                    measures: [.gross, .returns, .net, .margin],
                    limit: limit
                )
            case 3:
                InsightQuery(
                    source: .sales,
                    window: .last(12, .month),
                    filter: product,
                    groups: [[.month]],
                    measures: [.units, .net]
                )
            default:
                InsightQuery(
                    source: .sales,
                    window: .last(7, .day),
                    filter: product,
                    groups: [[.weekday, .hourOfDay]],
                    measures: [.units]
                )
            }
        return .query(query)
    }

    /// The results of all rounds.
    package struct Total {
        /// Sales per second alone, by round.
        package var alone: [Double] = []
        /// Sales per second with live insights, by round.
        package var together: [Double] = []
        /// The latencies of results, in microseconds.
        package var results = LatencyHistogram()
        package var failures = 0
        package var firstRefusal: Refusal?
        /// The microseconds that the query threads spent on live insights.
        package var busy: Int64 = 0
        /// The duration with live insights, including the warm-up.
        package var seconds = 0.0

        /// The throughput with live insights, in percent of that without.
        package var share: Double {
            100 * self.together.reduce(0, +) / max(1, self.alone.reduce(0, +))
        }
    }

    package func measure() async throws -> Total {
        var total = Total()
        for _ in 0..<self.rounds {
            let alone = try await self.measure([])
            total.alone.append(self.rate(alone))
            let before = try await self.busy()
            let together = try await self.measure(self.interests)
            total.busy += try await self.busy() - before
            // The warm-up is not measured, but the server works during it.
            total.seconds += together.seconds + together.warmSeconds
            total.together.append(self.rate(together))
            total.results.add(together.deliveries)
            total.failures += alone.failures + together.failures
            total.firstRefusal =
                total.firstRefusal ?? alone.firstRefusal ?? together.firstRefusal
        }
        return total
    }

    private func measure(
        _ interests: [BenchSubscriber.Interest]
    ) async throws -> BenchRun.Result {
        try await BenchRun(
            self.options,
            requests: self.requests,
            interests: interests,
            client: self.client
        ).measure()
    }

    private func rate(_ result: BenchRun.Result) -> Double {
        Double(result.doneCount) / result.seconds
    }

    private func busy() async throws -> Int64 {
        try await self.client.statistics()["insightMicroseconds"] ?? 0
    }
}
